/** Whether probabilities mean what they say. All take row-major [rows, classes] and are null without rows. */
import { mostProbable } from './confusion.ts';

type Probabilities = Float32Array | Float64Array;

/** Mean of -ln p(true class), p held above 1e-15. */
export function logLoss(probabilities: Probabilities, labels: Int32Array, classes: number): number | null {
  if (labels.length === 0) return null;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    sum -= Math.log(Math.max(probabilities[row * classes + labels[row]!]!, 1e-15));
  }
  return sum / labels.length;
}

/**
 * Mean over rows of the sum over classes of (p - y)^2 (Brier, 1950): 0 to 2. For two classes this is twice the form that
 * looks at one class only.
 */
export function brierScore(probabilities: Probabilities, labels: Int32Array, classes: number): number | null {
  if (labels.length === 0) return null;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    for (let k = 0; k < classes; k++) {
      const error = probabilities[row * classes + k]! - (labels[row] === k ? 1 : 0);
      sum += error * error;
    }
  }
  return sum / labels.length;
}

/** Rows whose highest probability lies in [low, high), the last bin including 1. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  /** Null where the bin is empty. */
  readonly meanProbability: number | null;
  readonly accuracy: number | null;
}

/** The reliability diagram of the most probable class, over bins of equal width. */
export function reliability(
  probabilities: Probabilities,
  labels: Int32Array,
  classes: number,
  bins = 15,
): ReliabilityBin[] {
  const predicted = mostProbable(probabilities, classes);
  const rows = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const hits = new Float64Array(bins);
  for (let row = 0; row < labels.length; row++) {
    const p = probabilities[row * classes + predicted[row]!]!;
    const bin = Math.min(bins - 1, Math.floor(p * bins));
    rows[bin] = rows[bin]! + 1;
    sums[bin] = sums[bin]! + p;
    hits[bin] = hits[bin]! + (predicted[row] === labels[row] ? 1 : 0);
  }
  return Array.from(rows, (count, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    rows: count,
    meanProbability: count > 0 ? sums[bin]! / count : null,
    accuracy: count > 0 ? hits[bin]! / count : null,
  }));
}

/**
 * Expected calibration error of the most probable class: the row-weighted mean gap between probability and accuracy over
 * 15 bins of equal width (Guo et al., ICML 2017, equation 3).
 */
export function expectedCalibrationError(
  probabilities: Probabilities,
  labels: Int32Array,
  classes: number,
  bins = 15,
): number | null {
  if (labels.length === 0) return null;
  let sum = 0;
  for (const bin of reliability(probabilities, labels, classes, bins)) {
    if (bin.meanProbability !== null) sum += bin.rows * Math.abs(bin.meanProbability - bin.accuracy!);
  }
  return sum / labels.length;
}
