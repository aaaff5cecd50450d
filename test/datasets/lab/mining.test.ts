import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { Dialogue, DialogueContext, Message, Side } from '../../../datasets/lab/dialogue/message.ts';
import { BITCOIN } from '../../../datasets/lab/dialogue/mining/blocks.ts';
import { MINING } from '../../../datasets/lab/dialogue/mining/catalogue.ts';
import { cryptonote } from '../../../datasets/lab/dialogue/mining/cryptonote.ts';
import { cryptonoteDonation } from '../../../datasets/lab/dialogue/mining/cryptonote-donation.ts';
import { ethGetwork } from '../../../datasets/lab/dialogue/mining/eth-getwork.ts';
import { ethereumStratum } from '../../../datasets/lab/dialogue/mining/ethereum-stratum.ts';
import { ethereumStratum2 } from '../../../datasets/lab/dialogue/mining/ethereum-stratum-2.ts';
import { ethproxy } from '../../../datasets/lab/dialogue/mining/ethproxy.ts';
import { getblocktemplate } from '../../../datasets/lab/dialogue/mining/getblocktemplate.ts';
import { getwork } from '../../../datasets/lab/dialogue/mining/getwork.ts';
import { frameBytes } from '../../../datasets/lab/dialogue/mining/noise.ts';
import { silenced } from '../../../datasets/lab/dialogue/mining/pool-away.ts';
import { drawShares } from '../../../datasets/lab/dialogue/mining/shares.ts';
import { stratumV1 } from '../../../datasets/lab/dialogue/mining/stratum-v1.ts';
import { stratumV2 } from '../../../datasets/lab/dialogue/mining/stratum-v2.ts';
import { stratumZcash } from '../../../datasets/lab/dialogue/mining/stratum-zcash.ts';
import { drawTimeline, type MiningEvent, Work } from '../../../datasets/lab/dialogue/mining/timeline.ts';
import { nominalTimes } from '../../../datasets/lab/dialogue/schedule.ts';

const HOUR_US = 3_600e6;
const context = (seed: number, more: Partial<DialogueContext> = {}): DialogueContext => ({
  prng: new Prng(seed),
  operator: new Prng(seed + 1_000),
  startUs: 10e6,
  durationUs: HOUR_US,
  host: 'eu1.river-works.example',
  chainSeed: 5,
  ...more,
});
const text = ({ bytes }: Message) => new TextDecoder().decode(bytes);
const SEEDS = Array.from({ length: 25 }, (_, seed) => seed);

/** Lengths of the messages a side sent that contain `part`, over many operators and sessions, in ascending order. */
function lengths(dialogue: Dialogue, from: Side, part: string, seeds: readonly number[] = SEEDS): number[] {
  const found = seeds.flatMap((seed) =>
    dialogue
      .play(context(seed))
      .filter((message) => message.from === from && text(message).includes(part))
      .map(({ bytes }) => bytes.length),
  );
  expect(found.length).toBeGreaterThan(0);
  return found.sort((a, b) => a - b);
}

const LINES = [cryptonote, cryptonoteDonation, stratumV1, stratumZcash, ethproxy, ethereumStratum, ethereumStratum2];

test.each(LINES.map((dialogue) => [dialogue.name, dialogue] as const))('%s: every line is JSON', (_name, dialogue) => {
  for (const seed of SEEDS.slice(0, 8)) {
    for (const message of dialogue.play(context(seed, { visit: seed % 2 }))) {
      expect(text(message).endsWith('\n')).toBe(true);
      for (const line of text(message).trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
    }
  }
});

test.each([ethGetwork, getwork, getblocktemplate].map((dialogue) => [dialogue.name, dialogue] as const))(
  '%s: one question at a time over HTTP, and Content-Length says how long the body is',
  (_name, dialogue) => {
    for (const seed of SEEDS.slice(0, 8)) {
      const messages = dialogue.play(context(seed, { durationUs: 600e6 }));
      messages.forEach((message, i) => {
        const [head = '', body = ''] = text(message).split('\r\n\r\n');
        const length = /Content-Length: (\d+)/.exec(head)?.[1];
        if (length) expect(body.length).toBe(Number(length));
        if (i > 0) expect(message.after).toBe(i - 1);
        expect(message.from).toBe(i % 2 ? 'server' : 'client');
      });
    }
  },
);

test('a Zcash share carries an Equihash solution: about 2,850 bytes; a notify 297 or 310 as recorded', () => {
  const submits = lengths(stratumZcash, 'client', 'mining.submit');
  expect(submits[0]).toBeGreaterThan(2_800);
  expect(submits.at(-1)).toBeLessThan(2_900);
  const notifies = lengths(stratumZcash, 'server', 'mining.notify');
  expect(notifies).toContain(297);
  expect(notifies.some((length) => Math.abs(length - 310) <= 1)).toBe(true);
  const acks = lengths(stratumZcash, 'server', '"result":true').filter((length) => length < 60);
  expect(acks).toContain(36);
  expect(acks[0]).toBeLessThanOrEqual(25);
});

test('getwork over HTTP has the sizes of the recording: 239 to ask, 424 of work, 333 to report, 221 to acknowledge', () => {
  const near = (found: number[], size: number) => expect(Math.abs(found[found.length >> 1]! - size)).toBeLessThan(25);
  near(lengths(ethGetwork, 'client', 'eth_getWork'), 239);
  near(lengths(ethGetwork, 'server', '"result":["0x'), 424);
  near(lengths(ethGetwork, 'client', 'eth_submitHashrate'), 333);
  near(lengths(ethGetwork, 'server', '"result":true'), 221);
});

test('xmr-stak has the sizes of the recording: 183 to submit, 63 to acknowledge, 253 for a job, 303 for the welcome', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const messages = cryptonote.play(context(seed, { durationUs: 600e6 }));
    if (!text(messages[0]!).startsWith('{"method":"login"')) continue;
    for (const { bytes } of messages.slice(1)) seen.add(bytes.length);
  }
  for (const size of [183, 63, 253, 303]) expect([...seen]).toContain(size);
});

test('EthereumStratum shares are far shorter than ethproxy ones, and version 2 acknowledges in a dozen bytes', () => {
  expect(lengths(ethereumStratum, 'client', 'mining.submit').at(-1)).toBeLessThan(205);
  expect(lengths(ethereumStratum2, 'client', 'mining.submit').at(-1)).toBeLessThan(90);
  expect(lengths(ethereumStratum2, 'server', '{"id":3}')[0]).toBe(9);
});

test('Stratum V2 frames: 64 and 234 bytes of handshake, a share 62 and its acknowledgement 58 on a standard channel', () => {
  expect([frameBytes(24), frameBytes(20), frameBytes(0)]).toEqual([62, 58, 22]);
  expect(frameBytes(65_520)).toBe(65_520 + 22 + 32);
  const sizes = new Set<number>();
  for (const seed of SEEDS) {
    const [first, second, ...rest] = stratumV2.play(context(seed));
    expect([first!.bytes.length, second!.bytes.length]).toEqual([64, 234]);
    for (const { bytes } of rest) sizes.add(bytes.length);
  }
  expect(sizes.has(62) && sizes.has(58)).toBe(true);
});

test('a getblocktemplate answer is larger than anything asked', () => {
  const asked = lengths(getblocktemplate, 'client', '"getblocktemplate"');
  expect(lengths(getblocktemplate, 'server', '"transactions"')[0]).toBeGreaterThan(asked.at(-1)!);
});

test('a donation lasts its minutes and signs in with a hash instead of a wallet', () => {
  for (const seed of SEEDS) {
    const messages = cryptonoteDonation.play(context(seed));
    const times = nominalTimes(messages);
    expect(Math.max(...times)).toBeLessThan(301e6);
    const login = JSON.parse(text(messages[0]!)) as { params: { login: string } };
    expect(login.params.login).toMatch(/^[0-9a-f]{64}$/);
  }
});

test('a submission never leaves before the job it names has come', () => {
  for (const dialogue of [cryptonote, stratumV1, stratumZcash, ethereumStratum, ethereumStratum2]) {
    for (const seed of SEEDS.slice(0, 6)) {
      const messages = dialogue.play(context(seed));
      for (const message of messages) {
        const jobId = /submit".*?"(?:job_id":")([0-9a-zA-Z]+)"/.exec(text(message))?.[1];
        if (message.from !== 'client' || !jobId) continue;
        expect(text(messages[message.after]!)).toContain(`"${jobId}"`);
      }
    }
  }
});

test('a share is on the latest work, a late one on the work before', () => {
  const work = new Work('a', 1);
  expect(work.of(true)).toEqual({ id: 'a', message: 1 });
  work.replace('b', 5);
  expect([work.of(false).id, work.of(true).id]).toEqual(['b', 'a']);
});

const timelineOf = (seed: number, difficulty = 1) =>
  drawTimeline(context(seed, { difficulty }), {
    coin: BITCOIN,
    vardiff: { targetSeconds: 5, retargetSeconds: 60, fixed: false },
    templateSeconds: 30,
  });
const count = (events: readonly MiningEvent[], want: (event: MiningEvent) => boolean) => events.filter(want).length;

test('a few shares are stale, only just after a block, and a few refused for other reasons', () => {
  let shares = 0;
  let refused = 0;
  let stale = 0;
  for (let seed = 0; seed < 60; seed++) {
    let cleanUs = Number.NEGATIVE_INFINITY;
    for (const event of timelineOf(seed)) {
      if (event.kind === 'work' && event.clean) cleanUs = event.atUs;
      if (event.kind !== 'share') continue;
      shares++;
      if (event.verdict === 'stale') {
        stale++;
        expect(event.atUs - cleanUs).toBeLessThan(300_000);
      } else if (event.verdict !== 'accepted') refused++;
    }
  }
  expect(stale).toBeGreaterThan(5);
  expect(stale / shares).toBeLessThan(0.01);
  expect(refused / shares).toBeGreaterThan(0.002);
  expect(refused / shares).toBeLessThan(0.012);
});

test('some miners are sent elsewhere, and nothing happens to them afterwards', () => {
  let dismissed = 0;
  for (let seed = 0; seed < 300; seed++) {
    const events = timelineOf(seed);
    const at = events.findIndex(({ kind }) => kind === 'dismissal');
    if (at < 0) continue;
    dismissed++;
    expect(at).toBe(events.length - 1);
  }
  expect(dismissed).toBeGreaterThan(3);
  expect(dismissed).toBeLessThan(40);
});

test('shares come in multiples behind a proxy at a fixed difficulty, and rarer at a raised one', () => {
  const fixed = { targetSeconds: 60, retargetSeconds: 60, fixed: true };
  const sharesOf = (machines: number) =>
    SEEDS.reduce((sum, seed) => sum + drawShares(new Prng(seed), fixed, HOUR_US, machines).length, 0);
  expect(sharesOf(10) / sharesOf(1)).toBeGreaterThan(8);
  expect(sharesOf(10) / sharesOf(1)).toBeLessThan(12);
  const shares = (difficulty: number) =>
    SEEDS.reduce((sum, seed) => sum + count(timelineOf(seed, difficulty), ({ kind }) => kind === 'share'), 0);
  expect(shares(1) / shares(8)).toBeGreaterThan(4);
});

test('a pool that goes away says nothing more, and the miner gives up', () => {
  const messages = ethproxy.play(context(3));
  const cut = silenced(messages, 600e6, 20e6);
  const times = nominalTimes(cut);
  cut.forEach(({ from, after }, i) => {
    expect(after).toBeLessThan(i);
    expect(times[i]!).toBeLessThan(from === 'server' ? 600e6 : 631e6); // a poll at most ten seconds later, then twenty
  });
  const unanswered = cut.filter(({ from }, i) => from === 'client' && times[i]! >= 600e6);
  expect(unanswered.length).toBeGreaterThan(1);
});

test('the catalogue plays every mining dialogue with pools that may go away', () => {
  expect(new Set(MINING.map(({ value }) => value.name)).size).toBe(12);
  let shorter = 0;
  for (let seed = 0; seed < 200; seed++) {
    const messages = MINING.find(({ value }) => value.name === 'ethproxy')!.value.play(context(seed));
    const isPoll = (message: Message | undefined) => message !== undefined && text(message).includes('eth_getWork');
    const asked = messages.filter(isPoll).length;
    const answered = messages.filter(({ from, after }) => from === 'server' && isPoll(messages[after])).length;
    if (asked > answered) shorter++;
  }
  expect(shorter).toBeGreaterThan(1);
  expect(shorter).toBeLessThan(30);
});

test('a miner that was here before says so', () => {
  const first = text(stratumV1.play(context(2))[0]!) + text(stratumV1.play(context(2))[2]!);
  const again = stratumV1.play(context(2, { visit: 1 }));
  expect(text(again[0]!) + text(again[2]!)).not.toBe(first);
  expect(lengths(stratumZcash, 'client', 'null').length).toBe(25);
  expect(stratumZcash.play(context(2, { visit: 1 })).some((message) => text(message).includes(', null'))).toBe(false);
});
