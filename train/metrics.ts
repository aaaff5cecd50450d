import { brierScore, expectedCalibrationError, logLoss } from './metrics/calibration.ts';
import { accuracy, type ClassScores, countConfusion, macroF1, mostProbable, scoreClass } from './metrics/confusion.ts';
import { FPR_POINTS } from './metrics/false-alarms.ts';
import { averagePrecision, type OperatingPoint, rank, rocAuc, tprAtFpr } from './metrics/ranking.ts';

export interface ClassMetrics extends ClassScores {
  readonly name: string;
  /** The class against all others, by its probability. */
  readonly rocAuc: number | null;
  readonly averagePrecision: number | null;
  /** One per FPR_POINTS. */
  readonly tprAtFpr: readonly { readonly maxFpr: number; readonly point: OperatingPoint | null }[];
}

export interface Metrics {
  readonly rows: number;
  readonly accuracy: number | null;
  readonly macroF1: number | null;
  readonly logLoss: number | null;
  readonly brier: number | null;
  readonly expectedCalibrationError: number | null;
  /** confusion[truth][predicted], rows. */
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly ClassMetrics[];
}

/**
 * Everything that a model card and a report quote, from probabilities alone. Plain JSON; undefined numbers are null.
 *
 * @param probabilities row-major [rows, classes]
 * @param labels class id per row
 */
export function measure(
  probabilities: Float32Array | Float64Array,
  labels: Int32Array,
  classNames: readonly string[],
): Metrics {
  const count = classNames.length;
  const confusion = countConfusion(labels, mostProbable(probabilities, count), count);
  return {
    rows: labels.length,
    accuracy: accuracy(confusion),
    macroF1: macroF1(confusion),
    logLoss: logLoss(probabilities, labels, count),
    brier: brierScore(probabilities, labels, count),
    expectedCalibrationError: expectedCalibrationError(probabilities, labels, count),
    confusion: classNames.map((_, k) => Array.from(confusion.counts.subarray(k * count, (k + 1) * count))),
    classes: classNames.map((name, target) => {
      const scores = Float64Array.from(labels, (_, row) => probabilities[row * count + target]!);
      const ranking = rank(
        scores,
        Uint8Array.from(labels, (label) => (label === target ? 1 : 0)),
      );
      return {
        name,
        ...scoreClass(confusion, target),
        rocAuc: rocAuc(ranking),
        averagePrecision: averagePrecision(ranking),
        tprAtFpr: FPR_POINTS.map((maxFpr) => ({ maxFpr, point: tprAtFpr(ranking, maxFpr) })),
      };
    }),
  };
}
