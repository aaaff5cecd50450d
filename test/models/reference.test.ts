import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { countInto, histogramOf, readHistogram, stabilityIndex, writeHistogram } from '../../models/reference.ts';

const random = new Prng(1);
const values = Float32Array.from({ length: 5000 }, () => (random.chance(0.1) ? Number.NaN : random.logNormal(300, 1)));
const reference = histogramOf(values);

test('bins are tenths of the values that there are', () => {
  expect(reference.edges).toHaveLength(9);
  for (const share of reference.shares) expect(share).toBeCloseTo(0.1, 2);
  expect(reference.missing).toBeCloseTo(0.1, 1);
});

test('values that repeat take one bin, and a constant column has one', () => {
  const half = histogramOf(Float32Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0 : i)));
  expect(half.shares[0]).toBe(0.5);
  expect(histogramOf(new Float32Array(50).fill(7))).toEqual({ missing: 0, edges: [], shares: [1] });
  expect(histogramOf(new Float32Array(3).fill(Number.NaN))).toEqual({ missing: 1, edges: [], shares: [0] });
});

test('what was written is read, and still fits its own values', () => {
  const read = readHistogram(writeHistogram(reference))!;
  expect(read.edges).toEqual(reference.edges);
  expect(stabilityIndex(read, countInto(read.edges, values))).toBeLessThan(1e-4);
});

test('the index is 0 for the same, and as its formula has it for others', () => {
  expect(stabilityIndex(reference, reference)).toBe(0);
  const [then, now] = [
    { missing: 0, edges: [1], shares: [0.5, 0.5] },
    { missing: 0, edges: [1], shares: [0.8, 0.2] },
  ];
  expect(stabilityIndex(then, now)).toBeCloseTo(0.3 * Math.log(0.8 / 0.5) - 0.3 * Math.log(0.2 / 0.5), 12);
  const shifted = countInto(
    reference.edges,
    values.map((value) => value * 3),
  );
  expect(stabilityIndex(reference, shifted)).toBeGreaterThan(0.25);
});

test.each([
  undefined,
  null,
  3,
  '',
  '0 | 1',
  '0 | 2 1 | 0 0 1',
  '0 | 1 | 1',
  '0 | x | 1 0',
  '0 | 1 | 2 -1',
  '0 | 1 | 1 0 | 4',
])('a card that says %j has no histogram', (text) => expect(readHistogram(text as never)).toBeNull());
