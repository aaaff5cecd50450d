/** A rate of false alarms, and how much stands behind it: flows of one group are no independent witnesses. */
import { clopperPearson } from './interval.ts';
import { PREVALENCES, precisionAtPrevalence } from './prevalence.ts';
import { type OperatingPoint, rank, tprAtFpr } from './ranking.ts';

/** The largest rates of false alarms at which every class is read off. */
export const FPR_POINTS = [1e-2, 1e-3, 1e-4] as const;

export interface FalseAlarmClaim {
  /** The rate that was asked for. */
  readonly maxFpr: number;
  /** Where it is kept with the most rows of the class found; null unless both kinds of rows occur. */
  readonly point: OperatingPoint | null;
  /** Rows of other classes, and the groups that they come from. */
  readonly negatives: number;
  readonly negativeGroups: number;
  /** Of these groups, those with one false alarm or more. */
  readonly alarmedGroups: number;
  /**
   * With 95 % confidence no larger share of groups raises a false alarm (one-sided Clopper-Pearson; 3 / groups where
   * there was none: the rule of three). Null without groups.
   */
  readonly groupUpper: number | null;
  /** The same over rows as if each were independent, which they are not: the least that the upper bound can be. */
  readonly rowUpper: number | null;
  /** Independent groups without a false alarm that it takes to claim `maxFpr` (rule of three). */
  readonly groupsNeeded: number;
  /**
   * Precision at each of PREVALENCES: with the rate as measured (null where nothing raises an alarm) and, at worst, with
   * `rowUpper` in its place.
   */
  readonly precision: readonly {
    readonly prevalence: number;
    readonly measured: number | null;
    readonly atWorst: number | null;
  }[];
}

/**
 * @param scores the probability of the class, one per row
 * @param isPositive 1 for rows of the class
 * @param groups group per row, 0 to groupCount - 1
 */
export function falseAlarmClaims(
  scores: Float64Array,
  isPositive: Uint8Array,
  groups: Int32Array,
  groupCount: number,
  maxFprs: readonly number[] = FPR_POINTS,
): FalseAlarmClaim[] {
  const ranking = rank(scores, isPositive);
  const largest = largestPerGroup(scores, isPositive, groups, groupCount);
  return maxFprs.map((maxFpr) => {
    const point = tprAtFpr(ranking, maxFpr);
    const threshold = point?.threshold ?? Infinity;
    const alarmedGroups = largest.filter((score) => score >= threshold).length;
    const rowUpper = upperBound(point?.falsePositives ?? 0, ranking.negatives);
    return {
      maxFpr,
      point,
      negatives: ranking.negatives,
      negativeGroups: largest.length,
      alarmedGroups,
      groupUpper: upperBound(alarmedGroups, largest.length),
      rowUpper,
      groupsNeeded: Math.ceil(3 / maxFpr - 1e-9),
      precision: PREVALENCES.map((prevalence) => ({
        prevalence,
        measured: point === null ? null : precisionAtPrevalence(point.tpr, point.fpr, prevalence),
        atWorst: point === null || rowUpper === null ? null : precisionAtPrevalence(point.tpr, rowUpper, prevalence),
      })),
    };
  });
}

/** One-sided 95 % upper bound of a share. */
export function upperBound(successes: number, trials: number): number | null {
  return clopperPearson(successes, trials, 0.1)?.high ?? null;
}

/** The largest score of a row of another class, of each group that has one. */
function largestPerGroup(scores: Float64Array, isPositive: Uint8Array, groups: Int32Array, groupCount: number) {
  const largest = new Float64Array(groupCount).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < scores.length; row++) {
    if (isPositive[row] === 0) largest[groups[row]!] = Math.max(largest[groups[row]!]!, scores[row]!);
  }
  return [...largest].filter((score) => score > Number.NEGATIVE_INFINITY);
}
