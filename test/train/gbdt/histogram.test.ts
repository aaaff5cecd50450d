import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { buildHistogram, PackedGradients, subtractHistogram, WORD_STRIDE } from '../../../train/gbdt/histogram.ts';

const ROWS = 3000;
const random = new Prng(1);
const gradients = Float32Array.from({ length: ROWS }, () => random.normal());
const hessians = Float32Array.from({ length: ROWS }, () => random.float() / 4);
const words = [0, 1].map(() => Int32Array.from({ length: ROWS }, () => random.uint32()));
const packed = new PackedGradients(ROWS, 1);
packed.pack(gradients, hessians);

function histogramOf(rows: Uint32Array): Float64Array {
  const out = new Float64Array(2 * WORD_STRIDE).fill(9);
  const ordered = Float64Array.from(rows, (row) => packed.values[row]!);
  buildHistogram(words, [0, 1], rows, 0, rows.length, ordered, out);
  return out;
}

describe('packed histograms', () => {
  const every = Uint32Array.from({ length: ROWS }, (_, i) => i);

  test('hold the same sums as one addition per feature and row', () => {
    const expected = new Float64Array(2 * WORD_STRIDE);
    for (const row of every.filter((id) => id % 3 === 0)) {
      for (let f = 0; f < 8; f++) {
        const bin = (words[f >> 2]![row]! >>> ((f & 3) * 8)) & 255;
        expected[f * 256 + bin]! += packed.values[row]!;
      }
    }
    expect(histogramOf(every.filter((id) => id % 3 === 0))).toEqual(expected);
  });

  test('subtract without error, the root taking the direct path', () => {
    const parent = histogramOf(every);
    subtractHistogram(parent, histogramOf(every.filter((id) => id % 3 === 0)), [0, 1]);
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

  test('stay exact for many rows of the largest gradient', () => {
    const rows = 2_000_000;
    const large = new PackedGradients(rows, 1);
    large.pack(new Float32Array(rows).fill(-1), new Float32Array(rows).fill(0.25));
    let sum = 0;
    for (const value of large.values) sum += value;
    expect(Number.isSafeInteger(sum)).toBe(true);
    const level = Math.floor(sum / large.unit);
    expect(level * large.gradientScale).toBeCloseTo(-rows, 0);
    expect((sum - level * large.unit) * large.hessianScale).toBeCloseTo(rows / 4, 0);
  });
});
