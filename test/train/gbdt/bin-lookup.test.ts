import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { BinLookup } from '../../../train/gbdt/bin-lookup.ts';

const ROWS = 20_000;
const random = new Prng(1);
const next = (x: number) => {
  const bits = new Int32Array(new Float32Array([x]).buffer);
  bits[0]! += 1;
  return new Float32Array(bits.buffer)[0]!;
};

/** One comparison per edge: the twin. */
function binsOneByOne(column: Float32Array, edges: Float32Array): Uint8Array {
  return Uint8Array.from(column, (x) => (Number.isNaN(x) ? 255 : edges.filter((edge) => edge < x).length));
}

const close = [1, next(1), next(next(1))];
const EDGES = {
  'of all sizes': [-3.4e38, -7, -1e-40, 0, 1e-45, 0.5, 3, 2 ** 24, 3.4e38],
  'that share a cell': close,
  'at minus zero': [-0, 4],
  none: [],
};

test.each(Object.entries(EDGES))('edges %s: every value finds its bin, by table and without', (_, list) => {
  const edges = Float32Array.from(list);
  const special = [0, -0, Number.NaN, 1e-45, -1e-45, 3.4e38, -3.4e38, ...list, ...close];
  const column = Float32Array.from({ length: ROWS }, (_, row) => {
    if (row < special.length) return special[row]!;
    return random.pick([-1, 1]) * 2 ** random.between(-149, 127);
  });
  const expected = binsOneByOne(column, edges);
  const lookup = new BinLookup();
  // Leaves counts of other edges behind.
  lookup.fill(new Float32Array(ROWS), Float32Array.of(-5, 1, 8), 255, new Uint8Array(ROWS));
  const out = new Uint8Array(ROWS);
  lookup.fill(column, edges, 255, out);
  expect(out).toEqual(expected);
  const few = new Uint8Array(100);
  lookup.fill(column.subarray(0, 100), edges, 255, few);
  expect(few).toEqual(expected.subarray(0, 100));
});
