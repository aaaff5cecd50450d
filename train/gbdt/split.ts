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
  const { l1, l2 } = limits;
  const perUnit = 1 / unit;
  const totalLevel = Math.floor(total * perUnit);
  const G = totalLevel * gradientScale;
  const H = (total - totalLevel * unit) * hessianScale;
  const parent = (shrink(G, l1) * shrink(G, l1)) / (H + l2);
  // Least hessian of a side; unless rows are counted, it stands for the least number of rows too.
  const fewest = counts === null && H > 0 ? (limits.minRowsPerLeaf / rows) * H : 0;
  const least = Math.max(limits.minChildWeight, fewest, Number.MIN_VALUE);
  const most = H - least;
  const minRows = counts === null ? 0 : limits.minRowsPerLeaf;
  const missing = histogram[at + MISSING_BIN]!;
  const missingRows = counts === null ? 0 : counts[MISSING_BIN]!;
  const hasMissing = missing !== 0 || missingRows !== 0;
  // Cutting after the last bin parts the missing rows from all others; without missing rows it parts nothing.
  const last = hasMissing ? binCount : binCount - 1;
  let bar = parent + best.gain;
  for (let side = 0; side < (hasMissing ? 2 : 1); side++) {
    let sum = side === 0 ? 0 : missing;
    let count = side === 0 ? 0 : missingRows;
    for (let bin = 0; bin < last; bin++) {
      const value = histogram[at + bin]!;
      if (counts !== null) count += counts[bin]!;
      // An empty bin cuts where the bin before it did.
      if (value === 0) continue;
      sum += value;
      const level = Math.floor(sum * perUnit);
      const hessianLeft = (sum - level * unit) * hessianScale;
      if (hessianLeft < least) continue;
      if (hessianLeft > most) break;
      if (count < minRows || (counts !== null && rows - count < minRows)) continue;
      const gradientLeft = level * gradientScale;
      const left = l1 === 0 ? gradientLeft : shrink(gradientLeft, l1);
      const right = l1 === 0 ? G - gradientLeft : shrink(G - gradientLeft, l1);
      const a = hessianLeft + l2;
      const b = H - hessianLeft + l2;
      // left^2 / a + right^2 / b > bar, without the divisions.
      if (left * left * b + right * right * a <= bar * a * b) continue;
      const gain = (left * left) / a + (right * right) / b - parent;
      if (gain <= best.gain) continue;
      bar = parent + gain;
      best.gain = gain;
      best.feature = feature;
      best.bin = bin;
      // Unseen missing values follow the larger side.
      best.missingLeft = hasMissing ? side === 1 : hessianLeft >= H - hessianLeft;
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
