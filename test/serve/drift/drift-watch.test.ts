import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { createColumn, type Table, takeTableRows } from '../../../core/table.ts';
import { appendText } from '../../../core/text-column.ts';
import { specsOfNames } from '../../../features/text/text-reader.ts';
import { readCard } from '../../../models/card.ts';
import { histogramOf, SCORE_HISTOGRAM, writeHistogram } from '../../../models/reference.ts';
import { DriftWatch } from '../../../serve/drift/drift-watch.ts';
import { inputReferences, type ReferenceCard } from '../../../serve/drift/reference.ts';
import type { JudgedRows } from '../../../serve/live/items.ts';
import { withVerdicts } from '../../../serve/verdict-columns.ts';
import { heldBytes } from '../../support/heap.ts';
import { miningModel, verdictOf } from '../../support/scored-rows.ts';

const NAMES = ['fwd_packets', 'bwd_packets', 'fwd_bytes'] as const;
const START = 1_770_000_000 - (1_770_000_000 % 3_600);

/** What the model learnt on: numbers from 0 to 999, as often as each other. */
const learnt = writeHistogram(histogramOf(Float32Array.from({ length: 1_000 }, (_, i) => i)));
const card: ReferenceCard = {
  ...miningModel,
  inputs: NAMES.map((name) => ({ name, type: name === 'fwd_bytes' ? 'uint53' : 'uint32', revision: 1 })),
  metrics: { inputHistograms: Object.fromEntries(NAMES.map((name) => [name, learnt])) },
};

interface Traffic {
  readonly count: number;
  readonly from?: number;
  readonly perSecond?: number;
  readonly value?: (name: string, random: Prng) => number | null;
  readonly verdict?: (i: number) => string;
  readonly word?: (i: number, random: Prng) => number;
  readonly payloadPackets?: (i: number) => number;
  readonly seed?: number;
}

const anyNumber = (_: string, random: Prng) => random.uint32() % 1_000;

function traffic(said: Traffic): JudgedRows {
  const { count, from = START, perSecond = 1, value = anyNumber, verdict = () => 'other', seed = 1 } = said;
  const random = new Prng(seed);
  const numbers = Object.fromEntries(
    NAMES.map((name) => {
      const column = createColumn(name === 'fwd_bytes' ? 'uint53' : 'uint32', count);
      for (let i = 0; i < count; i++) {
        const cell = value(name, random);
        column.values[i] = cell ?? 0;
        column.valid[i] = cell === null ? 0 : 1;
      }
      return [name, column];
    }),
  );
  const times = createColumn('timestamp_ns', count);
  const payloads = createColumn('uint32', count);
  const protocol = createColumn('utf8', count);
  for (let i = 0; i < count; i++) {
    times.values[i] = BigInt(Math.round((from + i / perSecond) * 1000)) * 1_000_000n;
    payloads.values[i] = said.payloadPackets?.(i) ?? 9;
    times.valid[i] = payloads.valid[i] = 1;
    appendText(protocol, i, 'tcp');
  }
  const columns = { ...numbers, last_seen: times, fwd_payload_packets: payloads, protocol };
  const specs = specsOfNames(Object.keys(columns));
  const table: Table = { specs, columns: new Map(Object.entries(columns)), length: count };
  const verdicts = Array.from({ length: count }, (_, i) =>
    verdictOf({
      verdict: verdict(i),
      evidence: [{ source: 'behaviour', finding: 'A word.', weight: said.word?.(i, random) ?? -3 }],
    }),
  );
  return { kind: 'rows', rows: withVerdicts(specs, table, verdicts), model: miningModel };
}

test('traffic as the model learnt on is stable, and each window says so', () => {
  const watch = new DriftWatch({ card });
  const records = watch.take(traffic({ count: 7_300 }));
  expect(records.map(({ time }) => time)).toEqual(
    [START + 3_600, START + 7_200].map((s) => new Date(s * 1000).toISOString()),
  );
  expect(records[1]!.body).toMatchObject({
    model: 'mining@7',
    unknown_share: 0,
    inputs_compared: 3,
    inputs_moved: 0,
    inputs_drifted: 0,
    most: [{ shift: 'stable' }, { shift: 'stable' }, { shift: 'stable' }],
  });
  expect(watch.facts()).toMatchObject({ windows: 2, inputs_drifted: 0 });
  expect(watch.facts()['psi_max']).toBeLessThan(0.02);
});

test('what moved most comes first, in words with what it was', () => {
  const watch = new DriftWatch({ card, most: 2 });
  const value = (name: string, random: Prng) =>
    name === 'fwd_packets' ? (random.uint32() % 2 ? null : 50) : name === 'fwd_bytes' ? 950 : random.uint32() % 1_000;
  const [record] = watch.take(traffic({ count: 3_700, value }));
  const most = record!.body['most'] as { input: string; psi: number; shift: string; finding: string }[];
  expect(most.map(({ input, shift }) => [input, shift])).toEqual([
    ['fwd_packets', 'drifted'],
    ['fwd_bytes', 'drifted'],
  ]);
  expect(most[1]!.finding).toBe('100 % are 900 or more (10 % where the model learnt)');
  expect(most[0]!.finding).toMatch(/^(49|50|51) % have no value \(0 % where the model learnt\)$/);
  expect(watch.inputs().map(({ input }) => input)).toEqual(['fwd_packets', 'fwd_bytes', 'bwd_packets']);
  expect(record!.body['sentence']).toBe(
    'Of 3 inputs of mining@7, 2 drifted and 0 moved from where it learnt; 0 % of rows are unknown.',
  );
});

test('nothing is said of too few rows', () => {
  const watch = new DriftWatch({ card });
  expect(watch.take(traffic({ count: 900, perSecond: 0.2, value: () => 5 }))).toEqual([]);
  expect(watch.facts()).not.toHaveProperty('psi_max');
  expect(watch.facts()).toMatchObject({ unknown_share: 0 });
  // Rows of the windows before count on, ever less.
  expect(watch.take(traffic({ count: 3_700, from: START + 4_500, value: () => 5 }))).toHaveLength(1);
});

test('rows of which the model does not speak are no drift of its inputs; they are a share of their own', () => {
  const watch = new DriftWatch({ card });
  const payloadPackets = (i: number) => (i % 4 === 0 ? 2 : 9);
  const verdict = (i: number) => (i % 4 < 2 ? 'unknown' : 'other');
  watch.take(traffic({ count: 3_700, payloadPackets, verdict }));
  expect(watch.facts()).toMatchObject({ inputs_drifted: 0, silent_share: 0.25, unknown_share: 0.5 });
});

test('scores are compared with those on the card', () => {
  const words = Float32Array.from({ length: 1_000 }, (_, i) => i / 100 - 5);
  const told = { ...card, metrics: { ...card.metrics, [SCORE_HISTOGRAM]: writeHistogram(histogramOf(words)) } };
  const word = (_: number, random: Prng) => (random.uint32() % 1_000) / 100 - 5;
  const same = new DriftWatch({ card: told });
  expect(same.take(traffic({ count: 3_700, word }))[0]!.body['score']).toMatchObject({
    shift: 'stable',
    compared_with: 'the model card',
  });
  const other = new DriftWatch({ card: told });
  const [record] = other.take(traffic({ count: 3_700, word: () => 4.9 }));
  expect(record!.body['score']).toMatchObject({ shift: 'drifted' });
  expect(other.facts()['score_psi']).toBeGreaterThan(0.25);
});

test('a card without them is helped out by the first scores here, which a restart keeps', () => {
  const word = (i: number, random: Prng) => (random.uint32() % 1_000) / 100 - 5 + (i > 8_000 ? 3 : 0);
  const watch = new DriftWatch({ card });
  const records = watch.take(traffic({ count: 14_500, word }));
  const shifts = records.map(({ body }) => (body['score'] as { shift: string } | null)?.shift);
  expect(shifts[0]).toBeUndefined();
  expect(shifts[1]).toBe('stable');
  expect(shifts.at(-1)).toBe('drifted');
  const again = new DriftWatch({ card });
  expect(again.restore(JSON.parse(JSON.stringify(watch)))).toBe(true);
  const [record] = again.take(traffic({ count: 3_700, word: () => 8 }));
  expect(record!.body['score']).toMatchObject({ shift: 'drifted', compared_with: 'the first rows here' });
  expect(again.restore({ ...watch.toJSON(), model: 'mining@8' })).toBe(false);
  for (const state of [null, 7, {}, { version: 1, model: 'mining@7', scores: 'x' }]) {
    expect(new DriftWatch({ card }).restore(state)).toBe(false);
  }
});

test('of many rows some are looked at, and the shares are still those of all', () => {
  const rows = { count: 60_000, perSecond: 16, verdict: (i: number) => (i < 30_000 ? 'unknown' : 'other') };
  const watch = new DriftWatch({ card, sampleRows: 1_024 });
  watch.take(traffic(rows));
  expect(watch.facts()['unknown_share']).toBeCloseTo(30_000 / 57_600, 1);
  expect(watch.facts()['psi_max']).toBeLessThan(0.05);
});

test('a clock that steps back, a little or far, is followed, and late rows are counted where they come', () => {
  const watch = new DriftWatch({ card });
  watch.take(traffic({ count: 3_000 }));
  expect(watch.take(traffic({ count: 10, from: START - 7_200 }))).toEqual([]);
  expect(watch.take(traffic({ count: 100, from: START - 90 * 86_400 }))).toHaveLength(1);
  expect(watch.take(traffic({ count: 3_700, from: START - 90 * 86_400 + 100 }))).toHaveLength(1);
  expect(watch.take(traffic({ count: 1, from: START + 1e9 }))).toHaveLength(1);
  expect(watch.facts()['windows']).toBe(3);
});

test('the same rows say the same in tables of any size', () => {
  const value = (name: string, random: Prng) => (name === 'fwd_bytes' ? 5 : random.uint32() % 900);
  const whole = new DriftWatch({ card, sampleRows: 256, minRows: 100 });
  const pieces = new DriftWatch({ card, sampleRows: 256, minRows: 100 });
  const { rows, ...judged } = traffic({ count: 8_000, value });
  const together = whole.take({ ...judged, rows });
  const apart = Array.from({ length: 80 }, (_, i) => Array.from({ length: 100 }, (__, k) => 100 * i + k)).flatMap(
    (some) => pieces.take({ ...judged, rows: takeTableRows(rows, some) }),
  );
  expect(together).toHaveLength(2);
  expect(apart).toEqual(together);
});

test('a table without some of the inputs is compared by the others', () => {
  const part = traffic({ count: 3_700 });
  const columns = new Map([...part.rows.columns].filter(([name]) => name !== 'fwd_bytes'));
  const watch = new DriftWatch({ card });
  const judged = {
    ...part,
    rows: { ...part.rows, specs: part.rows.specs.filter(({ name }) => name !== 'fwd_bytes'), columns },
  };
  expect(watch.take(judged)).toMatchObject([{ body: { inputs_compared: 2, inputs_drifted: 0 } }]);
});

test('the end of a run compares what there is; another model begins anew', () => {
  const watch = new DriftWatch({ card });
  watch.take(traffic({ count: 2_000 }));
  expect(watch.finish()).toHaveLength(1);
  watch.reconfigure({ card, most: 1 });
  expect(watch.facts()['windows']).toBe(1);
  watch.reconfigure({ card: { ...card, version: '8' } });
  expect(watch.facts()).toEqual({ windows: 0 });
  expect(watch.finish()).toEqual([]);
});

test('months of rows leave the memory as it is', () => {
  const watch = new DriftWatch({ card, sampleRows: 64 });
  const month = (from: number) => watch.take(traffic({ count: 50_000, from, perSecond: 0.02 }));
  month(START);
  const early = heldBytes();
  for (let i = 1; i < 6; i++) month(START + i * 2.5e6);
  expect(heldBytes() - early).toBeLessThan(30_000_000);
});

test('the model that ships has a reference for each of its inputs', () => {
  const shipped = readCard(readFileSync(new URL('../../../models/zoo/mining/card.json', import.meta.url), 'utf8'));
  expect(inputReferences(shipped).map(({ name }) => name)).toEqual(shipped.inputs.map(({ name }) => name));
});

test.each([{ windowSeconds: 0 }, { minRows: Number.NaN }, { most: -1 }])(
  'options that cannot be are refused: %j',
  (options) => {
    expect(() => new DriftWatch({ card, ...options })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  },
);
