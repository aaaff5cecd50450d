import { describe, expect, test } from 'vitest';
import { channelCount } from '../../../models/onnx/sequence-net.ts';
import { createPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { takeRows, toRowMajor } from '../../../train/matrix.ts';
import { fitCnn } from '../../../train/neural/cnn.ts';
import { fitMlp } from '../../../train/neural/mlp.ts';
import { openTensorFlow } from '../../../train/neural/tensorflow.ts';
import { matrixOf, rings } from '../data.ts';
import { dialogues, sequenceMatrix, WIDTH } from './sequences.ts';

const QUICK = { rounds: 8, learningRate: 0.005, hidden: [16], filters: [8, 8], taps: [3, 3] };

function accuracy(model: { predict(rows: Float32Array, count: number): Float32Array }, seed: number): number {
  const { matrix, labels } = dialogues(seed, 300);
  const p = model.predict(toRowMajor(matrix), matrix.rows);
  return labels.filter((label, row) => p[2 * row + label]! > 0.5).length / labels.length;
}

describe('fitCnn', () => {
  test('learns in which order messages come', async () => {
    const model = await fitCnn(dialogues(1, 400), null, QUICK);
    expect(accuracy(model, 2)).toBeGreaterThan(0.95);
    expect(model.versions!['tensorflow.js']).toMatch(/^4\.\d+\.\d+ (wasm|tensorflow)$/);
    expect(model.net.towers.map(({ name, preparation }) => [name, preparation.length])).toEqual([
      ['packets', 32],
      ['records', 32],
    ]);
  });

  test('without neighbours the order is hidden from it', async () => {
    // What messages there are is the same for both classes: taps of 1 see nothing else.
    const model = await fitCnn(dialogues(1, 400), null, { ...QUICK, taps: [1, 1] });
    expect(accuracy(model, 2)).toBeLessThan(0.7);
  });

  test('gives the same net for the same seed and another for another', async () => {
    const learn = async (seed: number) => (await fitCnn(dialogues(3, 100), null, { ...QUICK, rounds: 2, seed })).net;
    expect(await learn(1)).toEqual(await learn(1));
    expect((await learn(1)).towers).not.toEqual((await learn(2)).towers);
  });

  test('stops early on the validation rows and keeps the best epoch', async () => {
    const noise = (seed: number) => {
      const data = dialogues(seed, 80);
      return { ...data, labels: data.labels.map((_, row) => (row * seed) % 2) };
    };
    const { rounds, validationLoss } = await fitCnn(noise(5), noise(7), { ...QUICK, rounds: 60, patience: 3 });
    expect(validationLoss.length).toBe(rounds + 3);
    expect(validationLoss[rounds - 1]).toBeCloseTo(Math.min(...validationLoss), 4);
  });

  test('scaling is that of the training rows, whatever the validation rows hold', async () => {
    const train = dialogues(1, 100);
    const far = dialogues(2, 50);
    const columns = far.matrix.columns.map((column) => column.map((value) => value * 1000));
    const held = { ...far, matrix: { ...far.matrix, columns } };
    const once = { ...QUICK, rounds: 1 };
    const { net } = await fitCnn(train, held, once);
    const alone = (await fitCnn(train, null, once)).net;
    expect(net.towers.map(({ preparation }) => preparation)).toEqual(
      alone.towers.map(({ preparation }) => preparation),
    );
    expect(net.preparation).toEqual(alone.preparation);
  });

  test('class weights move the answer towards the heavier class', async () => {
    const data = dialogues(4, 150);
    const labels = data.labels.map((label, row) => (row % 3 === 0 ? 1 - label : label));
    const mean = async (classWeights: readonly number[]) => {
      const model = await fitCnn({ ...data, labels }, null, { ...QUICK, rounds: 4, classWeights });
      return model.predict(toRowMajor(data.matrix), 150).reduce((sum, p, i) => sum + (i % 2) * p, 0) / 150;
    };
    expect(await mean([1, 5])).toBeGreaterThan((await mean([5, 1])) + 0.2);
  });

  test.each([
    ['records', /^tls_/, [['packets', 4]]],
    [
      'times',
      /times/,
      [
        ['packets', 3],
        ['records', 8],
      ],
    ],
    [
      'sizes and lengths',
      /sizes|lengths/,
      [
        ['packets', 2],
        ['records', 7],
      ],
    ],
    ['all but the kinds of records', /payload_|lengths|times/, [['records', 6]]],
  ])('does without %s, and with rows of nothing', async (_, gone, towers) => {
    const data = dialogues(6, 100);
    const kept = [...data.matrix.names.keys()].filter((i) => !gone.test(data.matrix.names[i]!));
    const matrix = {
      rows: 100,
      names: kept.map((i) => data.matrix.names[i]!),
      columns: kept.map((i) => data.matrix.columns[i]!),
    };
    const model = await fitCnn({ ...data, matrix }, null, { ...QUICK, rounds: 1 });
    // Each with its channels.
    expect(model.net.towers.map(({ name, preparation }) => [name, channelCount(preparation)])).toEqual(towers);
    const p = model.predict(new Float32Array(3 * kept.length).fill(Number.NaN), 3);
    expect(p[0]! + p[1]!).toBeCloseTo(1, 5);
    expect(model.predict(new Float32Array(0), 0)).toHaveLength(0);
    const predictor = await createPredictor(
      model.encode({ temperature: 1, producer: 'test' }),
      'kernel',
      createSession,
    );
    const rows = toRowMajor(matrix);
    const [ours, theirs] = [model.predict(rows, 100), await predictor.predict(rows, 100)];
    await predictor.release();
    ours.forEach((value, i) => {
      expect(Math.abs(value - theirs[i]!)).toBeLessThan(1e-4);
    });
  });

  test('sequences that are null in every row leave a net of the vector', async () => {
    const matrix = sequenceMatrix(
      Array.from({ length: 60 }, () => ({})),
      (row) => (row % 2 === 0 ? -1 : 1),
    );
    const labels = Int32Array.from({ length: 60 }, (_, row) => row % 2);
    const data = { matrix, labels, classNames: ['a', 'b'] };
    const model = await fitCnn(data, null, { ...QUICK, rounds: 30, batchRows: 6 });
    const p = model.predict(toRowMajor(matrix), 60);
    expect([p[0]! > 0.9, p[3]! > 0.9]).toEqual([true, true]);
  });

  test('predicts many rows as it predicts few', async () => {
    const data = dialogues(8, 1500);
    const model = await fitCnn(takeRows(data, [0, 1, 2, 3, 4, 5]), null, { ...QUICK, rounds: 1 });
    const rows = toRowMajor(data.matrix);
    const all = model.predict(rows, 1500);
    for (const row of [0, 1023, 1024, 1499]) {
      const alone = model.predict(rows.subarray(row * WIDTH, (row + 1) * WIDTH), 1);
      expect(all[2 * row]).toBeCloseTo(alone[0]!, 6);
    }
  });

  test('leaves nothing in the memory of TensorFlow', async () => {
    const { tf } = await openTensorFlow((name) => import(name));
    const before = tf.memory().numTensors;
    const model = await fitCnn(dialogues(1, 60), dialogues(2, 60), { ...QUICK, rounds: 2 });
    model.predict(new Float32Array(WIDTH), 1);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    [{ filters: [8, 8, 8] }, 'taps is [3, 3]; expected 3 odd numbers from 1 to 31'],
    [{ taps: [3, 4] }, 'taps is [3, 4]'],
    [{ filters: [], taps: [] }, 'filters is []; expected 1 to 8 layers'],
    [{ learningRate: 2 }, 'learningRate is 2'],
  ])('refuses %j', async (options, message) => {
    await expect(fitCnn(dialogues(1, 20), null, { ...QUICK, ...options })).rejects.toThrow(message);
  });

  test('says what is missing where there are no sequences, or nothing else', async () => {
    await expect(fitCnn(rings(1, 50, 2), null, QUICK)).rejects.toThrow('train without sequences (--learner mlp)');
    const lists = { 'payload_sizes[0]': [1, -1], 'payload_times_us[0]': [1, 2] };
    const data = { matrix: matrixOf(lists), labels: Int32Array.of(0, 1), classNames: ['a', 'b'] };
    await expect(fitCnn(data, null, QUICK)).rejects.toThrow('at least one column of numbers');
  });

  test('tells apart what a perceptron on the same columns does not', async () => {
    const mlp = await fitMlp(dialogues(1, 400), null, { rounds: 8, learningRate: 0.005, hidden: [16] });
    const cnn = await fitCnn(dialogues(1, 400), null, QUICK);
    expect(accuracy(cnn, 2)).toBeGreaterThan(accuracy(mlp, 2));
  });
});
