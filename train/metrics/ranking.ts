/** How well a score puts the rows of one class above all others, at every threshold. Ties count as one step. */

/** One step per distinct score, from the highest down: rows at or above it. */
export interface Ranking {
  readonly thresholds: Float64Array;
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  readonly positives: number;
  readonly negatives: number;
}

/**
 * @param scores one per row, none NaN
 * @param isPositive 1 for rows of the class
 */
export function rank(scores: Float32Array | Float64Array, isPositive: Uint8Array): Ranking {
  const order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let positives = 0;
  let negatives = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    if (isPositive[row] === 1) positives++;
    else negatives++;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[row]) continue;
    thresholds.push(scores[row]!);
    truePositives.push(positives);
    falsePositives.push(negatives);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
    positives,
    negatives,
  };
}

/**
 * Area under the ROC curve by trapezoids: the chance that a row of the class scores above another row, ties counting
 * half (Hanley and McNeil, 1982). Null unless both kinds occur.
 */
export function rocAuc({ truePositives, falsePositives, positives, negatives }: Ranking): number | null {
  if (positives === 0 || negatives === 0) return null;
  let area = 0;
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < truePositives.length; i++) {
    area += ((falsePositives[i]! - fp) * (truePositives[i]! + tp)) / 2;
    tp = truePositives[i]!;
    fp = falsePositives[i]!;
  }
  return area / (positives * negatives);
}

/**
 * Area under the precision-recall curve as average precision: sum of (R_i - R_{i-1}) P_i, without interpolation, which
 * would flatter (Davis and Goadrich, ICML 2006). Null where the class does not occur.
 */
export function averagePrecision({ truePositives, falsePositives, positives }: Ranking): number | null {
  if (positives === 0) return null;
  let sum = 0;
  let before = 0;
  for (let i = 0; i < truePositives.length; i++) {
    const tp = truePositives[i]!;
    sum += ((tp - before) / positives) * (tp / (tp + falsePositives[i]!));
    before = tp;
  }
  return sum;
}

export interface OperatingPoint {
  /** Rows scoring at or above it are called the class; null where only calling nothing keeps the bound. */
  readonly threshold: number | null;
  readonly tpr: number;
  readonly fpr: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** The most rows of the class found while at most `maxFpr` of the others are. Null unless both kinds occur. */
export function tprAtFpr(ranking: Ranking, maxFpr: number): OperatingPoint | null {
  const { thresholds, truePositives, falsePositives, positives, negatives } = ranking;
  if (positives === 0 || negatives === 0) return null;
  let at = -1;
  while (at + 1 < thresholds.length && falsePositives[at + 1]! / negatives <= maxFpr) at++;
  // The highest threshold that finds as many: every lower one only adds false positives.
  while (at > 0 && truePositives[at - 1] === truePositives[at]) at--;
  const tp = at < 0 ? 0 : truePositives[at]!;
  const fp = at < 0 ? 0 : falsePositives[at]!;
  return {
    threshold: at < 0 ? null : thresholds[at]!,
    tpr: tp / positives,
    fpr: fp / negatives,
    truePositives: tp,
    falsePositives: fp,
  };
}
