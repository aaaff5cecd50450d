import { expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { type Coincidence, coincidenceOf, surpriseOf } from '../../../../serve/hosts/watch/coincidence.ts';
import type { PushSeries } from '../../../../serve/hosts/watch/pushes.ts';

const SECOND = 1_000_000;
const MORNING = Date.UTC(2026, 1, 3, 9) * 1_000;

/** @param seconds of the pushes, after nine in the morning */
function series(client: string, seconds: readonly number[], said: Partial<PushSeries> = {}): PushSeries {
  const timesUs = seconds.map((second) => MORNING + second * SECOND);
  return {
    client,
    server: '192.0.2.9',
    port: 3333,
    fromUs: MORNING,
    toUs: Math.max(MORNING, ...timesUs),
    timesUs,
    sizes: seconds.map(() => 253),
    shape: client,
    isJobLike: true,
    leansToMining: false,
    ...said,
  };
}

function poisson(prng: Prng, meanSeconds: number, untilSeconds: number): number[] {
  const times: number[] = [];
  for (let at = prng.exponential(meanSeconds); at < untilSeconds; at += prng.exponential(meanSeconds)) times.push(at);
  return times;
}

const compared = (a: readonly number[], b: readonly number[], said: Partial<PushSeries> = {}) =>
  coincidenceOf(series('10.0.0.1', a), series('10.0.0.2', b, said)) as Coincidence;

const BLOCKS = [7, 31, 90, 98, 160, 233, 241, 300];

test('work that is pushed to two miners at once is no chance', () => {
  const late = BLOCKS.map((second, i) => second + (i % 2 === 0 ? 0.06 : -0.09));
  const { together, expected, surprise } = compared(BLOCKS, late);
  expect(together).toBe(8);
  // 8 pushes and 8 pushes, each for 0.4 s of the 300 s.
  expect(expected).toBeCloseTo((8 * 8 * 0.4) / 299.91, 3);
  expect(surprise).toBeCloseTo(surpriseOf(8, expected), 12);
  expect(surprise).toBeGreaterThan(25);
});

test('independent pushes look so surprising no more often than the bound says', () => {
  const prng = new Prng(11);
  const rounds = 4_000;
  const surprises: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const mean = 2 + prng.below(20);
    surprises.push(compared(poisson(prng, mean, 600), poisson(prng, mean, 600))?.surprise ?? 0);
  }
  for (const least of [1, 2, 3, 4]) {
    const share = surprises.filter((surprise) => surprise >= least).length / rounds;
    expect(share).toBeLessThanOrEqual(Math.exp(-least));
  }
  expect(Math.max(...surprises)).toBeLessThan(Math.log(1_000) + Math.log(rounds));
});

test('pushes that are dense for both at the same time surprise nobody', () => {
  const prng = new Prng(3);
  const busy = () => [1, ...poisson(prng, 1, 20).map((at) => 300 + at), 600];
  for (let round = 0; round < 200; round++) {
    expect(compared(busy(), busy()).surprise).toBeLessThan(Math.log(1_000));
  }
});

test('two clocks of one period that happen to be in step are one coincidence', () => {
  const clock = Array.from({ length: 12 }, (_, i) => 5 + 30 * i);
  const jittered = clock.map((second, i) => second + (i % 3) * 0.05);
  expect(compared(clock, jittered)).toMatchObject({ together: 0, surprise: 0 });
  const everySecond = Array.from({ length: 30 }, (_, i) => 1 + i);
  expect(compared(everySecond, everySecond).surprise).toBe(0);
});

test('pushes of other sizes, or further apart than 0.2 s, do not meet', () => {
  expect(compared(BLOCKS, BLOCKS, { sizes: BLOCKS.map(() => 600) })).toMatchObject({ together: 0, surprise: 0 });
  expect(compared(BLOCKS, BLOCKS, { sizes: BLOCKS.map(() => 270) }).together).toBe(8);
  expect(
    compared(
      BLOCKS,
      BLOCKS.map((second) => second + 0.25),
    ).together,
  ).toBe(0);
});

test('one push meets one push, however many come at its moment', () => {
  const twice = [7, 31, 90].flatMap((second) => [second - 0.05, second + 0.05]);
  expect(compared([7, 31, 90, 200], [...twice, 200]).together).toBe(4);
});

test('what was not seen at the same time is not compared, nor is one flow that was captured twice', () => {
  const early = series('10.0.0.1', [1, 5, 9, 12]);
  expect(coincidenceOf(early, series('10.0.0.2', [1, 5, 9, 12]))).toBeNull();
  expect(compared(BLOCKS, [500, 600, 700], { fromUs: MORNING + 400 * SECOND })).toBeNull();
  expect(compared(BLOCKS, BLOCKS, { shape: '10.0.0.1' })).toBeNull();
  expect(compared(BLOCKS, BLOCKS, { shape: '10.0.0.1', fromUs: MORNING + SECOND })).not.toBeNull();
});

test('times that are no numbers, as a table may have, compare to nothing', () => {
  expect(compared(BLOCKS, [Number.NaN, Number.NaN, Number.NaN, Number.NaN])).toBeNull();
});
