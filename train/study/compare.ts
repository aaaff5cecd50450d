/** A model beside its baselines, on the same rows. */
import { BASELINES, type BaselineAnswer, type BaselineName } from '../baselines/run.ts';
import type { Interval } from '../metrics/interval.ts';
import { measure } from '../metrics.ts';
import { macroF1Difference } from './intervals.ts';
import { type Judged, sliceOf } from './judged.ts';

/** `level`: ahead, but by no more than chance could have it. */
export type Outcome = 'beaten' | 'level' | 'not beaten' | 'not asked';

export interface BaselineResult {
  readonly name: BaselineName;
  readonly description: string;
  readonly rows: number;
  readonly macroF1: number | null;
  readonly accuracy: number | null;
  readonly logLoss: number | null;
  /** Of the model, on the same rows. */
  readonly modelMacroF1: number | null;
  /** Macro-F1 of the model less that of the baseline, with its group-bootstrap interval. */
  readonly lead: number | null;
  readonly leadInterval: Interval | null;
  readonly outcome: Outcome;
  /** Why it was asked about some rows only, or none; '' otherwise. */
  readonly because: string;
}

export function compareBaselines(judged: Judged, answers: readonly BaselineAnswer[], seed: number): BaselineResult[] {
  const chosen = new Set(judged.chosen);
  return answers.map(({ name, rows, probabilities, because }) => {
    const asked = rows.filter((row) => chosen.has(row));
    const theirs = sliceOf({ rows: judged.rows, probabilities }, asked);
    const ours = sliceOf(judged, asked);
    const { macroF1, accuracy, logLoss } = measure(theirs.probabilities, theirs.labels, theirs.classNames);
    const modelMacroF1 = measure(ours.probabilities, ours.labels, ours.classNames).macroF1;
    const { difference, interval } = macroF1Difference(ours, theirs, seed);
    return {
      name,
      description: BASELINES[name],
      rows: asked.length,
      macroF1,
      accuracy,
      logLoss,
      modelMacroF1,
      lead: difference,
      leadInterval: interval,
      outcome: outcomeOf(asked.length, difference, interval),
      because,
    };
  });
}

function outcomeOf(rows: number, lead: number | null, interval: Interval | null): Outcome {
  if (rows === 0 || lead === null) return 'not asked';
  if (lead <= 0) return 'not beaten';
  return interval !== null && interval.low > 0 ? 'beaten' : 'level';
}
