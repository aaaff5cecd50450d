import { expect, test } from 'vitest';
import { repeatsOf, spread } from '../../train/repeats.ts';

test('a spread is mean, standard deviation with n - 1, and ends', () => {
  expect(spread([2, 4, 9])).toEqual({ mean: 5, standardDeviation: Math.sqrt(13), least: 2, most: 9 });
  expect(spread([3])).toEqual({ mean: 3, standardDeviation: null, least: 3, most: 3 });
});

test('a run without a figure leaves nothing to say of all', () => {
  expect(spread([2, null])).toBeNull();
  expect(repeatsOf([]).macroF1).toBeNull();
});
