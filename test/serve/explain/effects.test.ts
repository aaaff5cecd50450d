import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { Table } from '../../../core/table.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { hashInputs, type ModelCard } from '../../../models/card.ts';
import { encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { createPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import type { Forest } from '../../../models/trees/forest.ts';
import { typicalOf, writeTypical } from '../../../models/typical.ts';
import { type Effects, groupEffects, labelNamed, pairOf } from '../../../serve/explain/effects.ts';
import { explainRow } from '../../../serve/explain/explain.ts';
import { exampleCard } from '../../models/example-card.ts';
import { countCovers } from '../../oracle/cover.ts';
import { randomForest, randomRows } from '../../oracle/trees.ts';
import { tableOf, verdictOf } from './table.ts';

const NAMES = [
  'fwd_packet_size_mean',
  'bwd_packet_size_mean',
  'flow_iat_mean_us',
  'fwd_iat_mean_us',
  'duration_us',
  'bwd_iat_mean_us',
];

/** A card for a model of so many labels that reads NAMES. */
function cardOf(labels: readonly string[], more: Partial<ModelCard> = {}): ModelCard {
  const inputs = NAMES.map((name) => ({ name, type: 'float64', revision: 1 }));
  return { ...exampleCard, labels, positive: null, inputs, inputsHash: hashInputs(inputs, nodeDigests), ...more };
}

/** A random row; one value is missing. */
function rowOf(seed: number): Table {
  const random = new Prng(seed);
  return tableOf(
    Object.fromEntries(NAMES.map((name, i) => [name, i === 4 ? null : Math.round(random.normal() * 100) / 100])),
  );
}

function forestOf(seed: number, classes: number): Forest {
  const options = { seed, trees: 30, leaves: 12, features: NAMES.length, classes };
  return countCovers(randomForest(options), randomRows(seed + 100, 400, NAMES.length), 400);
}

async function explained(forest: Forest, card: ModelCard, table: Table, label: number | null = null) {
  const onnx = encodeForest(forest, { producer: 'a test' });
  const predictor = await createPredictor(onnx, 'kernel', createSession);
  const model = { card, predict: (rows: Float32Array, count: number) => predictor.predict(rows, count) };
  return explainRow(model, onnx, table, verdictOf(null), label);
}

const sumOf = ({ inputs }: Effects) => inputs.reduce((sum, { contribution }) => sum + contribution, 0);

test.each([1, 2, 3])('of two classes base and contributions are the log-odds of the score (row %i)', async (seed) => {
  const card = cardOf(['mining', 'other'], { positive: 'mining' });
  const { effects, probabilities } = await explained(forestOf(seed, 2), card, rowOf(seed));
  expect(effects).toMatchObject({ method: 'shapley', note: '', label: 'mining', against: 'other' });
  expect(effects!.base! + sumOf(effects!)).toBeCloseTo(effects!.logOdds, 9);
  expect(1 / (1 + Math.exp(-effects!.logOdds))).toBeCloseTo(probabilities[0]!, 5);
  expect(effects!.inputs.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
});

test.each([4, 5])('of more classes they are the log-odds of the first two (row %i)', async (seed) => {
  const card = cardOf(['a', 'b', 'c', 'd']);
  const { effects, probabilities } = await explained(forestOf(seed, 4), card, rowOf(seed));
  const [best, next] = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  expect([effects!.label, effects!.against]).toEqual([card.labels[best!], card.labels[next!]]);
  expect(effects!.base! + sumOf(effects!)).toBeCloseTo(Math.log(probabilities[best!]! / probabilities[next!]!), 4);
});

test('the other label turns every sign', async () => {
  const card = cardOf(['mining', 'other'], { positive: 'mining' });
  const one = (await explained(forestOf(7, 2), card, rowOf(7))).effects!;
  const other = (await explained(forestOf(7, 2), card, rowOf(7), 1)).effects!;
  expect([other.label, other.against]).toEqual(['other', 'mining']);
  expect(other.logOdds).toBeCloseTo(-one.logOdds, 9);
  expect(other.inputs.map(({ contribution }) => contribution)).toEqual(
    one.inputs.map(({ contribution }) => -contribution),
  );
});

test('inputs come with their value, unit and group, the largest effect first', async () => {
  const { effects } = await explained(forestOf(8, 2), cardOf(['a', 'b']), rowOf(8));
  const sizes = effects!.inputs.map(({ contribution }) => Math.abs(contribution));
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  const duration = effects!.inputs.find(({ name }) => name === 'duration_us')!;
  expect(duration).toMatchObject({ value: null, unit: 'us', group: 'counts', typical: null });
  const groups = groupEffects(effects!.inputs);
  expect(groups.map(({ group, inputs }) => [group, inputs]).sort()).toEqual([
    ['counts', 1],
    ['sizes', 2],
    ['times', 3],
  ]);
  expect(groups.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(sumOf(effects!), 9);
});

/** What is typical of each class, as cards have it: class k has values around k. */
function quantiles(classes: number) {
  const line = writeTypical(
    Array.from({ length: classes }, (_, k) => typicalOf(Float32Array.of(k - 1, k - 0.5, k, k + 0.5, k + 1))),
  );
  return { classQuantiles: Object.fromEntries(NAMES.map((name) => [name, line])) };
}

test('what is typical of each class is told where the card says it', async () => {
  const card = cardOf(['a', 'b'], { metrics: quantiles(2) });
  const { effects } = await explained(forestOf(9, 2), card, rowOf(9));
  expect(effects!.inputs[0]!.typical).toEqual({
    a: { missing: 0, quantiles: [-1, -0.5, 0, 0.5, 1] },
    b: { missing: 0, quantiles: [0, 0.5, 1, 1.5, 2] },
  });
  const foolish = cardOf(['a', 'b'], { metrics: { classQuantiles: { [NAMES[0]!]: '0 | 1', [NAMES[1]!]: 7 } } });
  const other = await explained(forestOf(9, 2), foolish, rowOf(9));
  expect(other.effects!.inputs.map(({ typical }) => typical)).toEqual(NAMES.map(() => null));
});

test('trees that do not say how many rows met each node are explained by what is typical, and it is said', async () => {
  const card = cardOf(['a', 'b'], { metrics: quantiles(2) });
  const { effects } = await explained({ ...forestOf(10, 2), cover: null }, card, rowOf(10));
  expect(effects).toMatchObject({ method: 'occlusion', base: null });
  expect(effects!.note).toMatch(/does not say how many training rows .* an approximation$/);
});

test('without either nothing is claimed, and the reason is given', async () => {
  const { effects, noEffects } = await explained({ ...forestOf(11, 2), cover: null }, cardOf(['a', 'b']), rowOf(11));
  expect(effects).toBeNull();
  expect(noEffects).toMatch(/, and its card does not say what is typical of each class$/);
});

/** Log-odds of b over a that are the sum of all inputs, which no tree gives. */
const linear = async (rows: Float32Array, count: number) =>
  Float32Array.from({ length: 2 * count }, (_, i) => {
    const row = rows.subarray((i >> 1) * NAMES.length, ((i >> 1) + 1) * NAMES.length);
    const p = 1 / (1 + Math.exp(-row.reduce((sum, x) => sum + (Number.isNaN(x) ? 0 : x), 0)));
    return i % 2 === 0 ? 1 - p : p;
  });

test('of a model that is no forest an input counts as far as it is from the middle of both medians', async () => {
  const card = cardOf(['a', 'b'], { positive: 'b', metrics: quantiles(2) });
  // The bytes of a forest whose probabilities are not those that the model gives.
  const onnx = encodeForest(forestOf(12, 2), { producer: 'a test' });
  const values = [0.5, 1, -1, 2, 0, 0.25];
  const table = tableOf(Object.fromEntries(NAMES.map((name, i) => [name, values[i]])));
  const { effects } = await explainRow({ card, predict: linear }, onnx, table, verdictOf(null));
  expect(effects!.note).toMatch(
    /^the sums of its trees are not the log-odds of its probabilities; .* an approximation$/,
  );
  expect(effects!.logOdds).toBeCloseTo(2.75, 4);
  for (const { name, contribution } of effects!.inputs) {
    // Class a has its median at 0, class b at 1.
    expect(contribution, name).toBeCloseTo(values[NAMES.indexOf(name)]! - 0.5, 4);
  }
});

test('the items of a list are replaced together and count as one input', async () => {
  const inputs = [
    { name: 'payload_sizes', type: 'list_int32', revision: 2, list: { length: 3, form: 'items' as const } },
    { name: 'duration_us', type: 'float64', revision: 1 },
  ];
  const places = ['payload_sizes[0]', 'payload_sizes[1]', 'payload_sizes[2]', 'duration_us'];
  const line = writeTypical([typicalOf(Float32Array.of(0)), typicalOf(Float32Array.of(2))]);
  const metrics = { classQuantiles: Object.fromEntries(places.map((place) => [place, line])) };
  const card = cardOf(['a', 'b'], { positive: 'b', inputs, metrics });
  const predict = async (rows: Float32Array, count: number) =>
    Float32Array.from({ length: 2 * count }, (_, i) => {
      const row = rows.subarray((i >> 1) * 4, ((i >> 1) + 1) * 4);
      const p = 1 / (1 + Math.exp(-row.reduce((sum, x) => sum + x, 0)));
      return i % 2 === 0 ? 1 - p : p;
    });
  const onnx = encodeForest({ ...forestOf(13, 2), cover: null }, { producer: 'a test' });
  const table = tableOf({ payload_sizes: [2, -1, 1], duration_us: 0 });
  const { effects } = await explainRow({ card, predict }, onnx, table, verdictOf(null));
  const told = effects!.inputs.map(({ name, group, value, typical }) => [name, group, value, typical === null]);
  expect(told).toContainEqual(['payload_sizes', 'sequence', [2, -1, 1], true]);
  const [sizes] = effects!.inputs.filter(({ name }) => name === 'payload_sizes');
  // 2 of the flow's own, against 0 of class a and three times 2 of class b.
  expect(sizes!.contribution).toBeCloseTo(2 - (0 + 6) / 2, 4);
});

test('the usual label is the risk of two classes, and of more the most probable', () => {
  const two = { labels: ['other', 'mining'], positive: 'mining' };
  expect(pairOf(two, Float32Array.of(0.9, 0.1), null)).toEqual({ label: 1, against: 0 });
  expect(pairOf({ ...two, positive: null }, Float32Array.of(0.9, 0.1), null)).toEqual({ label: 0, against: 1 });
  const three = { labels: ['a', 'b', 'c'], positive: 'a' };
  expect(pairOf(three, Float32Array.of(0.2, 0.5, 0.3), null)).toEqual({ label: 1, against: 2 });
  expect(pairOf(three, Float32Array.of(0.2, 0.5, 0.3), 2)).toEqual({ label: 2, against: 1 });
});

test('a label that the model does not have is refused with those that it has', () => {
  expect(labelNamed(cardOf(['a', 'b']), 'b')).toBe(1);
  expect(() => labelNamed(cardOf(['a', 'b']), 'c')).toThrow(/has no label c; expected one of a, b; correct --for/);
});
