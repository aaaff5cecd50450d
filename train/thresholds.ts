/** The least probability at which a label becomes a verdict, chosen on rows that the model was not trained on. */

import { NEVER } from '../models/card.ts';

/** Share of right verdicts that is asked for: an alarm must be right, an all-clear may be less sure. */
export const TARGET_PRECISION = { positive: 0.99, other: 0.95 } as const;
const LEAST = 0.5;
/** The largest float32 below 1: the threshold of a label that only probabilities of 1 can claim. */
const ALMOST_SURE = 1 - 2 ** -24;

/**
 * For each class the lowest threshold (at least 0.5) at which, among the held-out rows predicted as that class with at
 * least that probability, the share of right ones reaches the target; NEVER where no threshold does.
 *
 * @param probabilities row-major [rows, classes]
 * @param targets the share that is asked for, per class
 */
export function chooseThresholds(
  probabilities: Float32Array,
  labels: Int32Array,
  targets: readonly number[],
): number[] {
  return targets.map((target, k) => thresholdOf(k, probabilities, labels, targets.length, target));
}

function thresholdOf(
  target: number,
  probabilities: Float32Array,
  labels: Int32Array,
  classCount: number,
  precision: number,
): number {
  const claims: { score: number; right: boolean }[] = [];
  for (let row = 0; row < labels.length; row++) {
    const scores = probabilities.subarray(row * classCount, (row + 1) * classCount);
    if (scores.indexOf(Math.max(...scores)) === target) {
      claims.push({ score: scores[target]!, right: labels[row] === target });
    }
  }
  claims.sort((a, b) => b.score - a.score);
  let right = 0;
  let lowest: number = NEVER;
  claims.forEach(({ score, right: isRight }, i) => {
    if (isRight) right++;
    // Equal scores stand or fall together.
    if (claims[i + 1]?.score !== score && right / (i + 1) >= precision) lowest = Math.min(score, ALMOST_SURE);
  });
  return Math.max(LEAST, lowest);
}
