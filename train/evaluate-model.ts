/** How good a model is on rows that it has not seen: probabilities against the truth, and verdicts against the truth. */
import type { ModelCard } from '../models/card.ts';
import type { LabelledData } from './labelled-rows.ts';
import { type Metrics, measure } from './metrics.ts';
import { type VerdictQuality, verdictIds, verdictQuality } from './report/assessment.ts';
import { judgedRows, sliceOf } from './study/judged.ts';
import { captureHash } from './train-model.ts';

export interface Evaluation {
  readonly model: string;
  readonly rows: number;
  readonly captures: number;
  readonly groups: number;
  readonly metrics: Metrics;
  readonly verdicts: readonly VerdictQuality[];
  /** Rows without a verdict. */
  readonly unknown: number;
  /** Captures that the model was trained on: figures on them say nothing. */
  readonly seenInTraining: readonly string[];
}

/**
 * Figures are about whole flows where the rows have them; rows of their prefixes are left to the report.
 *
 * @param probabilities row-major [rows, card.labels.length] for the rows of `rows`
 */
export function evaluateModel(card: ModelCard, rows: LabelledData, probabilities: Float32Array): Evaluation {
  const judged = judgedRows(rows, probabilities);
  const slice = sliceOf(judged, judged.chosen);
  const { labels, classNames } = slice;
  const verdicts = verdictIds(card, slice.probabilities, labels.length);
  const trained = new Set(card.training.captureHashes);
  return {
    model: `${card.name}@${card.version}`,
    rows: labels.length,
    captures: rows.captures.length,
    groups: rows.groupNames.length,
    metrics: measure(slice.probabilities, labels, classNames),
    verdicts: classNames.map((label, id) => verdictQuality(label, id, verdicts, labels)),
    unknown: verdicts.filter((id) => id < 0).length,
    seenInTraining: rows.captures.filter((capture) => trained.has(captureHash(capture))),
  };
}
