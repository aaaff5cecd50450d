import { expect, test } from 'vitest';
import { decodeForest } from '../../models/onnx/tree-ensemble.ts';
import { TreeExplainer } from '../../models/trees/shap.ts';
import { fitGbdt } from '../../train/gbdt/boost.ts';
import { countCovers } from '../oracle/cover.ts';
import { randomRows } from '../oracle/trees.ts';

const rows = randomRows(1, 300, 3).map((x) => (Number.isFinite(x) ? x : Number.NaN));
const columns = [0, 1, 2].map((c) => Float32Array.from({ length: 300 }, (_, row) => rows[row * 3 + c]!));
const labels = Int32Array.from({ length: 300 }, (_, row) => (columns[0]![row]! > 0 ? 1 : 0));
const matrix = { rows: 300, names: ['a', 'b', 'c'], columns };

test('a boosted model can be explained, in scores divided by the temperature', async () => {
  const fitted = await fitGbdt({ matrix, labels, classNames: ['no', 'yes'] }, null, { rounds: 5 });
  const onnx = fitted.encode({ temperature: 2, producer: 'test' });
  const forest = decodeForest(onnx);
  const explainer = new TreeExplainer(forest);
  const { values, base } = explainer.explain(rows, 300);
  const probabilities = fitted.predict(rows, 300);
  for (let row = 0; row < 300; row++) {
    const logOdds = Math.log(probabilities[2 * row + 1]! / probabilities[2 * row]!) / 2;
    const sum = base[0]! + values[3 * row]! + values[3 * row + 1]! + values[3 * row + 2]!;
    expect(sum).toBeCloseTo(logOdds, 4);
    expect(Math.abs(values[3 * row]!)).toBeGreaterThan(Math.abs(values[3 * row + 1]!));
  }
});

test('each node says how many of the rows met it that its tree has learnt from', async () => {
  const { forest } = await fitGbdt({ matrix, labels, classNames: ['no', 'yes'] }, null, {
    rounds: 5,
    minRowsPerLeaf: 2,
  });
  expect(forest.feature.length).toBeGreaterThan(10);
  expect(forest.cover).toEqual(countCovers(forest, rows, 300).cover);
  const options = { rounds: 3, rowFraction: 0.5 };
  const sampled = (await fitGbdt({ matrix, labels, classNames: ['no', 'yes'] }, null, options)).forest;
  expect([...sampled.treeOffsets.subarray(0, 3)].map((root) => sampled.cover![root])).toEqual([150, 150, 150]);
});
