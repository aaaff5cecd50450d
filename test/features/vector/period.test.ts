/** Trains of beats, as they are and as they come: late, missing, with other messages between. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { MOST_POINTS, transform } from '../../../features/vector/fourier.ts';
import { findPeriod, type Period } from '../../../features/vector/period.ts';
import { twinPeriod } from '../../oracle/period-twin.ts';

function periodOf(times: readonly number[]): Period | null {
  const sorted = [...times].sort((a, b) => a - b);
  const gaps = Float64Array.from(sorted.slice(1), (time, i) => time - sorted[i]!);
  const period: Period = { periodUs: 0, strength: 0, signalToNoise: 0 };
  return findPeriod(gaps, gaps.length, period) ? period : null;
}

const beats = (count: number, us: number) => Array.from({ length: count }, (_, i) => i * us);

/** The strength by its definition, of every time, at a period. */
function resultant(times: readonly number[], us: number): number {
  const cos = times.reduce((sum, time) => sum + Math.cos((2 * Math.PI * time) / us), 0);
  const sin = times.reduce((sum, time) => sum + Math.sin((2 * Math.PI * time) / us), 0);
  return Math.hypot(cos, sin) / times.length;
}

describe('a clock', () => {
  test.each([8, 9, 20, 64, 127, 128])('of %i beats is found exactly', (count) => {
    const period = periodOf(beats(count, 10_000_000))!;
    expect(period.periodUs).toBeCloseTo(10_000_000, 0);
    expect(period.strength).toBeCloseTo(1, 9);
    expect(period.signalToNoise).toBeGreaterThan(count / 4);
  });

  test('that takes three messages a beat has the period of its beats', () => {
    const times = beats(40, 5_000_000).flatMap((time) => [time, time + 2000, time + 9000]);
    const period = periodOf(times)!;
    expect(period.periodUs).toBeCloseTo(5_000_000, -3);
    expect(period.strength).toBeGreaterThan(0.99);
  });

  test('of fewer than eight beats has no period', () => {
    expect(periodOf(beats(7, 1000))).toBeNull();
  });
});

/** How often, of 100 trains, the period is found to 2 %. */
function found(
  name: string,
  count: number,
  change: (prng: Prng, time: number, us: number) => readonly number[],
): number {
  const prng = new Prng(name);
  let right = 0;
  for (let round = 0; round < 100; round++) {
    const us = prng.integer(100_000, 90_000_000);
    const times = beats(count, us).flatMap((time) => change(prng, time, us));
    const period = periodOf(times.slice(0, 128));
    if (period !== null && Math.abs(period.periodUs / us - 1) < 0.02) right++;
  }
  return right;
}

describe('a train', () => {
  const jitter = (prng: Prng, us: number, share: number) => (prng.float() - 0.5) * 2 * share * us;

  test('with jitter of a tenth of the period', () => {
    expect(found('jitter', 30, (prng, time, us) => [time + jitter(prng, us, 0.1)])).toBe(100);
  });

  test('with a third of its beats missing', () => {
    expect(found('missing', 60, (prng, time) => (prng.chance(0.33) ? [] : [time]))).toBeGreaterThanOrEqual(99);
  });

  test('with jitter, missing beats and a message at any time for every other beat', () => {
    const change = (prng: Prng, time: number, us: number) => [
      ...(prng.chance(0.15) ? [] : [time + jitter(prng, us, 0.05)]),
      ...(prng.chance(0.5) ? [time + prng.float() * us] : []),
    ];
    expect(found('among others', 80, change)).toBeGreaterThanOrEqual(95);
  });

  test('of pushes that are answered at once', () => {
    const change = (prng: Prng, time: number) => [time, time + 30_000 * (0.5 + prng.float())];
    expect(found('answered', 50, change)).toBeGreaterThanOrEqual(95);
  });
});

test('times at random are weak: about the root of ln(2n)/n', () => {
  const prng = new Prng('poisson');
  for (const [count, most] of [
    [16, 0.75],
    [64, 0.45],
    [128, 0.35],
  ] as const) {
    const strengths = Array.from({ length: 60 }, () => {
      let time = 0;
      return periodOf(Array.from({ length: count }, () => (time -= Math.log(1 - prng.float()) * 1e6)));
    }).flatMap((period) => (period === null ? [] : [period.strength]));
    const median = strengths.sort((a, b) => a - b)[Math.floor(strengths.length / 2)]!;
    expect(median).toBeLessThan(most);
  }
});

test('the strength is that of its definition, and no period near by is stronger', () => {
  const prng = new Prng('strength');
  for (let round = 0; round < 50; round++) {
    // Gaps of half to one and a half: none is within a quarter of the mean of the one before.
    let time = 0;
    const times = Array.from({ length: prng.integer(8, 128) }, () => (time += 500_000 + prng.below(1_000_000)));
    const period = periodOf(times)!;
    expect(period.strength).toBeCloseTo(resultant(times, period.periodUs), 6);
    const span = times.at(-1)! - times[0]!;
    const cycles = span / period.periodUs;
    for (const off of [-0.2, -0.05, 0.05, 0.2]) {
      expect(resultant(times, span / (cycles + off))).toBeLessThan(period.strength + 1e-6);
    }
  }
});

test('the period is that of the twin, for beats, bursts, random times and their mixtures', () => {
  const prng = new Prng('twin');
  let known = 0;
  for (let round = 0; round < 400; round++) {
    const us = prng.integer(1_000, 90_000_000);
    const jitter = prng.pick([0, 0.001, 0.05, 0.3]);
    const others = prng.pick([0, 0.2, 1]);
    const times = beats(prng.integer(1, 90), us)
      .flatMap((time) => [
        ...(prng.chance(0.9) ? [time + jitter * prng.float() * us] : []),
        ...(prng.chance(others) ? [time + prng.float() * us] : []),
        ...(prng.chance(0.1) ? [time + 0.001 * us] : []),
      ])
      .sort((a, b) => a - b)
      .slice(0, 128);
    const [found, expected] = [periodOf(times), twinPeriod(times)];
    if (expected === null) {
      expect(found).toBeNull();
      continue;
    }
    known++;
    expect(found!.periodUs / expected.periodUs).toBeCloseTo(1, 4);
    expect(found!.strength).toBeCloseTo(expected.strength, 4);
    expect(found!.signalToNoise / expected.signalToNoise).toBeCloseTo(1, 3);
  }
  expect(known).toBeGreaterThan(250);
});

test('the transform is the sum of its definition', () => {
  const prng = new Prng('fourier');
  for (const points of [2, 8, 64, MOST_POINTS]) {
    const values = Array.from({ length: points }, () => prng.float());
    const [re, im] = [Float64Array.from(values), new Float64Array(points)];
    transform(re, im, points);
    for (const k of [0, 1, points >> 1, points - 1]) {
      const angle = (n: number) => (-2 * Math.PI * k * n) / points;
      expect(re[k]).toBeCloseTo(
        values.reduce((sum, value, n) => sum + value * Math.cos(angle(n)), 0),
        8,
      );
      expect(im[k]).toBeCloseTo(
        values.reduce((sum, value, n) => sum + value * Math.sin(angle(n)), 0),
        8,
      );
    }
  }
});
