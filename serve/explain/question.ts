/** What is asked about one row, whichever way it is answered. */
import type { Table } from '../../core/table.ts';
import type { ModelCard } from '../../models/card.ts';

/** Two labels by number: contributions are to the log-odds of one over the other. */
export interface Pair {
  readonly label: number;
  readonly against: number;
}

/** Probabilities [count, labels] of rows [count, inputWidth(card.inputs)], both row-major. */
export type Predict = (rows: Float32Array, count: number) => Promise<Float32Array>;

/** What is asked about a row. */
export interface Question {
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
  /** One row. */
  readonly table: Table;
  /** The model's inputs of that row: see readInputs. */
  readonly row: Float32Array;
  /** Calibrated, by label. */
  readonly probabilities: Float32Array;
  readonly predict: Predict;
  /** The label to speak for, null for the usual one (see pairOf). */
  readonly label: number | null;
}
