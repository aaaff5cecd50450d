import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { CATALOGUE } from '../../../datasets/lab/dialogue/catalogue.ts';
import type { Dialogue, DialogueContext, Message, Side } from '../../../datasets/lab/dialogue/message.ts';
import { BITCOIN, blocksBetween } from '../../../datasets/lab/dialogue/mining/blocks.ts';
import { cryptonote } from '../../../datasets/lab/dialogue/mining/cryptonote.ts';
import { ethproxy } from '../../../datasets/lab/dialogue/mining/ethproxy.ts';
import { drawShares } from '../../../datasets/lab/dialogue/mining/shares.ts';
import { stratumV1 } from '../../../datasets/lab/dialogue/mining/stratum-v1.ts';

const HOUR_US = 3_600e6;
const context = (seed: number): DialogueContext => ({
  prng: new Prng(seed),
  operator: new Prng(seed + 1_000),
  startUs: 10e6,
  durationUs: HOUR_US,
  host: 'eu1.river-works.example',
  chainSeed: 5,
});
const digest = (messages: readonly Message[]) => {
  const hash = createHash('sha256');
  for (const message of messages)
    hash.update(`${message.from} ${message.after} ${message.atUs} ${message.thinkUs} `).update(message.bytes);
  return hash.digest('hex');
};
const text = ({ bytes }: Message) => new TextDecoder().decode(bytes);

/** Lengths of the messages a side sent that contain `part`, over many operators and sessions. */
function lengths(dialogue: Dialogue, from: Side, part: string): number[] {
  const found: number[] = [];
  for (let seed = 0; seed < 25; seed++) {
    for (const message of dialogue.play(context(seed))) {
      if (message.from === from && text(message).includes(part)) found.push(message.bytes.length);
    }
  }
  expect(found.length).toBeGreaterThan(0);
  return found.sort((a, b) => a - b);
}

test.each(
  Object.values(CATALOGUE)
    .flat()
    .map(({ value }) => [value.name, value] as const),
)('%s only reacts to what was said before', (_name, dialogue) => {
  for (let seed = 0; seed < 5; seed++) {
    const messages = dialogue.play(context(seed));
    expect(messages.length).toBeGreaterThan(1);
    const wrong = messages.filter(
      ({ after, atUs, thinkUs, bytes }, index) =>
        after >= index || !(atUs >= 0 && thinkUs >= 0 && Number.isFinite(atUs + thinkUs)) || bytes.length === 0,
    );
    expect(wrong).toEqual([]);
    expect(digest(dialogue.play(context(seed)))).toBe(digest(messages));
  }
});

test('XMRig lengths: a submit is about 248 bytes, its acknowledgement about 64, a keepalive about 103', () => {
  const submits = lengths(cryptonote, 'client', '"jsonrpc":"2.0","method":"submit"');
  expect(submits).toContain(248);
  expect(Math.abs(submits[submits.length >> 1]! - 248)).toBeLessThan(12);
  expect(submits[0]).toBeGreaterThan(197); // a pool with short ids that does not name the algorithm
  expect(submits.at(-1)).toBeLessThan(262);
  const acks = lengths(cryptonote, 'server', '"result":{"status":"OK"}}');
  expect(acks[0]).toBeGreaterThanOrEqual(62);
  expect(acks.at(-1)).toBeLessThanOrEqual(67);
  const keepalives = lengths(cryptonote, 'client', '"keepalived"');
  expect(keepalives).toContain(103);
  expect(keepalives[0]).toBeGreaterThanOrEqual(81); // a 15-digit session id
  expect(keepalives.at(-1)).toBeLessThanOrEqual(106);
  const logins = lengths(cryptonote, 'client', '"login"');
  expect(logins[0]).toBeGreaterThan(200);
  expect(logins.at(-1)).toBeLessThan(420);
});

test('a wallet has 95 characters, 106 with a payment id inside', () => {
  const login = JSON.parse(text(cryptonote.play(context(1))[0]!)) as { params: { login: string } };
  expect(login.params.login).toMatch(/^4[0-9A-Za-z]{94}([0-9A-Za-z]{11})?$/);
});

test('eth-proxy lengths are those of the recording: 81 to ask, 243 of work, 148 to report, 205 to submit, 39 to acknowledge', () => {
  const polls = lengths(ethproxy, 'client', 'eth_getWork');
  expect(polls[0]).toBeGreaterThanOrEqual(74);
  expect(polls.at(-1)).toBeLessThanOrEqual(87); // with a worker's name
  const work = lengths(ethproxy, 'server', '"result":["0x');
  expect(work[0]).toBeGreaterThanOrEqual(238);
  expect(work.at(-1)).toBeLessThanOrEqual(256);
  const reports = lengths(ethproxy, 'client', 'eth_submitHashrate');
  expect(reports[0]).toBe(148);
  expect(reports.at(-1)).toBeLessThanOrEqual(165);
  const submits = lengths(ethproxy, 'client', 'eth_submitWork');
  expect(submits[0]).toBe(205);
  expect(submits.at(-1)).toBeLessThanOrEqual(223);
  const acks = lengths(ethproxy, 'server', '"result":true');
  expect(acks[0]).toBeGreaterThanOrEqual(36);
  expect(acks.at(-1)).toBeLessThanOrEqual(41);
});

test('Bitcoin notifies dwarf everything the miner says', () => {
  expect(lengths(stratumV1, 'server', '"method":"mining.notify"')[0]).toBeGreaterThan(300);
  expect(lengths(stratumV1, 'client', 'mining.submit').at(-1)).toBeLessThan(200);
});

test('shares are memoryless and vardiff brings their rate to the target', () => {
  const habits = { targetSeconds: 20, retargetSeconds: 60, fixed: false };
  const gaps: number[] = [];
  for (let seed = 0; seed < 30; seed++) {
    const shares = drawShares(new Prng(seed), habits, HOUR_US).filter(
      ({ kind, atUs }) => kind === 'share' && atUs > 900e6,
    );
    for (let i = 1; i < shares.length; i++) gaps.push((shares[i]!.atUs - shares[i - 1]!.atUs) / 1e6);
  }
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(mean).toBeGreaterThan(14);
  expect(mean).toBeLessThan(28);
  expect(deviation / mean).toBeGreaterThan(0.8); // 1 for a Poisson process, a little off while the rate moves
});

test('all miners of a coin see the same blocks', () => {
  const whole = blocksBetween(BITCOIN, 9, 0, 10 * HOUR_US);
  expect(blocksBetween(BITCOIN, 9, HOUR_US, 2 * HOUR_US)).toEqual(
    whole.filter((at) => at >= HOUR_US && at < 2 * HOUR_US),
  );
  expect(whole.length).toBeGreaterThan(35);
  expect(whole.length).toBeLessThan(90);
});
