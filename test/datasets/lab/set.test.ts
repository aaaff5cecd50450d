import { expect, test } from 'vitest';
import { planSet, type SetOptions } from '../../../datasets/lab/set.ts';

const OPTIONS: SetOptions = { seed: 1, flows: 1_003, miningShare: 0.35 };
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test('the captures have all the flows, and the share of mining, that were asked for', () => {
  for (const captures of [1, 7, 10, 100]) {
    const jobs = planSet({ ...OPTIONS, captures });
    expect(jobs.length).toBe(captures);
    expect(sum(jobs.map(({ options }) => options.flows))).toBe(1_003);
    expect(sum(jobs.map(({ options: { flows, miningShare } }) => Math.round(flows * miningShare)))).toBe(351);
    expect(Math.max(...jobs.map(({ options }) => options.flows))).toBeLessThanOrEqual(Math.ceil(1_003 / captures));
  }
});

test('every capture is a network of its own, and a quarter of them is to be judged on', () => {
  const jobs = planSet({ ...OPTIONS, flows: 10_000 });
  expect(jobs.length).toBe(100);
  expect(new Set(jobs.map(({ options }) => options.network)).size).toBe(100);
  expect(new Set(jobs.map(({ file }) => file)).size).toBe(100);
  expect(jobs.filter(({ role }) => role === 'test').length).toBe(25);
  expect(jobs[0]!.file).toBe('train-001.pcap');
});

test('taps are drawn per capture, and the same for the same seed', () => {
  const taps = planSet({ ...OPTIONS, flows: 10_000 }).map(({ options }) => options.tap!);
  expect(taps).toEqual(planSet({ ...OPTIONS, flows: 10_000 }).map(({ options }) => options.tap!));
  for (const setting of ['snapLength', 'resolution', 'underwayShare', 'oneSidedShare', 'onHost', 'offload'] as const) {
    expect(new Set(taps.map((tap) => tap[setting])).size).toBeGreaterThan(1);
  }
  const clean = planSet({ ...OPTIONS, taps: 'clean' }).map(({ options }) => options.tap!);
  expect(new Set(clean.map((tap) => JSON.stringify({ ...tap, onHost: false }))).size).toBe(1);
});

test('every capture is told who evades', () => {
  const evasions = { share: 1, strength: 0.5, names: ['jitter' as const] };
  for (const { options } of planSet({ ...OPTIONS, evasions })) expect(options.evasions).toEqual(evasions);
  for (const { options } of planSet(OPTIONS)) expect(options.evasions!.share).toBe(0.15);
});

test('an hour of virtual time fits into the recording', () => {
  for (const { options } of planSet({ ...OPTIONS, hours: 1 })) {
    expect(options.sessionSeconds).toBe(3_600);
    expect(options.windowSeconds).toBeGreaterThan(3_600);
  }
});

test('where dialogues of one label are chosen, all flows are of it', () => {
  const shares = (dialogues: string[]) =>
    planSet({ ...OPTIONS, choice: { dialogues } }).map(({ options }) => options.miningShare);
  expect(new Set(shares(['cryptonote']))).toEqual(new Set([1]));
  expect(new Set(shares(['imap-idle', 'download']))).toEqual(new Set([0]));
});

test.each([
  [{ captures: 129 }, '129 captures were asked for'],
  [{ flows: 3, captures: 5 }, 'fewer flows (3) than captures (5)'],
  [{ flows: 10_000, captures: 2 }, '10000 flows were asked for in 2 captures'],
  [{ captures: 4, testCaptures: 5 }, '5 of 4 captures'],
  [{ choice: { dialogues: ['cryptnote'] } }, 'there is no dialogue cryptnote; expected one of amqp'],
  [{ choice: { encapsulations: ['ssl3'] } }, 'there is no encapsulation ssl3'],
  [
    { evasions: { share: 1, names: ['paddin' as 'padding'] } },
    'there is no evasion paddin; expected one of coalescing',
  ],
] as const)('%j is refused with a sentence', (change, sentence) => {
  expect(() => planSet({ ...OPTIONS, ...change })).toThrow(sentence);
});
