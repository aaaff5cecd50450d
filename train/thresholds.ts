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

/** How often the positive label may be given wrongly: the other way of choosing its threshold. */
export interface AlarmBudget {
  /** Share of the units of other labels that may get one, 0 to 1. */
  readonly rate: number;
  /** What is counted, per row: several rows of a flow are one unit, alarmed where any of them is. */
  readonly units: ArrayLike<number>;
}

/** The threshold that a budget allows, and what it was chosen on. */
export interface BudgetedThreshold {
  readonly threshold: number;
  /** Units of other labels, and how many of them get an alarm at the threshold. */
  readonly units: number;
  readonly alarms: number;
}

/**
 * The lowest threshold (at least 0.5) at which no more than `rate` of the held-out units of other labels are called `target`.
 * With fewer units than 1 / rate, none may be: the threshold is then beyond the worst of them, and says no more than that.
 *
 * @param probabilities row-major [rows, classes]
 */
export function thresholdWithin(
  { rate, units }: AlarmBudget,
  target: number,
  probabilities: Float32Array,
  labels: Int32Array,
  classCount: number,
): BudgetedThreshold {
  const worst = new Map<number, number>();
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === target) continue;
    const score = probabilities[row * classCount + target]!;
    const unit = units[row]!;
    worst.set(unit, Math.max(worst.get(unit) ?? 0, score));
  }
  const scores = [...worst.values()].sort((a, b) => b - a);
  const firstRefused = scores[Math.floor(rate * scores.length)];
  const threshold =
    firstRefused === undefined ? LEAST : Math.min(ALMOST_SURE, Math.max(LEAST, nextFloat32(firstRefused)));
  return { threshold, units: scores.length, alarms: scores.filter((score) => score >= threshold).length };
}

/** The smallest float32 above a positive one. */
function nextFloat32(value: number): number {
  const float = Float32Array.of(value);
  new Int32Array(float.buffer)[0]! += 1;
  return float[0]!;
}
