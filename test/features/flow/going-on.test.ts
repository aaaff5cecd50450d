/**
 * Rows of flows that go on, against a slow twin: the same capture cut after each of its packets, and extracted anew. What
 * a flow was at its N-th packet, or when an interval was over, is its `end` row in the capture that stops there.
 */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { ExtractOptions } from '../../../features/extractor.ts';
import { type Frame, pcap } from '../../support/captures.ts';
import { Flag, tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';
import { CLIENT_HELLO, message, record, SERVER_HELLO_12 } from '../protocol/tls/hello-bytes.ts';
import { rowsOfScript } from './flow-capture.ts';

const HELLOS = [record(22, message(1, CLIENT_HELLO)), record(22, message(2, SERVER_HELLO_12))] as const;
const FLAGS = [Flag.SYN, Flag.SYN | Flag.ACK, Flag.ACK, Flag.ACK, Flag.PSH | Flag.ACK, Flag.FIN | Flag.ACK, Flag.RST];

interface Timed {
  readonly us: number;
  readonly ns: number;
  readonly bytes: Uint8Array;
}

/** Packets of few flows in time order; no two at the same nanosecond. */
function randomPackets(prng: Prng, count: number): Timed[] {
  let us = 1_000_000;
  const hosts = prng.integer(1, 4);
  return Array.from({ length: count }, (_, ns) => {
    us += prng.pick([0, 1000, prng.below(500_000), prng.below(3_000_000), prng.chance(0.1) ? 12_000_000 : 0]);
    const ends = { from: `10.0.0.${prng.integer(1, hosts)}:40000`, to: '10.0.0.9:443' };
    const turned = prng.chance(0.4);
    const { from, to } = turned ? { from: ends.to, to: ends.from } : ends;
    const payload = prng.chance(0.3) ? HELLOS[turned ? 1 : 0] : new Uint8Array(prng.below(40));
    if (prng.chance(0.15)) return { us, ns, bytes: udp(from, to, payload) };
    return { us, ns, bytes: tcp({ from, to, flags: prng.pick(FLAGS), seq: prng.pick([1, 1, 1, 2]), payload }) };
  });
}

function rowsOf(packets: readonly Timed[], options: ExtractOptions): Row[] {
  const frames = packets.map(({ us, ns, bytes }): Frame => ({ at: us / 1e6 + ns / 1e9, bytes }));
  return extractRows(pcap(frames, { nanoseconds: true }), options).rows;
}

const partOf = (row: Row) => `${row['flow_id']}/${row['part']}`;
const packetsOf = (row: Row) => Number(row['fwd_packets']) + Number(row['bwd_packets']);

/** What a row says of its flow, whatever made it a row. */
function content(row: Row): Row {
  const { row_kind: _, end_reason: __, ...rest } = row;
  return rest;
}

interface Due {
  readonly kind: 'prefix' | 'interval' | 'end';
  readonly us: number;
  readonly ns: number;
  readonly row: Row;
}

/** All rows that are due, in their order. */
function twin(packets: readonly Timed[], options: ExtractOptions): Row[] {
  const { emit, ...plain } = options;
  const idle = plain.idleTimeout! * 1e6;
  const active = plain.activeTimeout! * 1e6;
  // cuts[k] holds the rows of the first k packets by part.
  const cuts = packets.map((_, k) => new Map(rowsOf(packets.slice(0, k), plain).map((row) => [partOf(row), row])));
  cuts.push(new Map(rowsOf(packets, plain).map((row) => [partOf(row), row])));
  const due: Due[] = [];
  for (const [part, last] of cuts.at(-1)!) {
    const counts = cuts.map((rows) => (rows.has(part) ? packetsOf(rows.get(part)!) : 0));
    const mine = packets.filter((_, k) => counts[k + 1]! > counts[k]!);
    const cutWith = (count: number) => cuts[counts.findIndex((found) => found >= count)]!.get(part)!;
    for (const prefix of emit!.prefixes) {
      const packet = mine[prefix - 1];
      if (packet !== undefined) due.push({ kind: 'prefix', us: packet.us, ns: packet.ns, row: cutWith(prefix) });
    }
    const first = mine[0]!;
    const step = emit!.intervalUs ?? Infinity;
    for (let us = first.us + step; us <= packets.at(-1)!.us && us < first.us + active; us += step) {
      const before = mine.filter((packet) => packet.us < us).at(-1)!;
      const row = cuts[packets.filter((packet) => packet.us < us).length]!.get(part)!;
      const isOpen = row['end_reason'] === 'eof' && before.us + idle > us;
      if (isOpen && before.us >= us - step) due.push({ kind: 'interval', us, ns: 0, row });
    }
    const closing =
      packets[cuts.findIndex((rows) => ['fin', 'rst'].includes(String(rows.get(part)?.['end_reason']))) - 1];
    const latest = mine.at(-1)!;
    const ends: Record<string, { us: number; ns: number }> = {
      eof: { us: Infinity, ns: 0 },
      idle: { us: latest.us + idle, ns: latest.ns },
      active: { us: first.us + active, ns: first.ns },
    };
    // A new connection ends what was half closed at its own first microsecond.
    const end = ends[String(last['end_reason'])] ?? { us: closing!.us, ns: mine.includes(closing!) ? closing!.ns : 0 };
    if (emit!.end) due.push({ kind: 'end', us: end.us, ns: end.ns, row: last });
  }
  return due.sort(inOrder).map(({ kind, row }) => ({ row_kind: kind, ...content(row) }));
}

const RANK = { interval: 0, prefix: 1, end: 2 } as const;

function inOrder(a: Due, b: Due): number {
  if (a.us !== b.us) return a.us < b.us ? -1 : 1;
  const id = (due: Due) => Number(due.row['flow_id']);
  const part = (due: Due) => Number(due.row['part']);
  return (
    a.ns - b.ns ||
    id(a) - id(b) ||
    part(a) - part(b) ||
    RANK[a.kind] - RANK[b.kind] ||
    packetsOf(a.row) - packetsOf(b.row)
  );
}

const SETTINGS: readonly (readonly [string, ExtractOptions])[] = [
  ['timeouts longer than the interval', { idleTimeout: 10, activeTimeout: 60 }],
  ['an idle timeout shorter than the interval', { idleTimeout: 2, activeTimeout: 60 }],
  ['an active timeout shorter than the interval', { idleTimeout: 30, activeTimeout: 3 }],
  ['an active timeout of exactly two intervals', { idleTimeout: 30, activeTimeout: 8 }],
];

describe.each(SETTINGS)('with %s', (name, timeouts) => {
  test('prefix, interval and end rows are those of the twin, in its order', () => {
    const prng = new Prng(`rows of flows that go on, ${name}`);
    for (let round = 0; round < 4; round++) {
      const packets = randomPackets(prng, prng.integer(10, 60));
      const options = { ...timeouts, emit: { end: round !== 3, prefixes: [1, 2, 5, 11], intervalUs: 4_000_000 } };
      const rows = rowsOf(packets, options).map((row) => ({ ...content(row), row_kind: row['row_kind'] }));
      const expected = twin(packets, options);
      const short = (list: readonly Row[]) => list.map((row) => `${row['row_kind']} ${partOf(row)} ${packetsOf(row)}`);
      expect(short(rows), `round ${round}`).toEqual(short(expected));
      expect(rows, `round ${round}`).toEqual(expected);
    }
  });
});

const kinds = (rows: readonly Row[]) => rows.map((row) => `${row['row_kind']} ${packetsOf(row)} ${row['end_reason']}`);
const emit = (prefixes: readonly number[], intervalSeconds: number | null = null, end = true): ExtractOptions => ({
  emit: { end, prefixes, intervalUs: intervalSeconds === null ? null : intervalSeconds * 1e6 },
});

describe('prefix rows', () => {
  test('come once each, and not at all for flows that are too short', () => {
    const text = Array.from({ length: 5 }, (_, i) => `${i} high > low UDP 0 1`).join('\n');
    expect(kinds(rowsOfScript(text, emit([2, 5, 6])))).toEqual(['prefix 2 null', 'prefix 5 null', 'end 5 eof']);
    expect(kinds(rowsOfScript(text, emit([2, 6], null, false)))).toEqual(['prefix 2 null']);
  });

  test('at one instant come the shorter first, and before the end that the last packet brings', () => {
    const text = `1 client > server SYN 1
                  1 client > server ACK 2
                  1 client > server RST 2`;
    expect(kinds(rowsOfScript(text, emit([1, 2, 3])))).toEqual([
      'prefix 1 null',
      'prefix 2 null',
      'prefix 3 null',
      'end 3 rst',
    ]);
  });

  test('count from the start of each part', () => {
    const text = Array.from({ length: 6 }, (_, i) => `${i * 4} high > low UDP 0 1`).join('\n');
    const rows = rowsOfScript(text, { activeTimeout: 10, ...emit([2]) });
    expect(rows.map((row) => `${row['part']} ${row['row_kind']}`)).toEqual(['0 prefix', '0 end', '1 prefix', '1 end']);
  });

  test('do not show a hello that came later', () => {
    const ends = { from: '10.0.0.1:40000', to: '10.0.0.2:443' };
    const back = { from: ends.to, to: ends.from };
    // The ClientHello in two segments: before the second, nothing of it is known.
    const frames = [
      tcp({ ...ends, flags: Flag.SYN, seq: 99 }),
      tcp({ ...ends, seq: 100, payload: HELLOS[0].subarray(0, 30) }),
      tcp({ ...ends, seq: 130, payload: HELLOS[0].subarray(30) }),
      tcp({ ...back, seq: 900, payload: HELLOS[1] }),
    ];
    const { rows } = extractRows(pcap(frames.map((bytes, i) => ({ at: i, bytes }))), emit([1, 2, 3, 4]));
    expect(rows.map((row) => row['sni'])).toEqual([null, null, 'example.com', 'example.com', 'example.com']);
    expect(rows.map((row) => row['ja3s'] !== null)).toEqual([false, false, false, true, true]);
  });
});

describe('interval rows', () => {
  test('come for intervals with packets, counted from the first, and hold what came before their end', () => {
    const text = `1    high > low UDP 0 1
                  1.5  high > low UDP 0 1
                  3    high > low UDP 0 1
                  7.5  high > low UDP 0 1
                  20   10.0.0.7:5000 > 10.0.0.8:6000 UDP`;
    // [1, 3) has two packets, [3, 5) one, [5, 7) none, [7, 9) one, and then it is silent.
    expect(kinds(rowsOfScript(text, emit([], 2))).slice(0, 3)).toEqual([
      'interval 2 null',
      'interval 3 null',
      'interval 4 null',
    ]);
    expect(rowsOfScript(text, emit([], 2)).filter((row) => row['row_kind'] === 'interval')).toHaveLength(3);
  });

  test('stop at a FIN or RST', () => {
    const text = `1 client > server SYN 1
                  2 server > client RST 1
                  4 client > server ACK 2
                  9 high > low UDP`;
    expect(kinds(rowsOfScript(text, emit([], 2))).filter((kind) => kind.startsWith('interval'))).toEqual([]);
  });

  test('of a hundred flows at once come in the order of their ends', () => {
    const lines = Array.from(
      { length: 600 },
      (_, i) => `${i / 10} 10.0.0.1:${5000 + ((i * 7) % 100)} > 10.0.0.9:80 UDP`,
    );
    const rows = rowsOfScript(lines.join('\n'), emit([], 15, false));
    const ends = rows.map((row) => {
      const since = (name: string) => Date.parse(String(row[name])) / 1000;
      return since('first_seen') + 15 * (Math.floor((since('last_seen') - since('first_seen')) / 15) + 1);
    });
    expect(ends).toHaveLength(300);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
  });
});
