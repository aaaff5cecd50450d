/** The ring of recent verdicts: numbers that only grow, and no more memory than was said. */
import { describe, expect, test } from 'vitest';
import { packTable } from '../../../core/copy-table.ts';
import { takeTableRows } from '../../../core/table.ts';
import { VerdictRing } from '../../../serve/http/verdict-ring.ts';
import { AlertReason } from '../../../serve/live/items.ts';
import { judgedRows } from './memory-service.ts';

const numbers = (rows: readonly { readonly sequence: number }[]) => rows.map(({ sequence }) => sequence);
const alertOf = (n: number) => {
  const { rows, model } = judgedRows(1, n);
  return { kind: 'alert', rows, model, reason: AlertReason.New, before: null, heldBack: 2 } as const;
};

const packed = (count: number, from: number) => {
  const { rows, ...rest } = judgedRows(count, from);
  return { ...rest, rows: packTable(rows) };
};

/** Tables of the sidecar are packed, those of others may be plain: both must say the same. */
describe.each([
  ['plain', 5, judgedRows],
  ['plain', 200, judgedRows],
  ['packed', 5, packed],
  ['packed', 200, packed],
])('rows in %s tables of %i', (_, size, rowsOf) => {
  const filled = (rows: number, bytes?: number) => {
    const ring = new VerdictRing({ rows, firstSequence: 100, ...(bytes === undefined ? {} : { bytes }) });
    for (let from = 0; from < 1_000; from += size) ring.push(rowsOf(size, from));
    return ring;
  };

  test('are numbered, found newest first, and looked through oldest first', () => {
    const ring = filled(400);
    expect([ring.oldest, ring.newest]).toEqual([700, 1_099]);
    expect(numbers(ring.newestFirst({}, 3))).toEqual([1_099, 1_098, 1_097]);
    expect(numbers(ring.newestFirst({}, 3, 0, 1_050))).toEqual([1_049, 1_048, 1_047]);
    expect(numbers(ring.newestFirst({}, 9, 1_096))).toEqual([1_099, 1_098, 1_097]);
    expect(ring.newestFirst({}, 10_000)).toHaveLength(400);
    expect(numbers(ring.next({}, 1_090, 4).rows)).toEqual([1_091, 1_092, 1_093, 1_094]);
    expect(ring.next({}, 0, 2)).toMatchObject({ upTo: 701 });
    expect(ring.next({}, 1_099, 5)).toEqual({ rows: [], upTo: 1_099 });
    expect(numbers(ring.next({ verdict: 'mining' }, 1_090, 9).rows)).toEqual([1_093, 1_096, 1_099]);
    expect(ring.next({ verdict: 'nothing' }, 1_090, 5)).toEqual({ rows: [], upTo: 1_095 });
  });

  test('are what their table says', () => {
    const ring = filled(400);
    const row = JSON.parse(ring.newestFirst({}, 1)[0]!.json());
    expect(Object.keys(row)[0]).toBe('sequence');
    expect(row).toMatchObject({
      sequence: 1_099,
      flow_id: 1_999,
      verdict: 'mining',
      first_seen: '2026-02-03T04:05:06.000000789Z',
    });
    expect(row.evidence).toHaveLength(1);
  });

  test('are filtered', () => {
    const ring = filled(400);
    expect(ring.newestFirst({ verdict: 'mining' }, 1_000)).toHaveLength(134);
    expect(ring.newestFirst({ minRisk: 1 }, 1_000)).toHaveLength(134);
    expect(ring.newestFirst({ minScore: 0.97 }, 1_000)).toHaveLength(266);
    expect(numbers(ring.newestFirst({ host: '10.0.3.200' }, 9))).toEqual([1_068]);
    expect(ring.newestFirst({ host: 'POOL.example' }, 9)).toHaveLength(9);
    expect(ring.newestFirst({ host: 'pool' }, 9)).toEqual([]);
    expect(ring.newestFirst({ kind: 'alert' }, 9)).toEqual([]);
  });

  test('are found by their flow, the newest of several', () => {
    const ring = filled(400);
    expect(ring.find({ flowId: 1_999 })?.sequence).toBe(1_099);
    expect(ring.find({ flowId: 1_000 })).toBeNull();
    expect(ring.find({ flowId: 1_999, part: 1 })).toBeNull();
    expect(ring.find({ flowId: 1_999, rowKind: 'end', capture: 'a.pcap', part: 0 })?.sequence).toBe(1_099);
    expect(ring.find({ flowId: 1_999, sequence: 1_099 })?.sequence).toBe(1_099);
    expect(ring.find({ flowId: 1_999, sequence: 1_098 })).toBeNull();
    ring.push(judgedRows(1, 999));
    expect(ring.find({ flowId: 1_999 })?.sequence).toBe(1_100);
  });

  test('take no more bytes than allowed, but for the newest table', () => {
    const ring = filled(100_000, 1_000_000);
    expect(ring.bytes).toBeLessThan(1_000_000);
    expect(ring.oldest).toBeGreaterThan(100);
    expect(filled(100_000, 1).newestFirst({}, 1_000)).toHaveLength(size);
  });
});

test('alerts say why', () => {
  const ring = new VerdictRing({ firstSequence: 1 });
  ring.push(judgedRows(2));
  ring.push(alertOf(0));
  const [alert] = ring.newestFirst({ kind: 'alert' }, 9);
  expect(JSON.parse(alert!.json())).toMatchObject({
    sequence: 3,
    alert: { reason: 'new', before: null, held_back: 2 },
    flow_id: 1_000,
  });
  expect(numbers(ring.newestFirst({ kind: 'verdict' }, 9))).toEqual([2, 1]);
});

test('a later run goes on with higher numbers', () => {
  expect(new VerdictRing().newest).toBeGreaterThan(1.7e15);
  expect(Number.isSafeInteger(new VerdictRing().newest + 1e9)).toBe(true);
});

test('whoever listens is told, until it is not', () => {
  const ring = new VerdictRing();
  let told = 0;
  const stop = ring.onPush(() => told++);
  ring.push(judgedRows(3));
  const none = judgedRows(1);
  ring.push({ ...none, rows: takeTableRows(none.rows, []) });
  stop();
  ring.push(judgedRows(3));
  expect(told).toBe(1);
});
