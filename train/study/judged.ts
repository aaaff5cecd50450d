/** Rows with probabilities from models that had not seen their groups: all that a figure is made of. */
import type { LabelledData } from '../labelled-rows.ts';
import { RowKind } from '../row-context.ts';

export interface Judged {
  readonly rows: LabelledData;
  /** Row-major [rows, classes], one row for each of `rows`. */
  readonly probabilities: Float32Array;
  /** The rows that figures are about: whole flows where the tables have them. Rows of prefixes are other rows of these. */
  readonly chosen: Int32Array;
}

export function judgedRows(rows: LabelledData, probabilities: Float32Array): Judged {
  const all = Int32Array.from(rows.data.labels, (_, row) => row);
  const kinds = rows.context?.kinds;
  const ends = kinds === undefined ? all : all.filter((row) => kinds[row] === RowKind.End);
  return { rows, probabilities, chosen: ends.length > 0 ? ends : all };
}

/** What the metrics take, of some rows. */
export interface Slice {
  /** Row-major [rows, classes]. */
  readonly probabilities: Float32Array;
  readonly labels: Int32Array;
  readonly groups: Int32Array;
  readonly groupCount: number;
  readonly classNames: readonly string[];
}

/** Probabilities and truths of the given rows, in their order. */
export function sliceOf({ rows, probabilities }: Omit<Judged, 'chosen'>, chosen: Int32Array): Slice {
  const { data, groups, groupNames } = rows;
  return {
    probabilities: rowsOf(probabilities, chosen, data.classNames.length),
    labels: chosen.map((row) => data.labels[row]!),
    groups: chosen.map((row) => groups[row]!),
    groupCount: groupNames.length,
    classNames: data.classNames,
  };
}

/** Some rows of a row-major matrix. */
export function rowsOf(values: Float32Array, chosen: Int32Array, width: number): Float32Array {
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => {
    out.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
}

/** The probabilities of one class, one per row. */
export function scoresOf({ probabilities, labels, classNames }: Slice, target: number): Float64Array {
  return Float64Array.from(labels, (_, row) => probabilities[row * classNames.length + target]!);
}

/** 1 for the rows of one class. */
export function membersOf({ labels }: Slice, target: number): Uint8Array {
  return Uint8Array.from(labels, (label) => (label === target ? 1 : 0));
}
