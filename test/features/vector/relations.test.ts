/** What must hold between the rows of related captures, whatever their numbers. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { FEATURES } from '../../../features/vector/schema.ts';
import { type Frame, pcap } from '../../support/captures.ts';
import { Flag, tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';

interface Step {
  /** Microseconds since the packet before. */
  readonly gap: number;
  readonly fromClient: boolean;
  readonly flags: number;
  readonly payload: number;
}

/** Gaps that add up to less than any threshold, or are beyond all of them, doubled or not. */
const clearGaps = (prng: Prng) => (prng.chance(0.2) ? prng.integer(6_000_000, 9_000_000) : prng.below(2000));

function randomSteps(prng: Prng, gaps = (by: Prng) => by.pick([0, 1, 500, by.below(1_000_000)])): Step[] {
  return Array.from({ length: prng.integer(1, 60) }, () => ({
    gap: gaps(prng),
    fromClient: prng.chance(0.5),
    flags: prng.pick([Flag.ACK, Flag.ACK | Flag.PSH, Flag.ACK | 32, Flag.ACK | 64, Flag.ACK | 128]),
    payload: prng.pick([0, 0, 10, prng.integer(1, 1400)]),
  }));
}

/** One flow between two high ports whose first packet is the client's, so that it is `fwd`. */
function rowOf(steps: readonly Step[], { timeScale = 1, swapped = false, protocol = 'tcp', padding = 0 } = {}): Row {
  let us = 1000;
  /** Numbers of the next byte of either side, by its address. */
  const next = new Map<string, number>();
  const frames = steps.map((step, i): Frame => {
    if (i > 0) us += step.gap * timeScale;
    const [from, to] =
      (step.fromClient || i === 0) !== swapped
        ? ['10.0.0.1:40000', '10.0.0.2:50000']
        : ['10.0.0.2:50000', '10.0.0.1:40000'];
    const payload = new Uint8Array(step.payload > 0 ? step.payload + padding : 0);
    const seq = next.get(from!) ?? 1;
    next.set(from!, seq + payload.length);
    const { flags } = step;
    return {
      at: us / 1e6,
      bytes: protocol === 'udp' ? udp(from!, to!, payload) : tcp({ from: from!, to: to!, flags, seq, payload }),
    };
  });
  const { rows } = extractRows(pcap(frames), { idleTimeout: 0, activeTimeout: 0 });
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

const times = (value: unknown, factor: number): unknown =>
  Array.isArray(value) ? value.map((item) => item * factor) : value === null ? null : Number(value) * factor;

/** The bins of each gap histogram, by side. */
const gapBins = (row: Row) =>
  ['fwd', 'bwd'].map((side) =>
    FEATURES.filter(({ name }) => name.startsWith(`${side}_gap_hist_`)).map(({ name }) => Number(row[name])),
  );

test('doubling every gap doubles the times, halves the rates, moves gaps on by a bin, and changes nothing else', () => {
  const prng = new Prng('doubled gaps');
  for (let round = 0; round < 100; round++) {
    const steps = randomSteps(prng, clearGaps);
    const row = rowOf(steps);
    const slow = rowOf(steps, { timeScale: 2 });
    for (const { name, unit } of FEATURES) {
      if (name === 'last_seen' || name.includes('_gap_hist_')) continue;
      const factor = unit === 'us' ? 2 : unit.endsWith('/min') ? 0.5 : 1;
      expect(slow[name], name).toEqual(factor === 1 ? row[name] : times(row[name], factor));
    }
    for (const [i, bins] of gapBins(row).entries()) {
      const moved = gapBins(slow)[i]!;
      expect(moved[0]! + moved[1]!).toBe(bins[0]);
      expect(moved.slice(2, 7)).toEqual(bins.slice(1, 6));
      expect(moved[7]).toBe(bins[6]! + bins[7]!);
    }
  }
});

test('padding every payload by as much changes sizes, and nothing else', () => {
  const prng = new Prng('padded');
  const padding = 7;
  for (let round = 0; round < 60; round++) {
    const steps = randomSteps(prng);
    const row = rowOf(steps);
    const padded = rowOf(steps, { padding });
    for (const { name } of FEATURES) {
      if (/message_size_(q1|median|q3)$|payload_size_(min|max)$/.test(name) && row[name] !== null) {
        expect(Number(padded[name]), name).toBeCloseTo(Number(row[name]) + padding, 9);
      } else if (
        !/bytes|payload_ratio|small_share|_size_(hist|cv|min|mean|std|max|median|near_share|kinds|ratio)|payload_sizes/.test(
          name,
        )
      ) {
        expect(padded[name], name).toEqual(row[name]);
      }
    }
  }
});

test('swapping the two sides swaps addresses and nothing else, for fwd follows the initiator', () => {
  const prng = new Prng('swapped sides');
  for (let round = 0; round < 60; round++) {
    const steps = randomSteps(prng);
    const row = rowOf(steps);
    const other = rowOf(steps, { swapped: true });
    expect(other).toEqual({
      ...row,
      src_ip: row['dst_ip'],
      dst_ip: row['src_ip'],
      src_port: row['dst_port'],
      dst_port: row['src_port'],
      flow_id: other['flow_id'],
    });
  }
});

test('a SYN of the other side turns fwd_ and bwd_ columns and the signs of the sequence around', () => {
  const prng = new Prng('turned around');
  for (let round = 0; round < 60; round++) {
    const steps = randomSteps(prng).map((step) => ({ ...step, flags: Flag.ACK }));
    const synAck = (fromClient: boolean): Step => ({ gap: 7, fromClient, flags: Flag.SYN | Flag.ACK, payload: 0 });
    const row = rowOf([...steps, synAck(false)]);
    const turned = rowOf([...steps, synAck(true)]);
    const syn = /^(fwd|bwd)_(packets|bytes|syn|ack|packet_size|iat|bare_ack_share|keep_alive_share|psh_share)/;
    for (const { name } of FEATURES) {
      const other = name.replace(/^(fwd|bwd)/, (side) => (side === 'fwd' ? 'bwd' : 'fwd'));
      // The last packet is another side's, which its counts, sizes and gaps show.
      if (/^(fwd|bwd)_/.test(name) && !syn.test(name)) expect(turned[name], name).toEqual(row[other]);
    }
    const sizes = row['payload_sizes'] as number[];
    expect(turned['payload_sizes']).toEqual(sizes.map((size) => -size));
    expect(turned['turns']).toBe(row['turns']);
    for (const ratio of ['message_ratio', 'payload_ratio']) {
      const [one, other] = [row[ratio], turned[ratio]];
      if (Number(one) > 0 && Number(other) > 0) expect(Number(one) * Number(other), ratio).toBeCloseTo(1, 12);
    }
    expect([turned['src_ip'], turned['dst_ip']]).toEqual([row['dst_ip'], row['src_ip']]);
  }
});

test('TCP and UDP of the same payloads differ in headers and flags only', () => {
  const steps = randomSteps(new Prng('transport'));
  const overTcp = rowOf(steps);
  const overUdp = rowOf(steps, { protocol: 'udp' });
  for (const { name, group } of FEATURES) {
    if (
      /payload|iat|duration|turns|distinct|message|gap|period|burst|latency|active|idle|unasked|adu|request|answer|push_|size_(hist|entropy)/.test(
        name,
      )
    )
      expect(overUdp[name], name).toEqual(overTcp[name]);
    if (group === 'flags' || group === 'delivery') expect(overUdp[name], name).toBeNull();
  }
  expect(overUdp['fwd_bytes']).toBe(Number(overTcp['fwd_bytes']) - 12 * Number(overTcp['fwd_packets']));
});

test('the sequence holds the first 32 packets with payload, positive from the initiator', () => {
  const steps = Array.from({ length: 50 }, (_, i) => ({
    gap: 10,
    fromClient: i % 3 !== 2,
    flags: Flag.ACK,
    payload: i % 5 === 4 ? 0 : i + 1,
  }));
  const row = rowOf(steps);
  const withPayload = steps
    .map((step, i) => ({ ...step, at: i * 10 }))
    .filter((step) => step.payload > 0)
    .slice(0, 32);
  expect(row['payload_sizes']).toEqual(withPayload.map((step) => (step.fromClient ? step.payload : -step.payload)));
  expect(row['payload_times_us']).toEqual(withPayload.map((step) => step.at));
});
