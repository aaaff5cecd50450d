import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { applyBins, type BinnedMatrix, fitBins } from '../../../train/gbdt/binning.ts';
import { randomRows } from '../../oracle/trees.ts';
import { matrixOf } from '../data.ts';

/** All layouts must hold the same bin. */
function binOf({ columns, blocks, byRow }: BinnedMatrix, row: number, feature: number): number {
  const bin = columns[feature]![row]!;
  expect(new Uint8Array(byRow.buffer)[row * blocks.length * 8 + feature]).toBe(bin);
  expect(new Uint8Array(blocks[feature >> 3]!.buffer)[row * 8 + (feature & 7)]).toBe(bin);
  return bin;
}

describe('bins', () => {
  test('x <= edge in float32 decides as the bin does, extremes included', () => {
    const values = randomRows(3, 5000, 1);
    const matrix = matrixOf({ a: values, b: values.map((v) => Math.round(v * 3)) });
    const bins = fitBins(matrix, 255, 1);
    const binned = applyBins(bins, matrix);
    bins.edges.forEach((edges, feature) => {
      expect(edges.length).toBeGreaterThan(3);
      for (let row = 0; row < matrix.rows; row++) {
        const x = matrix.columns[feature]![row]!;
        const bin = binOf(binned, row, feature);
        if (Number.isNaN(x)) expect(bin).toBe(255);
        else expect(edges.findIndex((edge) => x <= edge)).toBe(bin < edges.length ? bin : -1);
      }
    });
  });

  test('one bin per value where there are few, neighbouring floats included', () => {
    const next = Math.fround(1 + 2 ** -23);
    const matrix = matrixOf({ a: [1, next, 1, Number.NaN, 3.4e38, -3.4e38] });
    const binned = applyBins(fitBins(matrix, 255, 1), matrix);
    expect([0, 1, 2, 3, 4, 5].map((row) => binOf(binned, row, 0))).toEqual([1, 2, 1, 255, 3, 0]);
  });

  test('a heavy value does not starve the others', () => {
    const random = new Prng(1);
    const column = Float32Array.from({ length: 20_000 }, () => (random.chance(0.9) ? 0 : random.float()));
    const [edges] = fitBins(matrixOf({ a: column }), 255, 1).edges;
    expect(edges!.length).toBeGreaterThan(230);
    expect(edges!.length).toBeLessThan(255);
  });

  test('a constant or missing column has no edges', () => {
    const { edges } = fitBins(matrixOf({ a: [5, 5, Number.NaN], b: [Number.NaN, Number.NaN, Number.NaN] }), 255, 1);
    expect(edges.map((list) => list.length)).toEqual([0, 0]);
  });

  test('every feature finds its own bins among many', () => {
    const columns = Object.fromEntries(
      Array.from({ length: 19 }, (_, f) => [`f${f}`, [f, 19 + f, Number.NaN].slice(f % 2)]),
    );
    const matrix = matrixOf(
      Object.fromEntries(Object.entries(columns).map(([name, list]) => [name, list.slice(0, 2)])),
    );
    const binned = applyBins(fitBins(matrix, 255, 1), matrix);
    for (let f = 0; f < 19; f++) expect([0, 1].map((row) => binOf(binned, row, f))).toEqual(f % 2 ? [0, 255] : [0, 1]);
  });
});
