import { BIN_STRIDE, MISSING_BIN } from './binning.ts';
import type { PackedGradients } from './histogram.ts';

export interface SplitLimits {
  readonly minRowsPerLeaf: number;
  /** Least hessian sum of a child. */
  readonly minChildWeight: number;
  readonly l1: number;
  readonly l2: number;
}

/** The best cut of a leaf so far; `gain` 0 means none. */
export interface Split {
  gain: number;
  feature: number;
  /** Rows in bins 0 to `bin` go left. */
  bin: number;
  missingLeft: boolean;
  /** Packed sums of the left child. */
  leftSum: number;
}

export function noSplit(): Split {
  return { gain: 0, feature: -1, bin: 0, missingLeft: false, leftSum: 0 };
}

/**
 * Looks for the cut of one feature that lowers the loss most, and replaces `best` where it finds a better one. Gain of a
 * side with sums G and H: shrink(G)^2 / (H + l2) (Chen and Guestrin, "XGBoost", KDD 2016, equations 6 and 7).
 *
 * Rows per side are estimated from their share of the hessian, as LightGBM does, unless exact counts are given.
 *
 * @param at where the feature's bins start in the histogram
 * @param binCount bins that hold values
 * @param total packed sum of the leaf, `rows` its number of rows
 * @param counts rows per bin of this feature in this leaf, or null
 */
export function searchFeature(
  histogram: Float64Array,
  at: number,
  feature: number,
  binCount: number,
  total: number,
  rows: number,
  counts: Uint32Array | null,
  packed: PackedGradients,
  limits: SplitLimits,
  best: Split,
): void {
  const { unit, gradientScale, hessianScale } = packed;
  const { l1, l2, minRowsPerLeaf } = limits;
  const perUnit = 1 / unit;
  const totalLevel = Math.floor(total * perUnit);
  const G = totalLevel * gradientScale;
  const H = (total - totalLevel * unit) * hessianScale;
  const rowsPerHessian = H > 0 ? rows / H : 0;
  const minHessian = Math.max(limits.minChildWeight, Number.MIN_VALUE);
  const parent = (shrink(G, l1) * shrink(G, l1)) / (H + l2);
  const missing = histogram[at + MISSING_BIN]!;
  const missingRows = counts === null ? 0 : counts[MISSING_BIN]!;
  // Cutting after the last bin parts the missing rows from all others; without missing rows it parts nothing.
  const last = missing === 0 && missingRows === 0 ? binCount - 1 : binCount;
  for (let side = 0; side < (missing === 0 && missingRows === 0 ? 1 : 2); side++) {
    let sum = side === 0 ? 0 : missing;
    let count = side === 0 ? 0 : missingRows;
    for (let bin = 0; bin < last; bin++) {
      const value = histogram[at + bin]!;
      if (counts !== null) count += counts[bin]!;
      // An empty bin cuts where the bin before it did.
      if (value === 0 && bin + 1 < last) continue;
      sum += value;
      const level = Math.floor(sum * perUnit);
      const gradientLeft = level * gradientScale;
      const hessianLeft = (sum - level * unit) * hessianScale;
      const hessianRight = H - hessianLeft;
      if (hessianLeft < minHessian || hessianRight < minHessian) continue;
      const rowsLeft = counts === null ? hessianLeft * rowsPerHessian : count;
      if (rowsLeft < minRowsPerLeaf || rows - rowsLeft < minRowsPerLeaf) continue;
      const left = l1 === 0 ? gradientLeft : shrink(gradientLeft, l1);
      const right = l1 === 0 ? G - gradientLeft : shrink(G - gradientLeft, l1);
      const gain = (left * left) / (hessianLeft + l2) + (right * right) / (hessianRight + l2) - parent;
      if (gain <= best.gain) continue;
      best.gain = gain;
      best.feature = feature;
      best.bin = bin;
      // Unseen missing values follow the larger side.
      best.missingLeft = last === binCount ? side === 1 : hessianLeft >= hessianRight;
      best.leftSum = sum;
    }
  }
}

/** Soft threshold: what L1 leaves of a gradient sum. */
export function shrink(gradient: number, l1: number): number {
  if (l1 === 0) return gradient;
  return gradient > l1 ? gradient - l1 : gradient < -l1 ? gradient + l1 : 0;
}

/** Where feature f's bins start in a histogram. */
export function histogramOffset(feature: number): number {
  return feature * BIN_STRIDE;
}
