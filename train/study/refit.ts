/** Models that are trained for a report only: on fewer rows, with the number of rounds that the model itself got. */
import { Prng } from '../../core/prng.ts';
import type { Fitted } from '../learner.ts';
import type { LabelledMatrix } from '../matrix.ts';

/** Trains as the model was trained, for a fixed number of rounds. */
export type Refit = (train: LabelledMatrix) => Fitted | Promise<Fitted>;

/** Rows that the models of a report learn from: each question takes several trainings, which must not cost hours. */
export const STUDY_ROWS = 10_000;

/** Numbers of rows drawn evenly, in rising order; all where there are few enough. */
export function studySample(rows: Int32Array, seed: number, most = STUDY_ROWS): Int32Array {
  return rows.length <= most ? rows : new Prng(seed).shuffle(rows.slice()).slice(0, most).sort();
}

/** The same rows with fewer columns. */
export function takeColumns(data: LabelledMatrix, columns: readonly number[]): LabelledMatrix {
  const { rows, names, columns: all } = data.matrix;
  return {
    ...data,
    matrix: { rows, names: columns.map((i) => names[i]!), columns: columns.map((i) => all[i]!) },
  };
}
