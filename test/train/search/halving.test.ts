import { expect, test } from 'vitest';
import { fitsOf, rungsOf, selectionBias } from '../../../train/search/halving.ts';

test('a third of the candidates goes on, to three times the folds, the last to all', () => {
  expect(rungsOf(21, 5)).toEqual([
    { candidates: 21, folds: 1 },
    { candidates: 7, folds: 3 },
    { candidates: 3, folds: 5 },
  ]);
  // 21 x 1, then 7 x 2 more, then 3 x 2 more.
  expect(fitsOf(rungsOf(21, 5))).toBe(41);
});

test.each([
  [1, 5, [[1, 5]]],
  [
    2,
    5,
    [
      [2, 1],
      [1, 5],
    ],
  ],
  [
    4,
    2,
    [
      [4, 1],
      [2, 2],
    ],
  ],
  [9, 1, [[9, 1]]],
])('%i candidates on %i folds', (candidates, folds, expected) => {
  expect(rungsOf(candidates, folds).map((rung) => [rung.candidates, rung.folds])).toEqual(expected);
});

test('the bias of a choice is what the chosen loses to the best of each fold', () => {
  const losses = [
    [1, 2, 3],
    [2, 1, 3.5],
  ];
  expect(selectionBias(losses, 0)).toBeCloseTo(1 / 3, 12);
  expect(selectionBias(losses, 1)).toBeCloseTo((1 + 0 + 0.5) / 3, 12);
  expect(selectionBias([[4, 5]], 0)).toBe(0);
});
