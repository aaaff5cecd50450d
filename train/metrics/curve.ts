/** ROC and precision-recall curves with no more points than a picture shows. */
import type { Ranking } from './ranking.ts';

export interface CurvePoint {
  readonly threshold: number;
  readonly tpr: number;
  readonly fpr: number;
  readonly precision: number;
}

/** Points of one curve: enough for a picture of a thousand pixels. */
const MOST_POINTS = 250;

/**
 * The points of a ranking from its highest threshold down, without those that lie on a straight line between their
 * neighbours, then thinned evenly along both axes. First and last stay. Empty unless both kinds of rows occur.
 */
export function curvePoints(ranking: Ranking, most = MOST_POINTS): CurvePoint[] {
  const { thresholds, truePositives, falsePositives, positives, negatives } = ranking;
  if (positives === 0 || negatives === 0) return [];
  const kept: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < thresholds.length; i++) {
    const corner = i === 0 || i + 1 === thresholds.length || turns(truePositives, falsePositives, i);
    if (!corner) continue;
    // The log of the FPR is an axis of its own: early steps are far apart on it.
    const place = truePositives[i]! / positives + Math.log10(1 + falsePositives[i]!) / Math.log10(1 + negatives);
    if (place - last < 2 / most && i + 1 < thresholds.length && i > 0) continue;
    kept.push(i);
    last = place;
  }
  return kept.map((i) => ({
    threshold: thresholds[i]!,
    tpr: truePositives[i]! / positives,
    fpr: falsePositives[i]! / negatives,
    precision: truePositives[i]! / (truePositives[i]! + falsePositives[i]!),
  }));
}

/** Whether the curve bends at `i`. */
function turns(tp: Float64Array, fp: Float64Array, i: number): boolean {
  const before = (tp[i]! - tp[i - 1]!) * (fp[i + 1]! - fp[i]!);
  const after = (tp[i + 1]! - tp[i]!) * (fp[i]! - fp[i - 1]!);
  return before !== after;
}
