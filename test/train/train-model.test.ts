import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { hashInputs } from '../../models/card.ts';
import { createPredictor } from '../../models/predictor.ts';
import { createSession } from '../../models/session.ts';
import { readTypical } from '../../models/typical.ts';
import { evaluateModel } from '../../train/evaluate-model.ts';
import type { LabelledData } from '../../train/labelled-rows.ts';
import { learnerNamed } from '../../train/learners.ts';
import { toRowMajor } from '../../train/matrix.ts';
import { captureHash, type TrainOptions, trainModel } from '../../train/train-model.ts';
import { exampleCard } from '../models/example-card.ts';
import { matrixOf } from './data.ts';

const inputs = ['size', 'gap'].map((name) => ({ name, type: 'float64', revision: 1 }));
const options: TrainOptions = {
  name: 'tested',
  version: '2',
  created: '2026-01-31T12:00:00Z',
  target: 'label',
  positive: 'mining',
  minPayloadPackets: 5,
  groupBy: 'capture',
  folds: 4,
  origin: 'a test',
  generated: true,
  limitations: ['It has seen made-up rows.'],
  programVersion: '0.0.0',
  learner: learnerNamed('gbdt'),
  learnerOptions: { seed: 1, rounds: 30 },
};

/** Mining rows are of a middle size, others smaller or larger, which no sum of inputs can tell; a share of the rows lies. */
function madeUp(groupCount: number, lies = 0.05): LabelledData {
  const random = new Prng(groupCount);
  const rows = groupCount * 40;
  const groups = Int32Array.from({ length: rows }, (_, row) => row % groupCount);
  const labels = Int32Array.from({ length: rows }, () => random.below(2));
  const size = labels.map((label) => {
    const middle = label === (random.chance(lies) ? 1 : 0);
    return (middle ? 200 : random.pick([100, 300])) + random.below(80);
  });
  const gap = Float32Array.from({ length: rows }, () => random.float());
  const groupNames = Array.from({ length: groupCount }, (_, group) => `captures/${group}.pcap`);
  return {
    data: { matrix: matrixOf({ size, gap }), labels, classNames: ['mining', 'other'] },
    groups,
    groupNames,
    captures: groupNames,
    protocols: ['tcp'],
    ports: Float32Array.from({ length: rows }, () => 443),
  };
}

test('the card says what the model reads, knows and was made of', async () => {
  const rows = madeUp(12);
  const { card, metrics, warnings } = await trainModel(rows, inputs, options);
  expect(card).toMatchObject({
    name: 'tested',
    version: '2',
    labels: ['mining', 'other'],
    inputs,
    inputsHash: hashInputs(inputs, nodeDigests),
    positive: 'mining',
    scope: { protocols: ['tcp'], minPayloadPackets: 5 },
    training: { captures: 12, groups: 12, rows: 480, generated: true, origin: 'a test' },
  });
  expect(card.training.captureHashes).toContain(captureHash('elsewhere/3.pcap'));
  expect(card.limitations).toContain('It has seen made-up rows.');
  expect(metrics!.macroF1).toBeGreaterThan(0.85);
  expect(warnings).toEqual([]);
});

test('the card says what is typical of each class', async () => {
  const rows = madeUp(12, 0);
  const { card } = await trainModel(rows, inputs, options);
  const lines = card.metrics['classQuantiles'] as { readonly [input: string]: string };
  expect(Object.keys(lines)).toEqual(['size', 'gap']);
  const [mining, other] = readTypical(lines['size'], 2)!;
  // Mining has 200 to 279, the others 100 to 179 and 300 to 379.
  expect([mining!.quantiles[0], mining!.quantiles[4]]).toSatisfy(([low, high]) => low >= 200 && high < 280);
  expect([other!.quantiles[0], other!.quantiles[4]]).toSatisfy(([low, high]) => low < 180 && high >= 300);
});

test('the learner never learns from the rows it may stop on, and at last learns from all', async () => {
  const rows = madeUp(8);
  const calls: { train: number; validation: number | null; overlap: number }[] = [];
  const { learner } = options;
  const spy = {
    ...learner,
    fit: (...[train, validation, ...rest]: Parameters<typeof learner.fit>) => {
      // No two rows agree in `gap`, so it tells them apart.
      const learnt = new Set(train.matrix.columns[1]);
      const overlap = (validation?.matrix.columns[1] ?? []).filter((gap) => learnt.has(gap)).length;
      calls.push({ train: train.matrix.rows, validation: validation?.matrix.rows ?? null, overlap });
      return learner.fit(train, validation, ...rest);
    },
  };
  await trainModel(rows, inputs, { ...options, learner: spy });
  expect(calls.at(-1)).toEqual({ train: 320, validation: null, overlap: 0 });
  const folds = calls.slice(0, -1);
  expect(folds).toHaveLength(4);
  for (const { train, validation, overlap } of folds) expect([train + validation!, overlap]).toEqual([320, 0]);
});

test('equal rows, options and seed give an equal model', async () => {
  const [one, two] = [await trainModel(madeUp(6), inputs, options), await trainModel(madeUp(6), inputs, options)];
  expect(one.onnx).toEqual(two.onnx);
  expect(one.card).toEqual(two.card);
});

test('few groups are warned about; one group leaves nothing to measure on and nothing to be sure of', async () => {
  const few = await trainModel(madeUp(4), inputs, options);
  expect(few.warnings).toEqual([expect.stringContaining('Only 4 groups (capture)')]);
  const single = await trainModel(madeUp(1), inputs, options);
  expect(single.metrics).toBeNull();
  expect(single.warnings).toEqual([expect.stringContaining('All rows are of one capture')]);
  expect(single.card.thresholds).toEqual({ mining: 1, other: 1 });
  expect(single.card.limitations).toEqual(expect.arrayContaining([...single.warnings]));
});

test('a model that has nothing to go on says that it does not beat its baselines', async () => {
  const rows = madeUp(12);
  const blind = {
    ...rows,
    data: { ...rows.data, matrix: matrixOf({ size: new Float32Array(480), gap: new Float32Array(480) }) },
  };
  const { warnings } = await trainModel(blind, inputs, options);
  expect(warnings).toEqual([expect.stringContaining('does not beat its baselines')]);
});

test('the ONNX file gives the probabilities that the thresholds were chosen for', async () => {
  const rows = madeUp(12, 0);
  const { onnx, card } = await trainModel(rows, inputs, options);
  const predictor = await createPredictor(onnx, 'kernel', createSession);
  const probabilities = await predictor.predict(toRowMajor(rows.data.matrix), rows.data.matrix.rows);
  await predictor.release();
  for (let row = 0; row < 480; row++) {
    expect(probabilities[row * 2]! + probabilities[row * 2 + 1]!).toBeCloseTo(1, 5);
  }
  const { verdicts } = evaluateModel({ ...exampleCard, ...card }, rows, probabilities);
  for (const { precision } of verdicts) expect(precision).toBeGreaterThan(0.9);
});

test('other seeds and a search leave their figures on the card; what is only about time does not', async () => {
  const shares: number[] = [];
  const asked = { ...options, seeds: 2, search: 3, learnerOptions: { rounds: 8, threads: 1, maxLeaves: 5 } };
  const { card, repeats, search, warnings } = await trainModel(madeUp(12), inputs, asked, ({ share }) => {
    shares.push(share);
  });
  expect(repeats!.runs.map(({ seed }) => seed)).toEqual([1, 2]);
  expect(repeats!.runs[0]!.macroF1).not.toBe(repeats!.runs[1]!.macroF1);
  expect(card.metrics['seeds']).toEqual(repeats);
  expect(card.metrics['search']).toEqual(search);
  expect(search!.trials).toHaveLength(4);
  // What the user has decided is not searched among.
  expect(Object.keys(search!.space)).not.toContain('maxLeaves');
  expect(card.learner.options).toMatchObject({ ...search!.trials[search!.chosen]!.options, maxLeaves: 5 });
  expect(card.learner.options).not.toHaveProperty('threads');
  expect(warnings).toContainEqual(expect.stringContaining('best of 4 sets of options'));
  expect(shares.at(-1)).toBeCloseTo(1, 9);
});

test('a search needs groups to hold out, and something to search among', async () => {
  await expect(trainModel(madeUp(1), inputs, { ...options, search: 2 })).rejects.toThrow('nothing can be held out');
  const unknown = { ...options, search: 2, learner: { ...options.learner, name: 'abacus' } };
  await expect(trainModel(madeUp(4), inputs, unknown)).rejects.toThrow(
    'nothing to search among for the learner abacus',
  );
});

test('a class with two flows, one of a single group and inputs without values are warned about', async () => {
  const rows = madeUp(12);
  const labels = rows.data.labels.map((label, row) => (row === 5 || row === 17 ? 2 : label));
  const { columns } = rows.data.matrix;
  const matrix = matrixOf({ size: columns[0]!, gap: new Float32Array(480).fill(Number.NaN) });
  const data = { matrix, labels, classNames: ['mining', 'other', 'rare'] };
  const { warnings, card } = await trainModel({ ...rows, data }, inputs, options);
  expect(warnings).toEqual(
    expect.arrayContaining([
      'Classes with too few flows to learn from or to be judged on: rare (2).',
      expect.stringMatching(/^Classes that occur in one capture only, .* say nothing: rare\.$/),
      '1 of 2 inputs are null in every flow, so the model knows nothing of them: gap.',
    ]),
  );
  expect(card.limitations).toEqual(expect.arrayContaining([...warnings]));
  const nothing = new Float32Array(480).fill(Number.NaN);
  const empty = { ...rows, data: { ...rows.data, matrix: matrixOf({ size: nothing, gap: nothing }) } };
  await expect(trainModel(empty, inputs, options)).rejects.toThrow('all 2 inputs are null in every flow');
});

test('weights by label reach the learner', async () => {
  const plain = await trainModel(madeUp(6), inputs, options);
  const classWeights = { mining: 10 };
  const asked = { ...options, learnerOptions: { ...options.learnerOptions, classWeights } };
  const heavy = await trainModel(madeUp(6), inputs, asked);
  const { columns } = madeUp(6).data.matrix;
  const probe = new Float32Array([...columns[0]!].flatMap((size, row) => [size, columns[1]![row]!]));
  const mean = ({ final }: typeof plain) =>
    final.predict(probe, 240).reduce((sum, p, i) => sum + (i % 2 === 0 ? p : 0), 0) / 240;
  expect(mean(heavy)).toBeGreaterThan(mean(plain) + 0.05);
});

test('a budget of false alarms decides the threshold of the positive label, and the card says on how many flows', async () => {
  const { card } = await trainModel(madeUp(12, 0.2), inputs, { ...options, falseAlarmRate: 0.02 });
  const { falseAlarms } = card.metrics['thresholds'] as { falseAlarms: Record<string, number> };
  const others = card.training.rowsPerLabel['other']!;
  expect(falseAlarms).toMatchObject({ rate: 0.02, units: others, threshold: card.thresholds['mining'] });
  expect(falseAlarms['alarms']).toBeLessThanOrEqual(0.02 * others);
  const plain = await trainModel(madeUp(12, 0.2), inputs, options);
  expect(plain.card.thresholds['other']).toBe(card.thresholds['other']);
  expect(plain.card.thresholds['mining']).not.toBe(card.thresholds['mining']);
});
