import { Prng } from '../../core/prng.ts';
import type { FeatureMatrix } from '../matrix.ts';

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
 * Rows as bins, twice: leaves of many rows read the blocks, where a cache line holds eight rows of what one pass needs;
 * leaves of few scattered rows read whole rows, where a line serves many passes. Measured: one layout alone costs 2 to 5
 * times as much at its bad end. A word holds four features, the first in its low byte.
 */
export interface BinnedMatrix {
  readonly rows: number;
  readonly featureCount: number;
  /** blocks[b][2 * row + w]: features 8b + 4w to 8b + 4w + 3. */
  readonly blocks: readonly Int32Array[];
  /** byRow[row * 2 * blocks + 2 * b + w]: the same words. */
  readonly byRow: Int32Array;
}

/** Where the bins of one feature are: (words[2 * row + word] >>> shift) & 255. */
export interface BinColumn {
  readonly words: Int32Array;
  readonly word: number;
  readonly shift: number;
}

export function binColumnOf({ blocks }: Pick<BinnedMatrix, 'blocks'>, feature: number): BinColumn {
  return {
    words: blocks[Math.floor(feature / FEATURES_PER_BLOCK)]!,
    word: Math.floor(feature / FEATURES_PER_WORD) % 2,
    shift: (feature % FEATURES_PER_WORD) * 8,
  };
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
  const { rows, columns } = matrix;
  const blocks = Array.from({ length: Math.ceil(columns.length / FEATURES_PER_BLOCK) }, () => new Int32Array(rows * 2));
  for (let feature = 0; feature < columns.length; feature++) {
    fillColumn(columns[feature]!, edges[feature]!, binColumnOf({ blocks }, feature));
  }
  return { rows, featureCount: columns.length, blocks, byRow: interleave(blocks, rows) };
}

function fillColumn(column: Float32Array, edges: Float32Array, { words, word, shift }: BinColumn): void {
  for (let row = 0, at = word; row < column.length; row++, at += 2) {
    const x = column[row]!;
    words[at] = words[at]! | ((Number.isNaN(x) ? MISSING_BIN : countBelow(edges, x)) << shift);
  }
}

function interleave(blocks: readonly Int32Array[], rows: number): Int32Array {
  const stride = blocks.length * 2;
  const byRow = new Int32Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    for (let b = 0; b < blocks.length; b++) {
      byRow[row * stride + 2 * b] = blocks[b]![2 * row]!;
      byRow[row * stride + 2 * b + 1] = blocks[b]![2 * row + 1]!;
    }
  }
  return byRow;
}

/** How many edges are < x: the bin of x. */
function countBelow(edges: Float32Array, x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
