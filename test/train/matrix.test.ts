import { expect, test } from 'vitest';
import { checkLabelled, takeRows, toRowMajor } from '../../train/matrix.ts';
import { matrixOf } from './data.ts';

const data = {
  matrix: matrixOf({ a: [1, 2, Number.NaN], b: [4, 5, 6] }),
  labels: Int32Array.of(0, 1, 1),
  classNames: ['x', 'y'],
  weights: Float32Array.of(1, 2, 3),
};

test('rows are taken with their labels and weights, in the order asked for', () => {
  const taken = takeRows(data, [2, 0]);
  expect(Array.from(toRowMajor(taken.matrix))).toEqual([Number.NaN, 6, 1, 4]);
  expect(Array.from(taken.labels)).toEqual([1, 0]);
  expect(Array.from(taken.weights!)).toEqual([3, 1]);
});

test.each([
  ['a missing label', { ...data, labels: Int32Array.of(0, 1) }, '2 labels for 3 rows'],
  ['a class that is unknown', { ...data, labels: Int32Array.of(0, 1, 2) }, 'row 2 has class id 2'],
  ['a negative weight', { ...data, weights: Float32Array.of(1, -1, 1) }, 'row 1 weighs -1'],
  ['one class', { ...data, classNames: ['x'] }, '1 classes'],
  ['columns of unequal length', { ...data, matrix: { ...data.matrix, rows: 4 } }, 'unequal length'],
])('%s is refused', (_, broken, message) => {
  expect(() => checkLabelled(data)).not.toThrow();
  expect(() => checkLabelled(broken)).toThrow(message);
});
