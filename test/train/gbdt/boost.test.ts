import { describe, expect, test } from 'vitest';
import { type Forest, LEAF, treeCount } from '../../../models/trees/forest.ts';
import { ForestKernel } from '../../../models/trees/kernel.ts';
import { fitGbdt } from '../../../train/gbdt/boost.ts';
import type { GbdtOptions } from '../../../train/gbdt/options.ts';
import { type LabelledMatrix, toRowMajor } from '../../../train/matrix.ts';
import { matrixOf, rings } from '../data.ts';

function score(forest: Forest, { matrix, labels }: LabelledMatrix): { accuracy: number; logLoss: number } {
  const kernel = new ForestKernel(forest);
  const out = new Float64Array(matrix.rows * kernel.classCount);
  kernel.predict(toRowMajor(matrix), matrix.rows, out);
  let right = 0;
  let loss = 0;
  for (let row = 0; row < matrix.rows; row++) {
    const p = out.subarray(row * kernel.classCount, (row + 1) * kernel.classCount);
    if (p.indexOf(Math.max(...p)) === labels[row]) right++;
    loss -= Math.log(p[labels[row]!]!);
  }
  return { accuracy: right / matrix.rows, logLoss: loss / matrix.rows };
}

/** Training rows per leaf of every tree, by walking them. */
function leafRows(forest: Forest, rows: Float32Array): number[][] {
  const count = rows.length / forest.featureCount;
  return Array.from({ length: treeCount(forest) }, (_, tree) => {
    const counts = new Map<number, number>();
    for (let row = 0; row < count; row++) {
      let node = forest.treeOffsets[tree]!;
      while (forest.feature[node] !== LEAF) {
        const x = rows[row * forest.featureCount + forest.feature[node]!]!;
        const left = Number.isNaN(x) ? forest.missingLeft[node] === 1 : x <= forest.threshold[node]!;
        node = left ? forest.left[node]! : forest.right[node]!;
      }
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    return [...counts.values()];
  });
}

describe('fitGbdt', () => {
  test.each([2, 4])('learns %i rings well beyond the class shares', async (classes) => {
    const { forest } = await fitGbdt(rings(1, 6000, classes), null, { rounds: 40 });
    const held = rings(2, 3000, classes);
    const { accuracy } = score(forest, held);
    expect(accuracy).toBeGreaterThan(classes === 2 ? 0.93 : 0.87);
  });

  test('the kernel gives the loss that training reports', async () => {
    for (const options of [{}, { rowFraction: 0.5, featureFraction: 0.7 }] as Partial<GbdtOptions>[]) {
      const train = rings(3, 4000, 3);
      const fitted = await fitGbdt(train, null, { rounds: 15, ...options });
      expect(score(fitted.forest, train).logLoss).toBeCloseTo(fitted.trainingLoss.at(-1)!, 5);
    }
  });

  test('equal seeds give equal forests, other seeds others', async () => {
    const train = async (seed: number) =>
      (await fitGbdt(rings(4, 2000, 3), null, { rounds: 5, rowFraction: 0.6, seed })).forest;
    expect(await train(7)).toEqual(await train(7));
    expect((await train(7)).threshold).not.toEqual((await train(8)).threshold);
  });

  test('stops when the validation loss does, and keeps the best rounds', async () => {
    const train = rings(5, 400, 2);
    const held = rings(6, 2000, 2);
    const fitted = await fitGbdt(train, held, { rounds: 500, learningRate: 0.5, patience: 8, minRowsPerLeaf: 5 });
    expect(fitted.validationLoss.length).toBeLessThan(200);
    expect(fitted.rounds).toBe(fitted.validationLoss.length - 8);
    expect(treeCount(fitted.forest)).toBe(fitted.rounds);
    expect(score(fitted.forest, held).logLoss).toBeCloseTo(Math.min(...fitted.validationLoss), 5);
  });

  test('a missing value goes where it helps', async () => {
    const x = Float32Array.from({ length: 1200 }, (_, i) => (i % 3 === 0 ? Number.NaN : (i % 2) + 1));
    // Missing belongs with 2 in the one case and with 1 in the other; alone in the third.
    const rules = [(v: number) => !(v <= 1), (v: number) => !(v > 1), Number.isNaN] as const;
    for (const rule of rules) {
      const labels = Int32Array.from(x, (v) => (rule(v) ? 1 : 0));
      const data = { matrix: matrixOf({ x }), labels, classNames: ['no', 'yes'] };
      const { forest } = await fitGbdt(data, null, { rounds: 20, maxLeaves: 3, minRowsPerLeaf: 1 });
      expect(score(forest, data).accuracy).toBe(1);
    }
  });

  test('no leaf holds fewer rows than asked for, and none more leaves or depth', async () => {
    const train = rings(7, 3000, 2);
    const options = { rounds: 60, minRowsPerLeaf: 37, maxLeaves: 12, learningRate: 0.3 };
    const { forest } = await fitGbdt(train, null, options);
    const counts = leafRows(forest, toRowMajor(train.matrix));
    expect(Math.min(...counts.flat())).toBeGreaterThanOrEqual(37);
    expect(Math.max(...counts.map((list) => list.length))).toBe(12);
    const shallow = (await fitGbdt(train, null, { ...options, maxDepth: 2 })).forest;
    expect(Math.max(...leafRows(shallow, toRowMajor(train.matrix)).map((list) => list.length))).toBe(4);
  });

  test('weights count as repeated rows do', async () => {
    const train = rings(8, 1500, 2);
    const weights = Float32Array.from(train.labels, (label) => (label === 1 ? 3 : 1));
    const heavy = score((await fitGbdt({ ...train, weights }, null, { rounds: 20 })).forest, train);
    const byClass = score((await fitGbdt(train, null, { rounds: 20, classWeights: [1, 3] })).forest, train);
    const plain = score((await fitGbdt(train, null, { rounds: 20 })).forest, train);
    expect(byClass.logLoss).toBe(heavy.logLoss);
    expect(Math.abs(plain.logLoss - heavy.logLoss)).toBeGreaterThan(1e-4);
  });

  test('rows of weight 0 teach nothing', async () => {
    const train = rings(9, 2000, 2);
    const lies = { ...train, labels: train.labels.map((label, row) => (row % 2 ? label : 1 - label)) };
    const weights = Float32Array.from(train.labels, (_, row) => row % 2);
    const { forest } = await fitGbdt({ ...lies, weights }, null, { rounds: 30 });
    expect(score(forest, train).accuracy).toBeGreaterThan(0.9);
  });

  test('noise, a constant and one class alone still give a model', async () => {
    const labels = Int32Array.from({ length: 100 }, () => 0);
    const matrix = matrixOf({ same: new Float32Array(100).fill(3) });
    const { forest, rounds } = await fitGbdt({ matrix, labels, classNames: ['a', 'b', 'c'] }, null, { rounds: 5 });
    expect(rounds).toBe(1);
    const out = new Float64Array(3);
    new ForestKernel(forest).predict(Float32Array.of(3), 1, out);
    expect(out[0]).toBeGreaterThan(0.99);
  });

  test('strong L1 and L2 leave smaller leaves', async () => {
    const train = rings(10, 2000, 2);
    const size = async (options: Partial<GbdtOptions>) =>
      (await fitGbdt(train, null, { rounds: 1, ...options })).forest.value.reduce(
        (most, v) => Math.max(most, Math.abs(v)),
        0,
      );
    expect(await size({ l2: 100 })).toBeLessThan((await size({ l2: 0 })) / 2);
    expect(await size({ l1: 30 })).toBeLessThan(await size({ l1: 0 }));
  });

  test('refuses options and labels that make no sense, in one line', async () => {
    const train = rings(11, 50, 2);
    await expect(fitGbdt(train, null, { rounds: 0 })).rejects.toThrow(
      'rounds is 0; expected a whole number from 1 to 10000',
    );
    await expect(fitGbdt(train, null, { classWeights: [1] })).rejects.toThrow('one per class (2)');
    await expect(fitGbdt({ ...train, labels: train.labels.map(() => 2) }, null)).rejects.toThrow(
      'row 0 has class id 2',
    );
  });
});
