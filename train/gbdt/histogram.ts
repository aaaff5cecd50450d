import { BIN_STRIDE, FEATURES_PER_WORD } from './binning.ts';

/** Doubles per word of four features. */
export const WORD_STRIDE = BIN_STRIDE * FEATURES_PER_WORD;
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
  #state: number;

  constructor(rows: number, seed: number) {
    this.values = new Float64Array(rows);
    this.#state = seed | 1;
  }

  /** @param hessians non-negative, one per row like the gradients */
  pack(gradients: Float32Array, hessians: Float32Array): void {
    this.#chooseScales(gradients, hessians);
    const { values, unit } = this;
    const perGradient = 1 / this.gradientScale;
    const perHessian = 1 / this.hessianScale;
    let state = this.#state;
    for (let row = 0; row < values.length; row++) {
      // xorshift32 (Marsaglia, 2003); its halves dither gradient and hessian.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const gradient = Math.floor(gradients[row]! * perGradient + (state & 0xffff) * (1 / 0x1_0000));
      const hessian = Math.floor(hessians[row]! * perHessian + (state >>> 16) * (1 / 0x1_0000));
      values[row] = gradient * unit + hessian;
    }
    this.#state = state;
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
 * Sums `ordered` into the bins of all words. Layout of `out`: [word][feature in word][bin], doubles.
 *
 * @param rows ids of the rows in [start, end), ascending
 * @param ordered ordered[i] is the packed gradient of rows[i]
 * @param used words to sum; the others are left as they are
 */
export function buildHistogram(
  words: readonly Int32Array[],
  used: readonly number[],
  rows: Uint32Array,
  start: number,
  end: number,
  ordered: Float64Array,
  out: Float64Array,
): void {
  for (const word of used) {
    const histogram = out.subarray(word * WORD_STRIDE, (word + 1) * WORD_STRIDE).fill(0);
    if (end - start === words[word]!.length) sumAllRows(words[word]!, ordered, histogram);
    else sumRows(words[word]!, rows, start, end, ordered, histogram);
  }
}

/** The hot loop: one load of four bins, four additions. */
function sumRows(
  bins: Int32Array,
  rows: Uint32Array,
  start: number,
  end: number,
  ordered: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = start; i < end; i++) {
    const four = bins[rows[i]!]!;
    const value = ordered[i]!;
    const a = four & 255;
    const b = 256 + ((four >>> 8) & 255);
    const c = 512 + ((four >>> 16) & 255);
    const d = 768 + (four >>> 24);
    histogram[a] = histogram[a]! + value;
    histogram[b] = histogram[b]! + value;
    histogram[c] = histogram[c]! + value;
    histogram[d] = histogram[d]! + value;
  }
}

/** sumRows without the indirection, for a root that holds every row. */
function sumAllRows(bins: Int32Array, ordered: Float64Array, histogram: Float64Array): void {
  for (let i = 0; i < bins.length; i++) {
    const four = bins[i]!;
    const value = ordered[i]!;
    const a = four & 255;
    const b = 256 + ((four >>> 8) & 255);
    const c = 512 + ((four >>> 16) & 255);
    const d = 768 + (four >>> 24);
    histogram[a] = histogram[a]! + value;
    histogram[b] = histogram[b]! + value;
    histogram[c] = histogram[c]! + value;
    histogram[d] = histogram[d]! + value;
  }
}

/** parent - child into parent, which becomes the sibling's; exact, because all are whole numbers. */
export function subtractHistogram(parent: Float64Array, child: Float64Array, used: readonly number[]): void {
  for (const word of used) {
    const end = (word + 1) * WORD_STRIDE;
    for (let i = word * WORD_STRIDE; i < end; i++) parent[i] = parent[i]! - child[i]!;
  }
}
