import { expect, test } from 'vitest';
import { Eta } from '../../cli/eta.ts';

test.each([
  [2000, 0.5, ''],
  [60_000, 0, ''],
  [60_000, 0.5, ', about 60 s left'],
  [60_000, 0.1, ', about 9 min left'],
  [3_600_000, 0.1, ', about 9.0 h left'],
  [60_000, 1, ', about 0 s left'],
])('after %i ms with a share of %d done: "%s"', (ms, share, expected) => {
  let now = 1000;
  const eta = new Eta(() => now);
  now += ms;
  expect(eta.text(share)).toBe(expected);
});
