/** What must hold of boosting whatever the data. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { type Forest, LEAF, treeCount } from '../../../models/trees/forest.ts';
import { fitGbdt } from '../../../train/gbdt/boost.ts';
import type { GbdtOptions } from '../../../train/gbdt/options.ts';
import { type FeatureMatrix, type LabelledMatrix, takeRows, toRowMajor } from '../../../train/matrix.ts';
import { matrixOf, rings } from '../data.ts';

/** Few rounds: from there on near-ties, decided by rounding, part two equal trainings. */
const SHORT: Partial<GbdtOptions> = { rounds: 4, maxLeaves: 8, minRowsPerLeaf: 1 };

/** Rings with values on a grid, so that every value has its own bin. */
function coarseRings(seed: number, rows: number, classes: number): LabelledMatrix {
  const data = rings(seed, rows, classes);
  const round = (x: number) => Math.round(x * 40) / 40;
  return { ...data, matrix: { ...data.matrix, columns: data.matrix.columns.map((column) => column.map(round)) } };
}

async function probabilities(
  train: LabelledMatrix,
  options: Partial<GbdtOptions>,
  matrix: FeatureMatrix,
): Promise<number[]> {
  return [...(await fitGbdt(train, null, options)).predict(toRowMajor(matrix), matrix.rows)];
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Features that some tree cuts. */
function cutFeatures({ feature }: Forest): Set<number> {
  return new Set(feature.filter((id) => id !== LEAF));
}

describe('what changes nothing', () => {
  const train = coarseRings(1, 1500, 3);
  const held = coarseRings(2, 500, 3).matrix;
  const plain = probabilities(train, SHORT, held);

  test('the order of the rows', async () => {
    const order = new Prng(3).shuffle(Uint32Array.from({ length: 1500 }, (_, row) => row));
    expect(largestDifference(await probabilities(takeRows(train, order), SHORT, held), await plain)).toBeLessThan(1e-5);
  });

  test('the order of the columns', async () => {
    const turned = ({ rows, names, columns }: FeatureMatrix): FeatureMatrix => ({
      rows,
      names: [...names].reverse(),
      columns: [...columns].reverse(),
    });
    const data = { ...train, matrix: turned(train.matrix) };
    expect(await probabilities(data, SHORT, turned(held))).toEqual(await plain);
  });

  test('a strictly rising function of a column: the trees part the rows as before', async () => {
    const risen = (matrix: FeatureMatrix): FeatureMatrix => ({
      ...matrix,
      columns: matrix.columns.map((column, at) => (at === 1 ? column.map((x) => Math.exp(3 * x) + x) : column)),
    });
    const data = { ...train, matrix: risen(train.matrix) };
    // On the rows that were learnt from: between two of them a cut may lie elsewhere.
    expect(await probabilities(data, SHORT, data.matrix)).toEqual(await probabilities(train, SHORT, train.matrix));
  });

  test('a row twice instead of a row of weight 2', async () => {
    const twice = [...Array(1500).keys()].flatMap((row) => (row % 3 === 0 ? [row, row] : [row]));
    const weights = Float32Array.from({ length: 1500 }, (_, row) => (row % 3 === 0 ? 2 : 1));
    const repeated = await probabilities(takeRows(train, twice), SHORT, held);
    expect(largestDifference(repeated, await plain)).toBeGreaterThan(0.01);
    expect(largestDifference(await probabilities({ ...train, weights }, SHORT, held), repeated)).toBeLessThan(1e-5);
  });

  test('rows of weight 0, in bins and in rows per leaf too', async () => {
    const kept = [...Array(1500).keys()].filter((row) => row % 4 !== 0);
    const weights = Float32Array.from({ length: 1500 }, (_, row) => (row % 4 === 0 ? 0 : 1));
    const wild = train.matrix.columns.map((column) => column.map((x, row) => (row % 4 === 0 ? 1e30 : x)));
    const lies = train.labels.map((label, row) => (row % 4 === 0 ? 2 - label : label));
    const data = { ...train, matrix: { ...train.matrix, columns: wild }, labels: lies, weights };
    const options = { ...SHORT, minRowsPerLeaf: 60, rowFraction: 0.7 };
    expect(await probabilities(data, options, held)).toEqual(
      await probabilities({ ...takeRows(train, kept), weights: new Float32Array(kept.length).fill(1) }, options, held),
    );
  });

  test('a class weight of 0 instead of no rows of that class', async () => {
    const kept = [...train.labels.keys()].filter((row) => train.labels[row] !== 1);
    const without = await probabilities(takeRows(train, kept), { ...SHORT, classWeights: [1, 1, 1] }, held);
    expect(await probabilities(train, { ...SHORT, classWeights: [1, 0, 1] }, held)).toEqual(without);
  });
});

describe('what cannot be cut', () => {
  test('a constant column, a missing one, and one with a value in a bin of its own for none', async () => {
    const train = rings(4, 1000, 2);
    const [x, y] = train.matrix.columns;
    const none = new Float32Array(1000).fill(Number.NaN);
    const matrix = matrixOf({ same: new Float32Array(1000).fill(7), x: x!, none, y: y! });
    const { forest } = await fitGbdt({ ...train, matrix }, null, { rounds: 30 });
    expect([...cutFeatures(forest)].sort()).toEqual([1, 3]);
  });

  test('a constant column with missing values is cut between the two', async () => {
    const same = Float32Array.from({ length: 400 }, (_, row) => (row % 2 === 0 ? 5 : Number.NaN));
    const labels = Int32Array.from(same, (x) => (x === 5 ? 1 : 0));
    const data = { matrix: matrixOf({ same }), labels, classNames: ['a', 'b'] };
    const fitted = await fitGbdt(data, null, { rounds: 20 });
    expect(fitted.forest.feature[0]).toBe(0);
    const out = fitted.predict(Float32Array.of(5, Number.NaN), 2);
    expect(out[1]).toBeGreaterThan(0.8);
    expect(out[3]).toBeLessThan(0.2);
  });

  test.each([
    ['one row', 1, 2],
    ['two rows of two classes', 2, 2],
    ['more classes than rows', 7, 50],
  ])('%s: a model of shares that sum to 1', async (_, rows, classes) => {
    const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
    const classNames = Array.from({ length: classes }, (_, k) => `class ${k}`);
    const data = { matrix: matrixOf({ x: Float32Array.from(labels) }), labels, classNames };
    for (const minRowsPerLeaf of [1, 20]) {
      const out = (await fitGbdt(data, null, { rounds: 3, minRowsPerLeaf })).predict(Float32Array.of(0, Number.NaN), 2);
      for (const start of [0, classes]) {
        const sum = out.subarray(start, start + classes).reduce((total, p) => total + p, 0);
        expect(sum).toBeCloseTo(1, 4);
      }
    }
  });

  test('nulls everywhere', async () => {
    const nothing = new Float32Array(300).fill(Number.NaN);
    const labels = Int32Array.from({ length: 300 }, (_, row) => (row % 3 === 0 ? 1 : 0));
    const fitted = await fitGbdt(
      { matrix: matrixOf({ a: nothing, b: nothing }), labels, classNames: ['a', 'b'] },
      null,
    );
    expect(cutFeatures(fitted.forest).size).toBe(0);
    expect(fitted.predict(Float32Array.of(1, 2), 1)[1]).toBeCloseTo(1 / 3, 5);
  });

  test('an infinity is refused, with the name of its column', async () => {
    const train = rings(5, 100, 2);
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const columns = train.matrix.columns.map((column) => column.slice());
      columns[1]![99] = value;
      const matrix = { ...train.matrix, columns };
      await expect(fitGbdt({ ...train, matrix }, null)).rejects.toThrow('column y holds an infinity');
      await expect(fitGbdt(train, { ...train, matrix })).rejects.toThrow('column y holds an infinity');
    }
  });

  test('rows that all weigh nothing are refused', async () => {
    const train = rings(5, 100, 2);
    await expect(fitGbdt({ ...train, weights: new Float32Array(100) }, null)).rejects.toThrow('nothing to learn from');
  });
});

describe('what options promise', () => {
  const train = rings(6, 2500, 3);

  test('every leaf has the least hessian', async () => {
    // Trees of one round from equal shares: every row has a hessian of 1/3 * 2/3.
    const equal = takeRows(
      train,
      [...train.labels.keys()].filter((row) => row < 2400),
    );
    const labels = Int32Array.from({ length: 2400 }, (_, row) => (train.labels[row]! + row) % 3);
    const { forest } = await fitGbdt({ ...equal, labels }, null, {
      rounds: 1,
      minChildWeight: 60,
      minRowsPerLeaf: 1,
      maxLeaves: 60,
    });
    const shares = [0, 1, 2].map((k) => labels.filter((label) => label === k).length / 2400);
    expect(treeCount(forest)).toBe(3);
    const rowMajor = toRowMajor(equal.matrix);
    const leaves = new Map<number, number>();
    for (let tree = 0; tree < 3; tree++) {
      for (let row = 0; row < 2400; row++) {
        let node = forest.treeOffsets[tree]!;
        for (let cut = forest.feature[node]!; cut !== LEAF; cut = forest.feature[node]!) {
          const x = rowMajor[row * 3 + cut]!;
          const isLeft = Number.isNaN(x) ? forest.missingLeft[node] === 1 : x <= forest.threshold[node]!;
          node = isLeft ? forest.left[node]! : forest.right[node]!;
        }
        leaves.set(node, (leaves.get(node) ?? 0) + shares[tree]! * (1 - shares[tree]!));
      }
    }
    expect(leaves.size).toBeGreaterThan(6);
    // The search sums hessians rounded to 16 bits.
    expect(Math.min(...leaves.values())).toBeGreaterThan(59.9);
  });

  test('a fraction of features: each tree cuts no more, and not the same ones always', async () => {
    const wide = matrixOf(
      Object.fromEntries([...Array(12).keys()].map((f) => [`f${f}`, train.matrix.columns[f % 3]!])),
    );
    const { forest } = await fitGbdt({ ...train, matrix: wide }, null, { rounds: 10, featureFraction: 0.25 });
    const used = new Set<number>();
    for (let tree = 0; tree < treeCount(forest); tree++) {
      const own = forest.feature.slice(forest.treeOffsets[tree]!, forest.treeOffsets[tree + 1]!);
      const cut = new Set(own.filter((id) => id !== LEAF));
      expect(cut.size).toBeLessThanOrEqual(3);
      for (const feature of cut) used.add(feature);
    }
    expect(used.size).toBe(12);
  });

  test('an L1 beyond every gradient leaves the shares', async () => {
    const shares = [0, 1, 2].map((k) => train.labels.filter((label) => label === k).length / 2500);
    const out = await probabilities(train, { rounds: 3, l1: 1e6 }, train.matrix);
    for (let k = 0; k < 3; k++) expect(out[k]).toBeCloseTo(shares[k]!, 5);
  });
});
