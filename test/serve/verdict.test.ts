import { expect, test } from 'vitest';
import { createTable, type Finding, type ScalarColumn, type Table, type TextColumn } from '../../core/table.ts';
import { appendText, textAt } from '../../core/text-column.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { ModelCard } from '../../models/card.ts';
import { judge, outOfScope } from '../../serve/verdict.ts';
import { withVerdictColumns, withVerdicts } from '../../serve/verdict-columns.ts';
import { exampleCard } from '../models/example-card.ts';

const card: ModelCard = {
  ...exampleCard,
  labels: ['other', 'mining'],
  positive: 'mining',
  thresholds: { other: 0.6, mining: 0.9 },
  scope: { protocols: ['tcp'], minPayloadPackets: 5 },
};

/** The verdict for one row with this probability of mining. */
const judged = (mining: number, silence: string | null = null, own = card) =>
  judge(own, Float32Array.from([1 - mining, mining]), 0, silence);

test('the most probable label is predicted, with its probability and the name of the model', () => {
  expect(judged(0.25)).toMatchObject({ predicted: 'other', score: 0.75, model: 'example@1.0.0' });
  expect(judged(0.75)).toMatchObject({ predicted: 'mining', score: 0.75 });
  const second = judge(card, Float32Array.from([1, 0, 0.125, 0.875]), 1, null);
  expect(second).toMatchObject({ predicted: 'mining', score: 0.875 });
});

test('a label becomes the verdict from its own threshold on, below it the model abstains', () => {
  expect([0.91, 0.95, 1].map((p) => judged(p).verdict)).toEqual(['mining', 'mining', 'mining']);
  expect([0.89, 0.7, 0.51].map((p) => judged(p).verdict)).toEqual(['unknown', 'unknown', 'unknown']);
  expect([0.39, 0].map((p) => judged(p).verdict)).toEqual(['other', 'other']);
  expect(judged(0.41)).toMatchObject({ predicted: 'other', verdict: 'unknown' });
  const exact = { ...card, thresholds: { mining: 0.75 } };
  expect(judged(0.75, null, exact).verdict).toBe('mining');
});

test('a label without a threshold is always a verdict', () => {
  expect(judged(0.49, null, { ...card, thresholds: {} }).verdict).toBe('other');
});

test('risk is the probability of the positive label in tenths, predicted or not', () => {
  expect([0, 0.04, 0.06, 0.5, 0.94, 0.96, 1].map((p) => judged(p).risk)).toEqual([0, 0, 1, 5, 9, 10, 10]);
  expect(judged(0.9, null, { ...card, positive: null }).risk).toBeNull();
});

test('of a flow out of scope there is no verdict and no risk, and the evidence says why', () => {
  expect(judged(0.99, 'Too short.')).toMatchObject({
    predicted: 'mining',
    verdict: 'unknown',
    risk: 0,
    evidence: [{ source: 'behaviour', finding: 'Too short.', weight: 0 }],
  });
});

test('evidence weighs by the log odds of the score, bounded where the model cannot be that sure', () => {
  const weight = (p: number) => judged(p).evidence[0]!.weight;
  expect(weight(0.75)).toBeCloseTo(Math.log(3), 3);
  expect(weight(0.5)).toBe(0);
  expect(Number.isFinite(weight(1))).toBe(true);
  expect(weight(1)).toBeGreaterThan(9);
});

test('of a model with a positive label the evidence weighs for that label, whatever is predicted', () => {
  expect(judged(0.25).evidence[0]!.weight).toBeCloseTo(-Math.log(3), 3);
  expect(judged(0.25, null, { ...card, positive: null }).evidence[0]!.weight).toBeCloseTo(Math.log(3), 3);
});

const proof = { source: 'protocol', finding: 'Stratum v1.', weight: 10 };
const name = { source: 'names', finding: 'A pool by its name.', weight: 2 };
const judgedWith = (mining: number, findings: readonly Finding[], silence: string | null = null) =>
  judge(card, Float32Array.from([1 - mining, mining]), 0, silence, findings);

test('messages that were read are a verdict, even of a flow of which the model does not speak', () => {
  expect(judgedWith(0.01, [proof])).toMatchObject({ predicted: 'mining', verdict: 'mining', risk: 10 });
  const short = judgedWith(0.01, [proof], 'Too short.');
  expect(short).toMatchObject({ predicted: 'mining', verdict: 'mining' });
  expect(short.evidence.map(({ source }) => source)).toEqual(['protocol', 'behaviour']);
});

test('a name tips what the model leaves open, and is no verdict by itself', () => {
  expect(judged(0.8).verdict).toBe('unknown');
  expect(judgedWith(0.8, [name])).toMatchObject({ predicted: 'mining', verdict: 'mining' });
  expect(judgedWith(0.8, [{ ...name, weight: 3 }], 'Too short.').verdict).toBe('unknown');
  expect(judgedWith(0.02, [name])).toMatchObject({ predicted: 'other', verdict: 'other' });
});

test('a model that is on the look-out for nothing hears no other evidence', () => {
  const own = { ...card, positive: null };
  expect(judge(own, Float32Array.from([0.9, 0.1]), 0, null, [proof])).toMatchObject({ predicted: 'other', risk: null });
});

test('what the positive label takes is taken from all others alike', () => {
  const three = { ...card, labels: ['other', 'mining', 'vpn'], thresholds: {} };
  const { predicted, score } = judge(three, Float32Array.from([0.6, 0.2, 0.2]), 0, null, [{ ...name, weight: -1 }]);
  const mining = 1 / (1 + 4 * Math.E);
  expect(predicted).toBe('other');
  expect(score).toBeCloseTo((1 - mining) * 0.75, 4);
});

function tableOf(protocol: string | null, fwdPayloads: number, bwdPayloads: number): Table {
  const table = createTable(FEATURES, 1);
  table.length = 1;
  appendText(table.columns.get('protocol') as TextColumn, 0, protocol);
  (table.columns.get('fwd_payload_packets') as ScalarColumn<'uint32'>).values[0] = fwdPayloads;
  (table.columns.get('bwd_payload_packets') as ScalarColumn<'uint32'>).values[0] = bwdPayloads;
  return table;
}

test('a model speaks of the transports that it was trained on, and of flows that are long enough', () => {
  expect(outOfScope(card, tableOf('tcp', 3, 2), 0)).toBeNull();
  expect(outOfScope(card, tableOf('tcp', 3, 1), 0)).toMatch(/^Only 4 packets with payload; the model needs 5 /);
  expect(outOfScope(card, tableOf('udp', 30, 20), 0)).toMatch(/trained on tcp flows and does not speak of udp/);
});

test('verdict columns stand behind the others, and those of an earlier scoring give way', () => {
  const names = (specs: readonly { name: string }[]) => specs.map(({ name }) => name);
  const added = ['predicted', 'score', 'verdict', 'risk', 'evidence', 'model'];
  const once = withVerdictColumns(FEATURES);
  expect(names(once)).toEqual([...names(FEATURES), ...added]);
  expect(names(withVerdictColumns(once))).toEqual(names(once));

  const scored = withVerdicts(FEATURES, tableOf('tcp', 9, 9), [judged(0.95)]);
  const value = (name: string) => textAt(scored.columns.get(name) as TextColumn, 0);
  expect([value('predicted'), value('verdict'), value('model')]).toEqual(['mining', 'mining', 'example@1.0.0']);
  const riskless = withVerdicts(FEATURES, tableOf('tcp', 9, 9), [judged(0.95, null, { ...card, positive: null })]);
  expect((riskless.columns.get('risk') as ScalarColumn<'uint8'>).valid[0]).toBe(0);
});
