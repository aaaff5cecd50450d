import { Prng } from '../../core/prng.ts';
import type { FeatureMatrix } from '../matrix.ts';
import { BinLookup } from './bin-lookup.ts';
import { sharedInt32, sharedUint8 } from './shared.ts';

/** Bin of a missing value, whatever the number of value bins. */
export const MISSING_BIN = 255;
/** Values take bins 0 to 254 at most. */
export const MAX_BINS = 255;
/** Bins per feature in a histogram: the values and the missing one. */
export const BIN_STRIDE = 256;
/** Two words of four bytes: the features that one pass of a histogram sums, 16 KB of sums in first-level cache. */
export const FEATURES_PER_BLOCK = 8;
const FEATURES_PER_WORD = 4;
/** Edges come from a sample, as in scikit-learn and LightGBM: 200,000 rows place 255 quantiles well enough. */
const SAMPLE_ROWS = 200_000;

/**
 * Where each feature is cut. `edges[f]` ascends; bin b of feature f holds the x with edges[b - 1] < x <= edges[b], in
 * float32, so a split after bin b is exactly the comparison `x <= edges[b]`.
 */
export interface Bins {
  readonly edges: readonly Float32Array[];
}

/**
 * Rows as bins in three layouts, each for what reads it: leaves of many rows sum the blocks, where a cache line holds eight
 * rows of what one pass needs; leaves of few scattered rows sum whole rows, where a line serves many passes; a leaf is
 * parted by one column. Measured: sums over the wrong one of the first two cost up to four times as much. A word holds
 * four features, the first in its low byte. In shared memory, so that every thread reads the same copy.
 */
export interface BinnedMatrix {
  readonly rows: number;
  readonly featureCount: number;
  /** columns[feature][row]. */
  readonly columns: readonly Uint8Array[];
  /** blocks[b][2 * row + w]: features 8b + 4w to 8b + 4w + 3. */
  readonly blocks: readonly Int32Array[];
  /** byRow[row * 2 * blocks + 2 * b + w]: the same words. */
  readonly byRow: Int32Array;
}

/** Equal-frequency bins; a feature with at most maxBins distinct values gets one bin for each. */
export function fitBins(matrix: FeatureMatrix, maxBins: number, seed: number): Bins {
  const sample = sampleRows(matrix.rows, seed);
  return { edges: matrix.columns.map((column) => fitEdges(column, sample, maxBins)) };
}

function sampleRows(rows: number, seed: number): Uint32Array | null {
  if (rows <= SAMPLE_ROWS) return null;
  const random = new Prng(seed);
  return Uint32Array.from({ length: SAMPLE_ROWS }, () => random.below(rows));
}

function fitEdges(column: Float32Array, sample: Uint32Array | null, maxBins: number): Float32Array {
  const sorted = sample === null ? column.slice() : Float32Array.from(sample, (row) => column[row]!);
  sorted.sort();
  let count = sorted.length;
  while (count > 0 && Number.isNaN(sorted[count - 1]!)) count--;
  const { values, counts } = distinct(sorted, count);
  const edges: number[] = [];
  let left = count;
  let inBin = 0;
  for (let i = 0; i + 1 < values.length && edges.length < maxBins - 1; i++) {
    inBin += counts[i]!;
    // What remains is shared among the bins that remain, so a heavy value does not starve the others.
    const fair = values.length <= maxBins ? 0 : left / (maxBins - edges.length);
    if (inBin < fair && counts[i + 1]! < fair) continue;
    edges.push(between(values[i]!, values[i + 1]!));
    left -= inBin;
    inBin = 0;
  }
  return Float32Array.from(edges);
}

function distinct(sorted: Float32Array, count: number): { values: number[]; counts: number[] } {
  const values: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) counts[counts.length - 1]!++;
    else {
      values.push(sorted[i]!);
      counts.push(1);
    }
  }
  return { values, counts };
}

/** A float32 t with low <= t < high: the middle where float32 has one, so that unseen values fall to the nearer side. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high && Number.isFinite(middle) ? middle : low;
}

export function applyBins({ edges }: Bins, matrix: FeatureMatrix): BinnedMatrix {
  const { rows } = matrix;
  const lookup = new BinLookup();
  const columns = matrix.columns.map((column, feature) => {
    const bins = sharedUint8(rows);
    lookup.fill(column, edges[feature]!, MISSING_BIN, bins);
    return bins;
  });
  const blockCount = Math.ceil(columns.length / FEATURES_PER_BLOCK);
  const blocks = Array.from({ length: blockCount }, (_, block) => packBlock(columns, block, rows));
  return { rows, featureCount: columns.length, columns, blocks, byRow: interleave(blocks, rows) };
}

function packBlock(columns: readonly Uint8Array[], block: number, rows: number): Int32Array {
  const words = sharedInt32(rows * 2);
  const first = block * FEATURES_PER_BLOCK;
  const last = Math.min(columns.length, first + FEATURES_PER_BLOCK);
  for (let feature = first; feature < last; feature++) {
    const column = columns[feature]!;
    const word = Math.floor((feature - first) / FEATURES_PER_WORD);
    const shift = (feature % FEATURES_PER_WORD) * 8;
    for (let row = 0, at = word; row < rows; row++, at += 2) words[at] = words[at]! | (column[row]! << shift);
  }
  return words;
}

function interleave(blocks: readonly Int32Array[], rows: number): Int32Array {
  const stride = blocks.length * 2;
  const byRow = sharedInt32(rows * stride);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < blocks.length; b++) {
      byRow[row * stride + 2 * b] = blocks[b]![2 * row]!;
      byRow[row * stride + 2 * b + 1] = blocks[b]![2 * row + 1]!;
    }
  }
  return byRow;
}
