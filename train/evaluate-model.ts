/** How good a model is on rows that it has not seen: probabilities against the truth, and verdicts against the truth. */
import { isVerdict, type ModelCard } from '../models/card.ts';
import type { LabelledData } from './labelled-rows.ts';
import { clopperPearson, type Interval } from './metrics/interval.ts';
import { type Metrics, measure } from './metrics.ts';
import { captureHash } from './train-model.ts';

/** What the verdicts (not the probabilities) of one label are worth. */
export interface VerdictQuality {
  readonly label: string;
  /** Rows that get this label as their verdict. */
  readonly claimed: number;
  readonly right: number;
  /** Rows that truly are of this label. */
  readonly truly: number;
  readonly precision: number | null;
  /** 95 % Clopper-Pearson interval; rows of one group are not independent, so the truth is wider. */
  readonly precisionInterval: Interval | null;
  readonly recall: number | null;
  readonly recallInterval: Interval | null;
}

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

/** @param probabilities row-major [rows, card.labels.length] for the rows of `rows` */
export function evaluateModel(card: ModelCard, rows: LabelledData, probabilities: Float32Array): Evaluation {
  const { labels, classNames } = rows.data;
  const verdicts = verdictIds(card, probabilities, labels.length);
  const trained = new Set(card.training.captureHashes);
  return {
    model: `${card.name}@${card.version}`,
    rows: labels.length,
    captures: rows.captures.length,
    groups: rows.groupNames.length,
    metrics: measure(probabilities, labels, classNames),
    verdicts: classNames.map((label, id) => verdictQuality(label, id, verdicts, labels)),
    unknown: verdicts.filter((id) => id < 0).length,
    seenInTraining: rows.captures.filter((capture) => trained.has(captureHash(capture))),
  };
}

/** Class id of each row's verdict, -1 for unknown. */
function verdictIds(card: ModelCard, probabilities: Float32Array, count: number): Int32Array {
  const classCount = card.labels.length;
  const ids = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++) {
    const scores = probabilities.subarray(row * classCount, (row + 1) * classCount);
    const best = scores.indexOf(Math.max(...scores));
    if (isVerdict(card, card.labels[best]!, scores[best]!)) ids[row] = best;
  }
  return ids;
}

function verdictQuality(label: string, id: number, verdicts: Int32Array, truth: Int32Array): VerdictQuality {
  let claimed = 0;
  let right = 0;
  let truly = 0;
  truth.forEach((actual, row) => {
    if (actual === id) truly++;
    if (verdicts[row] !== id) return;
    claimed++;
    if (actual === id) right++;
  });
  return {
    label,
    claimed,
    right,
    truly,
    precision: claimed === 0 ? null : right / claimed,
    precisionInterval: clopperPearson(right, claimed),
    recall: truly === 0 ? null : right / truly,
    recallInterval: clopperPearson(right, truly),
  };
}
