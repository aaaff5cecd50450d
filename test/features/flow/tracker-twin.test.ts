/** The tracker and its statistics against the slow twin, on random packets. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { twinRow } from '../../oracle/flow-row-twin.ts';
import { type TwinOptions, type TwinPacket, twinFlows } from '../../oracle/flow-twin.ts';
import { payloadOf } from '../../oracle/packet-columns-twin.ts';
import { pcap } from '../../support/captures.ts';
import { tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';

const FLAG_BITS = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32, E: 64, C: 128 } as const;
/** Header lengths and where the time to live stands in those of IPv4 and IPv6. */
const ETHERNET = 14;
const TTL = 8;
const HOP_LIMIT = 7;
const FLAGS = ['S', 'SA', 'SA', 'A', 'A', 'A', 'PA', 'PA', 'PA', 'FA', 'FA', 'RA', 'R', 'AU', 'AE', 'AC', 'F', 'SF'];

/** Few endpoints, so that ports are used again and again. */
function endpointsOf(prng: Prng): readonly [string, string] {
  const host = prng.chance(0.3) ? (n: number) => `[fd00::${n}]` : (n: number) => `10.0.0.${n}`;
  const side = () => `${host(prng.integer(1, 3))}:${prng.pick([443, 80, 40000, 50000])}`;
  const from = side();
  for (;;) {
    const to = side();
    if (to !== from) return [from, to];
  }
}

interface Stream {
  readonly count: number;
  /** How many microseconds a packet's time may go back. */
  readonly back: number;
}

function randomPackets(prng: Prng, { count, back }: Stream): TwinPacket[] {
  const sides = Array.from({ length: prng.integer(2, 10) }, () => endpointsOf(prng));
  let us = 1_000_000;
  return Array.from({ length: count }, (_, i) => {
    us += prng.pickWeighted([
      { weight: 10, value: prng.below(1000) },
      { weight: 6, value: prng.below(2_000_000) },
      { weight: 1, value: prng.pick([5_000_000, 10_000_000, 30_000_000]) },
      { weight: 1, value: prng.below(40_000_000) },
      { weight: 3, value: 0 },
    ]);
    const [a, b] = prng.pick(sides);
    const [from, to] = prng.chance(0.5) ? [a, b] : [b, a];
    const protocol = prng.chance(0.2) ? 'udp' : 'tcp';
    return {
      us: us - (prng.chance(0.2) ? prng.below(back + 1) : 0),
      // Never twice the same time: flows of one key that begin at the same nanosecond share a flow id.
      ns: i,
      from,
      to,
      protocol,
      flags: protocol === 'udp' ? '' : prng.pick(FLAGS),
      // Three neighbours, so that a side has at most one hole at a time (see segment-twin.ts).
      sequence: prng.pick([1, 0xffff_ffff, 0]),
      payload: prng.chance(0.4) ? 0 : prng.integer(1, 60),
      ttl: prng.below(256),
    };
  });
}

function inTimeOrder(packets: TwinPacket[]): TwinPacket[] {
  return packets.sort((a, b) => a.us - b.us || a.ns - b.ns);
}

function captureOf(packets: readonly TwinPacket[]): Uint8Array {
  const frames = packets.map((packet) => {
    const { from, to, sequence: seq } = packet;
    const payload = payloadOf(packet.payload);
    const flags = [...packet.flags].reduce((bits, letter) => bits | FLAG_BITS[letter as keyof typeof FLAG_BITS], 0);
    const bytes = packet.protocol === 'udp' ? udp(from, to, payload) : tcp({ from, to, flags, seq, payload });
    bytes[ETHERNET + (from.startsWith('[') ? HOP_LIMIT : TTL)] = packet.ttl;
    return { at: packet.us / 1e6 + packet.ns / 1e9, bytes };
  });
  return pcap(frames, { nanoseconds: true });
}

function bothWays(packets: readonly TwinPacket[], options: TwinOptions): { rows: Row[]; expected: Row[] } {
  const seconds = (us: number) => (us === Infinity ? 0 : us / 1e6);
  const { rows } = extractRows(captureOf(packets), {
    idleTimeout: seconds(options.idle),
    activeTimeout: seconds(options.active),
    maxFlows: options.maxFlows,
  });
  return { rows, expected: twinFlows(packets, options).map(twinRow) };
}

/**
 * What differs. Deviations from running sums of squares lose what lies below a millionth of the mean; everything else is
 * exact up to rounding.
 */
function differences(found: Row, expected: Row): string[] {
  return Object.entries(expected).flatMap(([name, wanted]) => {
    const value = found[name];
    const scale = name.includes('_std') ? Number(found[name.replace('_std', '_mean')] ?? 0) : 0;
    return isSame(value, wanted, scale) ? [] : [`${name}: ${JSON.stringify(value)}, not ${JSON.stringify(wanted)}`];
  });
}

function isSame(value: unknown, wanted: unknown, scale: number): boolean {
  if (typeof wanted === 'number' && typeof value === 'number') return isClose(value, wanted, scale);
  if (!Array.isArray(wanted) || !Array.isArray(value)) return JSON.stringify(value) === JSON.stringify(wanted);
  return value.length === wanted.length && wanted.every((item, i) => isSame(value[i], item, scale));
}

function isClose(value: number, wanted: number, scale: number): boolean {
  if (Number.isInteger(wanted) && Number.isInteger(value)) return value === wanted;
  return Math.abs(value - wanted) <= 1e-6 * Math.max(scale, Math.abs(wanted), 1e-2);
}

function expectSame(rows: readonly Row[], expected: readonly Row[], what: string): void {
  const short = (list: readonly Row[]) => list.map((row) => [row['flow_id'], row['part'], row['end_reason']].join(' '));
  expect(short(rows), what).toEqual(short(expected));
  expect(
    expected.flatMap((wanted, i) => differences(rows[i]!, wanted)),
    what,
  ).toEqual([]);
}

const SETTINGS: readonly (readonly [string, TwinOptions])[] = [
  ['the usual timeouts, scaled down', { idle: 20_000_000, active: 60_000_000, maxFlows: 1000 }],
  ['an idle timeout below the time a closed flow lingers', { idle: 2_000_000, active: 9_000_000, maxFlows: 1000 }],
  ['an active timeout below the idle timeout', { idle: 30_000_000, active: 3_000_000, maxFlows: 1000 }],
  ['no idle timeout', { idle: Infinity, active: 15_000_000, maxFlows: 1000 }],
  ['no timeouts', { idle: Infinity, active: Infinity, maxFlows: 1000 }],
  ['room for three flows', { idle: 20_000_000, active: 60_000_000, maxFlows: 3 }],
];

describe.each(SETTINGS)('%s', (name, options) => {
  test('packets in order give the rows of the twin, in its order', () => {
    const prng = new Prng(`twin, ${name}`);
    for (let round = 0; round < 15; round++) {
      const packets = inTimeOrder(randomPackets(prng, { count: prng.integer(1, 250), back: 0 }));
      const { rows, expected } = bothWays(packets, options);
      expectSame(rows, expected, `round ${round}`);
    }
  });

  test('packets out of order give the rows of the twin, in an order that may differ', () => {
    const prng = new Prng(`twin out of order, ${name}`);
    const byId = (a: Row, b: Row) =>
      Number(a['flow_id']) - Number(b['flow_id']) || Number(a['part']) - Number(b['part']);
    for (let round = 0; round < 15; round++) {
      const packets = randomPackets(prng, { count: prng.integer(1, 250), back: prng.pick([10, 10_000, 900_000]) });
      const { rows, expected } = bothWays(packets, options);
      expectSame(rows.sort(byId), expected.sort(byId), `round ${round}`);
    }
  });
});
