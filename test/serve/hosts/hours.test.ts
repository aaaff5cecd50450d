import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { Hours, hourOf, offsetsOf } from '../../../serve/hosts/hours.ts';
import { HOST_LIMITS } from '../../../serve/hosts/limits.ts';

const utc = offsetsOf('UTC');
const noon = hourOf(BigInt(Date.UTC(2026, 0, 5, 12)) * 1_000_000n);

function hoursOf(...spans: (readonly [number, number])[]): Hours {
  const hours = new Hours();
  for (const [first, last] of spans) hours.add(first, last);
  return hours;
}

test('hours are counted once, neighbours make a run, and the order in which they come is no matter', () => {
  const spans = [
    [5, 6],
    [9, 9],
    [6, 7],
    [5, 5],
    [8, 8],
  ] as const;
  for (const order of [spans, [...spans].reverse()]) {
    const hours = hoursOf(...order);
    expect(hours.runs).toEqual([{ first: 5, last: 9 }]);
    expect([hours.count, hours.longest]).toEqual([5, 5]);
  }
  const apart = hoursOf([20, 22], [5, 6], [8, 8]);
  expect(apart.runs).toEqual([
    { first: 5, last: 6 },
    { first: 8, last: 8 },
    { first: 20, last: 22 },
  ]);
  expect([apart.count, apart.longest]).toEqual([6, 3]);
});

test('an hour begins at its first nanosecond, before 1970 too', () => {
  expect([0n, 3_599_999_999_999n, 3_600_000_000_000n, -1n, -3_600_000_000_000n].map(hourOf)).toEqual([0, 0, 1, -1, -1]);
});

test('night is before 8 and from 18 o clock on', () => {
  expect(hoursOf([noon, noon]).nightShare(utc)).toBe(0);
  expect(hoursOf([noon + 6, noon + 6]).nightShare(utc)).toBe(1);
  expect(hoursOf([noon - 4, noon - 4], [noon + 5, noon + 5]).nightShare(utc)).toBe(0);
  expect(hoursOf([noon - 5, noon - 5]).nightShare(utc)).toBe(1);
  expect(hoursOf([noon, noon + 23]).nightShare(utc)).toBeCloseTo(14 / 24);
  expect(hoursOf().nightShare(utc)).toBe(0);
});

test('nights are those of the time zone, with its summer time', () => {
  const tokyo = offsetsOf('Asia/Tokyo');
  expect(tokyo(noon)).toBe(9);
  expect(hoursOf([noon, noon]).nightShare(tokyo)).toBe(1);
  const july = hourOf(BigInt(Date.UTC(2026, 6, 5, 12)) * 1_000_000n);
  expect([offsetsOf('Europe/Berlin')(noon), offsetsOf('Europe/Berlin')(july)]).toEqual([1, 2]);
  expect(offsetsOf('Asia/Kolkata')(noon)).toBe(5.5);
  expect(() => offsetsOf('Mars/Olympus')).toThrow(RangeError);
});

test('the shares are those of counting hour by hour', () => {
  const prng = new Prng(7);
  for (let round = 0; round < 200; round++) {
    const first = prng.below(1000) - 500;
    const last = first + prng.below(100);
    let night = 0;
    for (let hour = first; hour <= last; hour++) {
      const ofDay = ((hour % 24) + 24) % 24;
      if (ofDay < 8 || ofDay >= 18) night++;
    }
    expect(hoursOf([first, last]).nightShare(utc)).toBeCloseTo(night / (last - first + 1), 12);
  }
});

test('runs are bounded: the smallest gap is closed, and claims of centuries cost nothing', () => {
  const hours = hoursOf(...Array.from({ length: HOST_LIMITS.runs }, (_, i) => [i * 10, i * 10] as const));
  hours.add(-3, -3);
  expect(hours.runs).toHaveLength(HOST_LIMITS.runs);
  expect(hours.runs[0]).toEqual({ first: -3, last: 0 });
  expect(hoursOf([-5_000_000, 5_000_000]).count).toBe(10_000_001);
});
