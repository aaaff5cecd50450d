/** Predictions for every row by a model that has seen none of its group. */
import type { Fitted } from './learner.ts';
import { type LabelledMatrix, takeRows, toRowMajor } from './matrix.ts';

export interface CrossValidation {
  /** Row-major [rows, classes], each row predicted by a model of the other folds. */
  readonly probabilities: Float32Array;
  /** Rounds that each fold's model kept. */
  readonly rounds: readonly number[];
  /** Each fold's model, with the rows that it has not seen. */
  readonly models: readonly { readonly fitted: Fitted; readonly rows: Int32Array }[];
}

/** Fits on the rows of all folds but one, stopping early on `validation`. */
export type Learn = (train: LabelledMatrix, validation: LabelledMatrix) => Fitted | Promise<Fitted>;

/** @param folds fold per row; groups must not cross folds (see datasets/split.ts) */
export async function crossValidate(
  data: LabelledMatrix,
  folds: Int32Array,
  foldCount: number,
  learn: Learn,
): Promise<CrossValidation> {
  const classCount = data.classNames.length;
  const probabilities = new Float32Array(data.matrix.rows * classCount);
  const models: { fitted: Fitted; rows: Int32Array }[] = [];
  for (let fold = 0; fold < foldCount; fold++) {
    const { inside, outside } = sidesOf(folds, fold);
    if (outside.length === 0 || inside.length === 0) continue;
    const held = takeRows(data, outside);
    const fitted = await learn(takeRows(data, inside), held);
    models.push({ fitted, rows: Int32Array.from(outside) });
    predictInto(fitted, held, outside, classCount, probabilities);
  }
  return { probabilities, rounds: models.map(({ fitted }) => fitted.rounds), models };
}

/** The rows of all folds but one, and of that one. */
export function partOf(
  data: LabelledMatrix,
  folds: Int32Array,
  fold: number,
): { readonly train: LabelledMatrix; readonly held: LabelledMatrix } {
  const { inside, outside } = sidesOf(folds, fold);
  return { train: takeRows(data, inside), held: takeRows(data, outside) };
}

function sidesOf(folds: Int32Array, fold: number): { inside: number[]; outside: number[] } {
  const inside: number[] = [];
  const outside: number[] = [];
  for (const [row, own] of folds.entries()) (own === fold ? outside : inside).push(row);
  return { inside, outside };
}

function predictInto(
  fitted: Fitted,
  held: LabelledMatrix,
  rows: readonly number[],
  classCount: number,
  out: Float32Array,
): void {
  const predicted = fitted.predict(toRowMajor(held.matrix), rows.length);
  rows.forEach((row, i) => {
    out.set(predicted.subarray(i * classCount, (i + 1) * classCount), row * classCount);
  });
}
