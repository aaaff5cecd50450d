import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { BLOCK_STRIDE, buildHistogram, PackedGradients, subtractFeature } from '../../../train/gbdt/histogram.ts';

const ROWS = 3000;
const random = new Prng(1);
const gradients = Float32Array.from({ length: ROWS }, () => random.normal());
const hessians = Float32Array.from({ length: ROWS }, () => random.float() / 4);
const blocks = [0, 1].map(() => Int32Array.from({ length: 2 * ROWS }, () => random.uint32()));
const byRow = Int32Array.from({ length: 4 * ROWS }, (_, i) => blocks[(i >> 1) & 1]![2 * (i >> 2) + (i & 1)]!);
const binOf = (row: number, feature: number) =>
  (blocks[feature >> 3]![2 * row + ((feature >> 2) & 1)]! >>> (8 * (feature & 3))) & 255;
const columns = Array.from({ length: 16 }, (_, f) => Uint8Array.from({ length: ROWS }, (_, row) => binOf(row, f)));
const data = { rows: ROWS, featureCount: 16, columns, blocks, byRow };
const packed = new PackedGradients(ROWS);
packed.pack(gradients, hessians, 1);

function histogramOf(rows: Uint32Array): Float64Array {
  const out = new Float64Array(2 * BLOCK_STRIDE).fill(9);
  const ordered = Float64Array.from(rows, (row) => packed.values[row]!);
  buildHistogram(data, [0, 1], rows, 0, rows.length, ordered, out);
  return out;
}

describe('packed histograms', () => {
  const every = Uint32Array.from({ length: ROWS }, (_, i) => i);

  test.each([1, 3, 50])('hold the same sums as one addition per feature and row, for one row in %i', (step) => {
    const rows = every.filter((id) => id % step === 0);
    const expected = new Float64Array(2 * BLOCK_STRIDE);
    for (const row of rows) {
      for (let f = 0; f < 16; f++) expected[f * 256 + columns[f]![row]!]! += packed.values[row]!;
    }
    expect(histogramOf(rows)).toEqual(expected);
  });

  test('subtract without error', () => {
    const parent = histogramOf(every);
    const child = histogramOf(every.filter((id) => id % 3 === 0));
    for (let f = 0; f < 16; f++) subtractFeature(parent, child, f * 256, 255);
    expect(parent).toEqual(histogramOf(every.filter((id) => id % 3 !== 0)));
  });

  test('unpack to the sums of gradients and hessians within the rounding', () => {
    const sum = packed.values.reduce((a, b) => a + b, 0);
    const level = Math.floor(sum / packed.unit);
    const add = (list: Float32Array) => list.reduce((a, b) => a + b, 0);
    expect(Math.abs(level * packed.gradientScale - add(gradients))).toBeLessThan(packed.gradientScale * 100);
    const hessian = (sum - level * packed.unit) * packed.hessianScale;
    expect(Math.abs(hessian - add(hessians))).toBeLessThan(packed.hessianScale * 100);
    expect(packed.gradientScale).toBeLessThan(4 / 2 ** 12);
  });

  test('are right on average however few levels there are', () => {
    // 22 bits of rows leave five bits of level: rounding to the nearest would lose a gradient of a hundredth of one.
    const rows = 2 ** 22;
    const small = new Float32Array(rows).fill(3e-4);
    small.fill(1, 0, rows / 2);
    const coarse = new PackedGradients(rows);
    coarse.pack(small, new Float32Array(rows).fill(0.25), 1);
    expect(coarse.gradientScale).toBeGreaterThan(100 * 3e-4);
    let sum = 0;
    for (let row = rows / 2; row < rows; row++) sum += Math.floor(coarse.values[row]! / coarse.unit);
    expect((sum * coarse.gradientScale) / ((rows / 2) * 3e-4)).toBeCloseTo(1, 1);
  });

  test('stay exact for many rows of the largest gradient', () => {
    const rows = 2_000_000;
    const large = new PackedGradients(rows);
    large.pack(new Float32Array(rows).fill(-1), new Float32Array(rows).fill(0.25), 1);
    let sum = 0;
    for (const value of large.values) sum += value;
    expect(Number.isSafeInteger(sum)).toBe(true);
    const level = Math.floor(sum / large.unit);
    expect(level * large.gradientScale).toBeCloseTo(-rows, 0);
    expect((sum - level * large.unit) * large.hessianScale).toBeCloseTo(rows / 4, 0);
  });
});
