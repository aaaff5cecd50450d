import { BIN_STRIDE, type BinnedMatrix, FEATURES_PER_BLOCK, MISSING_BIN } from './binning.ts';

/** Doubles per block of features. */
export const BLOCK_STRIDE = BIN_STRIDE * FEATURES_PER_BLOCK;
/** Leaves of a smaller share of the rows read whole rows. */
const SCATTERED = 1 / 8;
const CHUNK_ROWS = 256;
const WORDS_PER_LINE = 16;
/** A double counts exactly to 2^53; one bit is left for the sign of the gradient. */
const BUDGET_BITS = 52;
const MAX_LEVEL_BITS = 16;

/**
 * Gradient and hessian of a row in one double: `gradientLevel * unit + hessianLevel`, both whole numbers, so that one
 * addition sums both exactly and sibling histograms subtract without error. The idea of quantised training with
 * stochastic rounding is from Shi et al., "Quantized Training of Gradient Boosting Decision Trees" (NeurIPS 2022); here
 * the levels take as many bits as the sums of this data leave room for.
 */
export class PackedGradients {
  /** One per row of the training matrix. */
  readonly values: Float64Array;
  /** A power of two above every hessian sum. */
  unit = 1;
  /** Real gradient per level. */
  gradientScale = 1;
  /** Real hessian per level. */
  hessianScale = 1;

  constructor(rows: number) {
    this.values = new Float64Array(rows);
  }

  /**
   * Rounds up or down at random, so that sums are right on average whatever the number of rows.
   *
   * @param hessians non-negative, one per row like the gradients
   * @param seed any 32-bit integer
   */
  pack(gradients: Float32Array, hessians: Float32Array, seed: number): void {
    this.#chooseScales(gradients, hessians);
    const { values, unit } = this;
    const perGradient = 1 / this.gradientScale;
    const perHessian = 1 / this.hessianScale;
    let state = seed | 1;
    for (let row = 0; row < values.length; row++) {
      // xorshift32 (Marsaglia, 2003); its halves dither gradient and hessian.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const gradient = Math.floor(gradients[row]! * perGradient + (state & 0xffff) * (1 / 0x1_0000));
      const hessian = Math.floor(hessians[row]! * perHessian + (state >>> 16) * (1 / 0x1_0000));
      values[row] = gradient * unit + hessian;
    }
  }

  #chooseScales(gradients: Float32Array, hessians: Float32Array): void {
    let gradientSum = 0;
    let gradientMax = 0;
    let hessianSum = 0;
    let hessianMax = 0;
    for (let row = 0; row < gradients.length; row++) {
      const gradient = Math.abs(gradients[row]!);
      const hessian = hessians[row]!;
      gradientSum += gradient;
      hessianSum += hessian;
      if (gradient > gradientMax) gradientMax = gradient;
      if (hessian > hessianMax) hessianMax = hessian;
    }
    gradientMax ||= 1;
    hessianMax ||= 1;
    // Rounding moves every row by less than one level.
    const rounding = gradients.length + 1;
    for (let bits = MAX_LEVEL_BITS; ; bits--) {
      const levels = 2 ** bits;
      const gradientBits = Math.log2((gradientSum / gradientMax) * levels + rounding);
      const hessianBits = Math.ceil(Math.log2((hessianSum / hessianMax) * levels + rounding));
      if (gradientBits + hessianBits > BUDGET_BITS && bits > 1) continue;
      this.unit = 2 ** hessianBits;
      this.gradientScale = gradientMax / levels;
      this.hessianScale = hessianMax / levels;
      return;
    }
  }
}

/**
 * Sums `ordered` into the bins of the used blocks. Layout of `out`: [feature][bin], doubles.
 *
 * @param rows ids of the rows in [start, end), ascending
 * @param ordered ordered[i] is the packed gradient of rows[i]
 * @param used blocks to sum; the others are left as they are
 */
export function buildHistogram(
  data: BinnedMatrix,
  used: readonly number[],
  rows: Uint32Array,
  start: number,
  end: number,
  ordered: Float64Array,
  out: Float64Array,
): void {
  for (const block of used) out.fill(0, block * BLOCK_STRIDE, (block + 1) * BLOCK_STRIDE);
  if (end - start < data.rows * SCATTERED) {
    sumScattered(data, used, rows, start, end, ordered, out);
    return;
  }
  for (const block of used) {
    const histogram = out.subarray(block * BLOCK_STRIDE, (block + 1) * BLOCK_STRIDE);
    sumRows(data.blocks[block]!, 2, 0, rows, start, end, ordered, histogram);
  }
}

/** Reads whole rows, a few hundred at a time: the first pass brings them into cache and the other passes find them. */
function sumScattered(
  data: BinnedMatrix,
  used: readonly number[],
  rows: Uint32Array,
  start: number,
  end: number,
  ordered: Float64Array,
  out: Float64Array,
): void {
  const stride = 2 * data.blocks.length;
  const histograms = used.map((block) => out.subarray(block * BLOCK_STRIDE, (block + 1) * BLOCK_STRIDE));
  for (let from = start; from < end; from += CHUNK_ROWS) {
    const to = Math.min(end, from + CHUNK_ROWS);
    touched = touchRows(data.byRow, stride, rows, from, to);
    for (let i = 0; i < used.length; i++) {
      sumRows(data.byRow, stride, 2 * used[i]!, rows, from, to, ordered, histograms[i]!);
    }
  }
}

/** Keeps touchRows from being optimised away. */
let touched = 0;

/** Loads one word of each cache line: with nothing else to do, the processor waits for many lines at once. */
function touchRows(byRow: Int32Array, stride: number, rows: Uint32Array, start: number, end: number): number {
  let sum = touched;
  for (let i = start; i < end; i++) {
    const at = stride * rows[i]!;
    for (let word = 0; word < stride; word += WORDS_PER_LINE) sum ^= byRow[at + word]!;
    sum ^= byRow[at + stride - 1]!;
  }
  return sum;
}

/** The hot loop: two loads of four bins, eight additions. */
function sumRows(
  words: Int32Array,
  stride: number,
  offset: number,
  rows: Uint32Array,
  start: number,
  end: number,
  ordered: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = start; i < end; i++) {
    const at = stride * rows[i]! + offset;
    const value = ordered[i]!;
    const low = words[at]!;
    const high = words[at + 1]!;
    const a = low & 255;
    const b = 256 + ((low >>> 8) & 255);
    const c = 512 + ((low >>> 16) & 255);
    const d = 768 + (low >>> 24);
    const e = 1024 + (high & 255);
    const f = 1280 + ((high >>> 8) & 255);
    const g = 1536 + ((high >>> 16) & 255);
    const h = 1792 + (high >>> 24);
    histogram[a] = histogram[a]! + value;
    histogram[b] = histogram[b]! + value;
    histogram[c] = histogram[c]! + value;
    histogram[d] = histogram[d]! + value;
    histogram[e] = histogram[e]! + value;
    histogram[f] = histogram[f]! + value;
    histogram[g] = histogram[g]! + value;
    histogram[h] = histogram[h]! + value;
  }
}

/**
 * parent - child into parent, which becomes the sibling's, for one feature; exact, because all are whole numbers.
 *
 * @param at where the feature's bins start
 * @param binCount bins that hold values
 */
export function subtractFeature(parent: Float64Array, child: Float64Array, at: number, binCount: number): void {
  for (let i = at; i < at + binCount; i++) parent[i] = parent[i]! - child[i]!;
  const missing = at + MISSING_BIN;
  parent[missing] = parent[missing]! - child[missing]!;
}
