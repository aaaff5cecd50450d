import { describe, expect, test } from 'vitest';
import { decodeForest, encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { createSession } from '../../../models/session.ts';
import type { Forest } from '../../../models/trees/forest.ts';
import { ForestKernel } from '../../../models/trees/kernel.ts';
import { EXTREMES, randomForest, randomRows } from '../../oracle/trees.ts';
import { editStrings } from '../../support/onnx-edit.ts';

const ROWS = 10_000;
const FEATURES = 12;

/** The largest difference between the kernel and ONNX Runtime over every row, together and one by one. */
async function worstDifference(forest: Forest, mode = 'BRANCH_LEQ'): Promise<number> {
  const written = encodeForest(forest, { producer: 'test' });
  const bytes = editStrings(written, 'nodes_modes', (text) => text.replace('BRANCH_LEQ', mode));
  const kernel = new ForestKernel(decodeForest(bytes));
  const rows = randomRows(7, ROWS, FEATURES);
  const ours = new Float64Array(ROWS * kernel.classCount);
  kernel.predict(rows, ROWS, ours);
  const session = await createSession(bytes);
  const theirs = await session.predict(rows, ROWS);
  let worst = largest(ours, theirs);
  for (let row = 0; row < 50; row++) {
    const one = await session.predict(rows.subarray(row * FEATURES, (row + 1) * FEATURES), 1);
    worst = Math.max(worst, largest(ours.subarray(row * kernel.classCount, (row + 1) * kernel.classCount), one));
  }
  await session.release();
  return worst;
}

/** NaN counts as infinitely far. */
function largest(a: Float64Array, b: Float32Array): number {
  expect(b.length).toBe(a.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}

describe('the kernel and ONNX Runtime give the same probabilities', () => {
  const shape = { trees: 60, leaves: 31, features: FEATURES };
  test.each([
    ['two classes', randomForest({ ...shape, seed: 1, classes: 2 })],
    ['two classes, no negative leaf', randomForest({ ...shape, seed: 2, classes: 2, positive: true })],
    ['two classes, one tree of one leaf', randomForest({ ...shape, seed: 3, classes: 2, trees: 1, leaves: 1 })],
    ['two classes, many trees', randomForest({ ...shape, seed: 4, classes: 2, trees: 400 })],
    ['three classes', randomForest({ ...shape, seed: 5, classes: 3 })],
    ['ten classes', randomForest({ ...shape, seed: 6, classes: 10, trees: 100 })],
    ['five classes, trees for two of them', randomForest({ ...shape, seed: 7, classes: 5, trees: 2 })],
    ['three classes, single leaves', randomForest({ ...shape, seed: 8, classes: 3, trees: 3, leaves: 1 })],
    ['three classes, positive leaves', randomForest({ ...shape, seed: 9, classes: 3, positive: true })],
  ])('%s', async (_, forest) => {
    expect(await worstDifference(forest)).toBeLessThan(1e-5);
  });

  test.each(['BRANCH_LT', 'BRANCH_GT', 'BRANCH_GTE'])('%s, which other trainers write', async (mode) => {
    const forest = randomForest({ ...shape, seed: 10, classes: 3 });
    // Most rows meet most of these thresholds exactly; x < -Infinity is beyond the kernel.
    const threshold = forest.threshold.map((value, i) =>
      i % 2 === 0 ? EXTREMES[3 + (i % 10)]! : Math.max(value, -3e38),
    );
    expect(await worstDifference({ ...forest, threshold }, mode)).toBeLessThan(1e-5);
  });
});
