/** Everything that explains one row, for whoever shows it. */
import type { Table } from '../../core/table.ts';
import { type Flow, rowsOf } from '../../features/rows-of.ts';
import type { ModelCard } from '../../models/card.ts';
import { readInputs } from '../../models/inputs.ts';
import { outOfScope, type Verdict } from '../verdict.ts';
import { type Effects, effectsOf } from './effects.ts';
import type { Predict } from './question.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** What answers for the model; a Scorer does. */
export interface Explainable {
  readonly card: ModelCard;
  /** See Predict. */
  predict: Predict;
}

export interface Explained {
  readonly card: ModelCard;
  /** All columns of the row. */
  readonly flow: Flow;
  readonly verdict: Verdict;
  /** Calibrated, in the order of card.labels. */
  readonly probabilities: readonly number[];
  /** Whether the model speaks of such a flow; where not, contributions tell what its score would have been made of. */
  readonly isInScope: boolean;
  readonly effects: Effects | null;
  /** Why there are no effects; '' where there are. */
  readonly noEffects: string;
  /** Null where the table has no columns of messages. */
  readonly timeline: Timeline | null;
}

/**
 * Explains a verdict.
 *
 * @param onnx the model's file
 * @param table one row, checked and scored before
 * @param verdict its verdict
 * @param label number of the label that positive contributions speak for, null for the usual one (see pairOf)
 */
export async function explainRow(
  scorer: Explainable,
  onnx: Uint8Array,
  table: Table,
  verdict: Verdict,
  label: number | null = null,
): Promise<Explained> {
  const { card } = scorer;
  const row = readInputs(table, card.inputs);
  const predict: Predict = (rows, count) => scorer.predict(rows, count);
  const probabilities = await predict(row, 1);
  const effects = await effectsOf({ card, onnx, table, row, probabilities, predict, label });
  const isKnown = !('none' in effects);
  return {
    card,
    flow: rowsOf(table)[0]!,
    verdict,
    probabilities: [...probabilities],
    isInScope: outOfScope(card, table, 0) === null,
    effects: isKnown ? effects : null,
    noEffects: isKnown ? '' : effects.none,
    timeline: timelineOf(table, 0),
  };
}
