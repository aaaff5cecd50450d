import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { FitProgress } from '../../../train/learner.ts';
import { type LabelledMatrix, toRowMajor } from '../../../train/matrix.ts';
import { fitMlp } from '../../../train/neural/mlp.ts';
import { openTensorFlow } from '../../../train/neural/tensorflow.ts';
import { matrixOf, rings } from '../data.ts';

/** Class 1 where x and y have different signs: no line between the classes. */
function xor(seed: number, rows: number): LabelledMatrix {
  const random = new Prng(seed);
  const draw = () => Float32Array.from({ length: rows }, () => random.between(-2, 2));
  const matrix = matrixOf({ x: draw(), y: draw() });
  const [x, y] = matrix.columns as [Float32Array, Float32Array];
  return {
    matrix,
    labels: Int32Array.from(x, (value, i) => (value * y[i]! < 0 ? 1 : 0)),
    classNames: ['same', 'other'],
  };
}

/** Share of rows whose most probable class is theirs. */
async function accuracy(model: Awaited<ReturnType<typeof fitMlp>>, { matrix, labels, classNames }: LabelledMatrix) {
  const p = model.predict(toRowMajor(matrix), matrix.rows);
  const k = classNames.length;
  const right = labels.filter((label, row) => {
    const own = p.subarray(row * k, (row + 1) * k);
    return own.indexOf(Math.max(...own)) === label;
  });
  return right.length / labels.length;
}

const QUICK = { rounds: 40, learningRate: 0.01, hidden: [16, 8] };

describe('fitMlp', () => {
  test('learns what no line can tell apart', async () => {
    const model = await fitMlp(xor(1, 600), null, QUICK);
    expect(await accuracy(model, xor(2, 500))).toBeGreaterThan(0.93);
    expect(model.trainingLoss).toHaveLength(40);
    expect(model.trainingLoss.at(-1)!).toBeLessThan(model.trainingLoss[0]! / 2);
    expect(model.versions!['tensorflow.js']).toMatch(/^4\.\d+\.\d+ (wasm|tensorflow)$/);
  });

  test('learns three classes with values missing, and gives rows that sum to 1', async () => {
    const train = rings(1, 900, 3);
    const model = await fitMlp(train, null, QUICK);
    expect(model.net.preparation.missingColumns).toEqual(Int32Array.of(0));
    expect(await accuracy(model, rings(2, 500, 3))).toBeGreaterThan(0.8);
    const p = model.predict(toRowMajor(train.matrix), 900);
    for (let at = 0; at < p.length; at += 3) expect(p[at]! + p[at + 1]! + p[at + 2]!).toBeCloseTo(1, 5);
  });

  test('learns from a value being missing', async () => {
    const random = new Prng(3);
    const x = Float32Array.from({ length: 300 }, () => (random.chance(0.5) ? Number.NaN : 5));
    const labels = Int32Array.from(x, (value) => (Number.isNaN(value) ? 1 : 0));
    const data = { matrix: matrixOf({ x }), labels, classNames: ['there', 'missing'] };
    expect(await accuracy(await fitMlp(data, null, QUICK), data)).toBe(1);
  });

  test('gives the same net for the same seed and another for another', async () => {
    const learn = async (seed: number) => (await fitMlp(rings(4, 300, 3), null, { ...QUICK, rounds: 3, seed })).net;
    expect(await learn(1)).toEqual(await learn(1));
    expect(await learn(1)).not.toEqual(await learn(2));
  });

  test('fits at the same time do not disturb each other', async () => {
    const learn = (seed: number) => fitMlp(rings(4, 300, 3), null, { ...QUICK, rounds: 3, seed });
    const [a, b] = await Promise.all([learn(1), learn(2)]);
    expect(a!.net).toEqual((await learn(1)).net);
    expect(b!.net).toEqual((await learn(2)).net);
  });

  test('stops early, keeps the best epoch and tells of each', async () => {
    const random = new Prng(5);
    const noise = (rows: number): LabelledMatrix => ({
      ...rings(random.uint32(), rows, 2),
      labels: Int32Array.from({ length: rows }, () => random.below(2)),
    });
    const seen: number[] = [];
    const options = { rounds: 200, learningRate: 0.02, patience: 4 };
    const train = noise(120);
    const onProgress = ({ round, validationLoss }: FitProgress) => {
      seen.push(round);
      expect(validationLoss).toBeGreaterThan(0);
    };
    const model = await fitMlp(train, noise(120), options, { onProgress });
    const { validationLoss, rounds } = model;
    expect(validationLoss.length).toBe(rounds + 4);
    expect(validationLoss[rounds - 1]).toBeCloseTo(Math.min(...validationLoss), 4);
    expect(seen).toEqual(validationLoss.map((_, i) => i + 1));
    expect((await fitMlp(train, null, { ...options, rounds })).net).toEqual(model.net);
  });

  test('columns that tell nothing are left out; a matrix of them alone gives the class shares', async () => {
    const flat = new Float32Array(200).fill(7);
    const empty = new Float32Array(200).fill(Number.NaN);
    const x = Float32Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? 100 : -100));
    const labels = Int32Array.from(x, (value) => (value > 0 ? 1 : 0));
    const classNames = ['low', 'high'];
    const some = await fitMlp({ matrix: matrixOf({ flat, empty, x }), labels, classNames }, null, QUICK);
    expect(some.net.preparation.valueColumns).toEqual(Int32Array.of(2));
    expect(some.net.preparation.missingColumns).toHaveLength(0);
    const none = await fitMlp({ matrix: matrixOf({ flat, empty }), labels, classNames }, null, QUICK);
    expect(none.predict(Float32Array.of(7, Number.NaN), 1)[1]).toBeCloseTo(0.25, 1);
  });

  test('class weights move the answer towards the heavier class', async () => {
    const data = xor(6, 300);
    const labels = data.labels.map((label, row) => (row % 3 === 0 ? 1 - label : label));
    const mean = async (classWeights: readonly number[]) => {
      const model = await fitMlp({ ...data, labels }, null, { ...QUICK, rounds: 10, classWeights });
      return model.predict(toRowMajor(data.matrix), 300).reduce((sum, p, i) => sum + (i % 2) * p, 0) / 300;
    };
    expect(await mean([1, 5])).toBeGreaterThan((await mean([5, 1])) + 0.3);
  });

  test('leaves nothing in the memory of TensorFlow', async () => {
    const { tf } = await openTensorFlow((name) => import(name));
    const before = tf.memory().numTensors;
    await fitMlp(rings(1, 100, 3), rings(2, 100, 3), { ...QUICK, rounds: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    [{ rounds: 0 }, 'rounds is 0; expected a whole number from 1 to 100000'],
    [{ hidden: [] }, 'hidden is []; expected 1 to 8 layers of 1 to 4096 units'],
    [{ learningRate: Number.NaN }, 'learningRate is NaN'],
    [{ classWeights: [1] }, 'one per class (2)'],
  ])('refuses %j', async (options, message) => {
    await expect(fitMlp(xor(1, 20), null, options)).rejects.toThrow(message);
  });
});
