/** Columns of roles, on dialogues short enough to be counted by hand. */
import { describe, expect, test } from 'vitest';
import { type Frame, pcap } from '../../support/captures.ts';
import { Flag, tcp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';

const MINER = '10.0.0.1:40000';
const POOL = '10.0.0.2:443';

/** Seconds, sender, bytes. */
type Said = readonly [number, 'miner' | 'pool', number];

function rowOf(dialogue: readonly Said[]): Row {
  const next = { miner: 1, pool: 1 };
  const frames = dialogue.map(([at, who, bytes]): Frame => {
    const [from, to] = who === 'miner' ? [MINER, POOL] : [POOL, MINER];
    const seq = next[who];
    next[who] += bytes;
    return { at, bytes: tcp({ from, to, flags: Flag.PSH | Flag.ACK, seq, payload: new Uint8Array(bytes) }) };
  });
  return extractRows(pcap(frames)).rows[0]!;
}

/** A handshake and a log-in; then jobs at 10, 30 and 70 s, and shares at 12, 41 and 95 s, each acknowledged within 40 ms. */
const SESSION: readonly Said[] = [
  [0, 'miner', 300],
  [0.05, 'pool', 1400],
  [0.0501, 'pool', 900],
  [0.1, 'miner', 80],
  [0.15, 'pool', 420],
  [10, 'pool', 250],
  [12, 'miner', 180],
  [12.04, 'pool', 60],
  [30, 'pool', 250],
  [41, 'miner', 181],
  [41.04, 'pool', 60],
  [70, 'pool', 251],
  [95, 'miner', 180],
  [95.04, 'pool', 60],
];

describe('roles', () => {
  test('of a mining session: shares are requests, their acknowledgements answers, and jobs pushes', () => {
    expect(rowOf(SESSION)).toMatchObject({
      fwd_adus: 3,
      fwd_adu_size_median: 180,
      fwd_adu_size_near_share: 1,
      fwd_adu_size_kinds: 1,
      bwd_adus: 6,
      bwd_adu_size_kinds: 2,
      bwd_adu_size_near_share: 0.5,
      request_share: 1,
      request_size_median: 180,
      answer_size_median: 60,
      request_answer_size_ratio: 3,
      push_share: 0.5,
      push_size_median: 250,
      push_size_near_share: 1,
      push_gap_median_us: 30e6,
      push_reaction_share: 1 / 3,
    });
  });

  test('do not depend on what came before the first pause', () => {
    const tunnelled: Said[] = [
      [0, 'miner', 517],
      [0.02, 'pool', 1400],
      [0.0201, 'pool', 1400],
      [0.03, 'miner', 64],
      [0.05, 'pool', 39],
      ...SESSION.map(([at, who, bytes]): Said => [at + 0.06, who, bytes]),
    ];
    const [plain, other] = [rowOf(SESSION), rowOf(tunnelled)];
    const names = Object.keys(plain).filter((name) => /adu|request_|answer_|push_/.test(name));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      if (typeof plain[name] === 'number') expect(other[name], name).toBeCloseTo(Number(plain[name]), 6);
      else expect(other[name], name).toBe(plain[name]);
    }
  });

  test('take what a side says at one go for one unit, however TCP cut it', () => {
    const row = rowOf([
      [0, 'miner', 10],
      [5, 'miner', 1448],
      [5.01, 'miner', 1430],
      [5.2, 'pool', 25],
    ]);
    expect(row).toMatchObject({ fwd_adus: 1, request_size_median: 2878, answer_size_median: 25, bwd_adus: 1 });
  });

  test('call a late word of the responder a push, not an answer', () => {
    const row = rowOf([
      [0, 'miner', 10],
      [5, 'miner', 100],
      [7.5, 'pool', 25],
    ]);
    expect(row).toMatchObject({ request_share: 0, push_share: 1, answer_size_median: null, push_gap_cv: null });
  });

  test('are null without a pause, and count nothing', () => {
    const row = rowOf(SESSION.slice(0, 5));
    expect(row).toMatchObject({
      fwd_adus: 0,
      bwd_adus: 0,
      request_share: null,
      push_share: null,
      fwd_adu_gap_cv: null,
    });
  });
});
