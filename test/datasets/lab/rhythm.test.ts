import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { broadcasts, bursts, inOrder, jitteredSleep, poisson, timer } from '../../../datasets/lab/dialogue/rhythm.ts';
import { exponentialDistance } from './conduct.ts';

const HOUR_US = 3_600e6;
const gaps = (times: readonly number[]) => times.slice(1).map((at, i) => at - times[i]!);

test('a Poisson series has exponential gaps of the mean asked for, a timer has not', () => {
  const events = gaps(poisson(new Prng(1), 2e6, HOUR_US));
  expect(exponentialDistance(events)).toBeLessThan(0.04);
  expect(events.length).toBeGreaterThan(1_650);
  expect(events.length).toBeLessThan(1_950);
  const ticks = gaps(timer(new Prng(1), 2e6, 5_000, HOUR_US));
  expect(exponentialDistance(ticks)).toBeGreaterThan(0.5);
  expect(Math.max(...ticks.map((gap) => Math.abs(gap - 2e6)))).toBeLessThan(40_000);
});

test('a jittered sleep is never longer than the sleep, nor shorter than the jitter allows', () => {
  const sleeps = gaps(jitteredSleep(new Prng(2), 10e6, 0.3, HOUR_US));
  expect(Math.max(...sleeps)).toBeLessThanOrEqual(10e6);
  expect(Math.min(...sleeps)).toBeGreaterThanOrEqual(7e6 - 1);
  expect(Math.max(...sleeps) - Math.min(...sleeps)).toBeGreaterThan(2.5e6);
});

test('a broadcast reaches two sessions at the same instant of the capture', () => {
  const one = broadcasts('venue', 20e6, 5e6, HOUR_US).map((at) => at + 5e6);
  const two = broadcasts('venue', 20e6, 900e6, HOUR_US).map((at) => at + 900e6);
  const both = one.filter((at) => at >= 900e6);
  expect(both.length).toBeGreaterThan(80);
  const rounded = (times: readonly number[]) => times.map((at) => Math.round(at));
  expect(rounded(two.slice(0, both.length))).toEqual(rounded(both));
  expect(broadcasts('another venue', 20e6, 5e6, HOUR_US)[0]).not.toBe(one[0]! - 5e6);
});

test('bursts end where the session does and their gaps are short', () => {
  const all = bursts(new Prng(3), { quietUs: 60e6, more: 5, gapUs: 300_000 }, HOUR_US);
  expect(all.length).toBeGreaterThan(35);
  expect(Math.max(...all.flat())).toBeLessThan(HOUR_US);
  const inner = all.flatMap(gaps);
  expect(inner.sort((a, b) => a - b)[inner.length >> 1]).toBeGreaterThan(200_000);
  expect(inner[inner.length - 1]).toBeLessThanOrEqual(20 * 300_000);
});

test('several series are told in one order', () => {
  expect(inOrder({ ping: [1, 5], push: [0, 3] })).toEqual([
    { kind: 'push', atUs: 0 },
    { kind: 'ping', atUs: 1 },
    { kind: 'push', atUs: 3 },
    { kind: 'ping', atUs: 5 },
  ]);
});

test('no period is so short that a series does not end', () => {
  expect(timer(new Prng(4), 0, 0, 1e6).length).toBe(1_000);
});
