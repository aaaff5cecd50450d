import { expect, test } from 'vitest';
import { medianOf, placeIn, readTypical, typicalOf, writeTypical } from '../../models/typical.ts';

const hundred = typicalOf(Float32Array.from({ length: 101 }, (_, i) => 100 - i));

test('the quantiles are values that occurred, in whatever order they came', () => {
  expect(hundred).toEqual({ missing: 0, quantiles: [5, 25, 50, 75, 95] });
  expect(typicalOf(Float32Array.of(7))).toEqual({ missing: 0, quantiles: [7, 7, 7, 7, 7] });
});

test('missing values are a share of their own', () => {
  expect(typicalOf(Float32Array.of(Number.NaN, 3, Number.NaN, 3))).toEqual({
    missing: 0.5,
    quantiles: [3, 3, 3, 3, 3],
  });
  expect(typicalOf(Float32Array.of(Number.NaN))).toEqual({ missing: 1, quantiles: [] });
  expect(typicalOf(new Float32Array(0))).toEqual({ missing: 1, quantiles: [] });
});

test('a typical flow has the median, and no value where most flows of its class have none', () => {
  expect(medianOf(hundred)).toBe(50);
  expect(medianOf({ missing: 0.6, quantiles: [1, 2, 3, 4, 5] })).toBeNaN();
  expect(medianOf({ missing: 1, quantiles: [] })).toBeNaN();
});

test('a value lies in the middle half of a class, beside it, or outside nine tenths of it', () => {
  expect([4, 5, 24, 25, 75, 76, 95, 96].map((value) => placeIn(hundred, value))).toEqual([-2, -1, -1, 0, 0, 1, 1, 2]);
  expect(placeIn(typicalOf(Float32Array.of(7)), 7)).toBe(0);
  expect(placeIn(hundred, Number.NaN)).toBeNull();
  expect(placeIn({ missing: 1, quantiles: [] }, 3)).toBeNull();
});

test('what was written is read, for each class in turn', () => {
  const classes = [hundred, typicalOf(Float32Array.of(Number.NaN)), typicalOf(Float32Array.of(-1.5e-7, 1 / 3))];
  expect(writeTypical(classes)).toBe('0 | 5 25 50 75 95 ; 1 |  ; 0 | -1.5e-7 -1.5e-7 0.333333 0.333333 0.333333');
  expect(readTypical(writeTypical(classes), 3)).toEqual(classes);
});

test.each([
  [undefined],
  [null],
  [3],
  [''],
  ['0 | 1 2 3 4 5'],
  ['0 | 1 2 3 4 5 ; 0 | 1 2 3 4 5 ; 0 |'],
  ['0 | 1 2 3 4 5 ; 0 | 1 2 3 4'],
  ['0 | 1 2 3 4 5 ; 0 | 5 4 3 2 1'],
  ['0 | 1 2 3 4 5 ; 0 | 1 2 x 4 5'],
  ['0 | 1 2 3 4 5 ; 2 | 1 2 3 4 5'],
  ['0 | 1 2 3 4 5 ; | 1 2 3 4 5'],
  ['0 | 1 2 3 4 5 ; 0 | 1 2 3 4 5 | 6'],
  ['0 | 1 2 3 4 5 ; 0 | 1 2 3 4 1e999'],
])('a card that says %j of an input has no quantiles of two classes', (text) => {
  expect(readTypical(text as never, 2)).toBeNull();
});
