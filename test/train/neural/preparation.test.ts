import { expect, test } from 'vitest';
import { fitPreparation, preparedWidth, prepareRows, signedLog } from '../../../train/neural/preparation.ts';
import { matrixOf } from '../data.ts';

const NONE = Number.NaN;

test('logarithms keep the sign and what is missing', () => {
  expect(signedLog(0)).toBe(0);
  expect(signedLog(Math.E - 1)).toBeCloseTo(1, 6);
  expect(signedLog(1 - Math.E)).toBeCloseTo(-1, 6);
  expect(signedLog(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(signedLog(NONE)).toBeNaN();
});

test('columns get mean 0 and deviation 1; missing values become the mean and an indicator', () => {
  const e = Math.E - 1;
  const preparation = fitPreparation(matrixOf({ x: [0, e, NONE, NONE], flat: [3, 3, 3, 3] }));
  expect(preparation.valueColumns).toEqual(Int32Array.of(0));
  expect(preparation.missingColumns).toEqual(Int32Array.of(0));
  expect(preparation.means[0]).toBeCloseTo(0.5, 6);
  expect(preparation.scales[0]).toBeCloseTo(0.5, 6);
  const rows = Float32Array.of(0, 3, e, 3, NONE, 3);
  expect(Array.from(prepareRows(preparation, rows, 3), Math.round)).toEqual([-1, 0, 1, 0, 0, 1]);
});

test('columns that are missing together share one indicator', () => {
  const preparation = fitPreparation(
    matrixOf({ a: [1, NONE, 3], b: [4, NONE, 2], c: [NONE, 1, 2], d: [1, 2, 3], gone: [NONE, NONE, NONE] }),
  );
  expect(preparation.missingColumns).toEqual(Int32Array.of(0, 2));
  expect(preparedWidth(preparation)).toBe(4 + 2);
});

test('values far outside are clipped, and one infinite value spoils no column', () => {
  const preparation = fitPreparation(matrixOf({ x: [1, 2, 3, Number.POSITIVE_INFINITY] }));
  expect(Number.isFinite(preparation.means[0]!) && Number.isFinite(preparation.scales[0]!)).toBe(true);
  const near = fitPreparation(matrixOf({ x: [1, 2, 3, 4] }));
  const far = Float32Array.of(3e38, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect(Array.from(prepareRows(near, far, 3))).toEqual([10, -10, 10]);
});

test('columns without a varying number leave one constant to stand on', () => {
  const preparation = fitPreparation(matrixOf({ gone: [NONE, NONE], flat: [2, 2] }));
  expect(preparation).toMatchObject({ valueColumns: Int32Array.of(0), means: Float32Array.of(0) });
  expect(Array.from(prepareRows(preparation, Float32Array.of(NONE, 2), 1))).toEqual([0]);
});
