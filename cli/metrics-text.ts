/** Metrics as a table for people. */
import type { Metrics } from '../train/metrics.ts';
import { textTable } from './text-table.ts';

export function metricsText(metrics: Metrics): string {
  const rows = metrics.classes.map((scores, k) => [
    scores.name,
    String(metrics.confusion[k]!.reduce((sum, count) => sum + count, 0)),
    share(scores.precision),
    share(scores.recall),
    share(scores.f1),
    share(scores.averagePrecision),
    share(scores.rocAuc),
    ...scores.tprAtFpr.map(({ point }) => share(point?.tpr ?? null)),
  ]);
  const rates = (metrics.classes[0]?.tprAtFpr ?? []).map(({ maxFpr }) => `TPR at FPR ${maxFpr}`);
  const headings = ['class', 'flows', 'precision', 'recall', 'F1', 'PR-AUC', 'ROC-AUC', ...rates];
  const table = textTable(headings, rows, ['left', ...headings.slice(1).map(() => 'right' as const)]);
  const totals = `macro-F1 ${share(metrics.macroF1)}, accuracy ${share(metrics.accuracy)}, log loss ${share(metrics.logLoss)}, calibration error ${share(metrics.expectedCalibrationError)}`;
  return `${table}\n${totals}`;
}

/** Three decimals, `-` where the number is undefined. */
export function share(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}
