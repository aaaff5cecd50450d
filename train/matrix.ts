import { ErrorCode, FlowlampError } from '../core/errors.ts';

/**
 * Numbers to learn from, column-major. float32 because ONNX compares in float32: a threshold then decides in every
 * runtime as it did in training. NaN is a missing value.
 */
export interface FeatureMatrix {
  readonly rows: number;
  readonly names: readonly string[];
  /** One array of `rows` values per name. */
  readonly columns: readonly Float32Array[];
}

/** A matrix with what each row is. */
export interface LabelledMatrix {
  readonly matrix: FeatureMatrix;
  /** `rows` class ids: indices of classNames. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** `rows` non-negative weights; every row counts 1 where absent. */
  readonly weights?: Float32Array;
}

/** Throws unless lengths agree, every label names a class, and every number is finite or missing. */
export function checkLabelled({ matrix, labels, classNames, weights }: LabelledMatrix): void {
  const { rows, names, columns } = matrix;
  if (columns.length !== names.length || columns.some((column) => column.length !== rows)) {
    throw unusable(
      `the matrix has ${columns.length} columns of unequal length`,
      `${names.length} columns of ${rows} rows`,
    );
  }
  if (rows === 0 || columns.length === 0)
    throw unusable('there is nothing to learn from', 'at least one row and column');
  if (labels.length !== rows || (weights !== undefined && weights.length !== rows)) {
    throw unusable(`there are ${labels.length} labels for ${rows} rows`, 'one label and one weight per row');
  }
  columns.forEach((column, at) => {
    if (column.some(isInfinite))
      throw unusable(`column ${names[at]} holds an infinity`, 'finite numbers, NaN for missing');
  });
  if (classNames.length < 2) throw unusable(`there are ${classNames.length} classes`, 'at least two');
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label < 0 || label >= classNames.length)
      throw unusable(`row ${row} has class id ${label}`, 'an index of a class');
    if (weights !== undefined && !(weights[row]! >= 0 && weights[row]! < Number.POSITIVE_INFINITY)) {
      throw unusable(`row ${row} weighs ${weights[row]}`, 'a finite weight of at least 0');
    }
  }
}

/** The given rows, in the given order. */
export function takeRows(data: LabelledMatrix, rows: ArrayLike<number>): LabelledMatrix {
  const pick = (column: Float32Array) => Float32Array.from({ length: rows.length }, (_, i) => column[rows[i]!]!);
  const { matrix, labels, classNames, weights } = data;
  return {
    matrix: { rows: rows.length, names: matrix.names, columns: matrix.columns.map(pick) },
    labels: Int32Array.from({ length: rows.length }, (_, i) => labels[rows[i]!]!),
    classNames,
    ...(weights === undefined ? {} : { weights: pick(weights) }),
  };
}

/** Row-major [rows, columns]: the layout that predictors take. */
export function toRowMajor({ rows, columns }: FeatureMatrix): Float32Array {
  const width = columns.length;
  const out = new Float32Array(rows * width);
  for (let c = 0; c < width; c++) {
    const column = columns[c]!;
    for (let row = 0, at = c; row < rows; row++, at += width) out[at] = column[row]!;
  }
  return out;
}

function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}

function unusable(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, { happened, expected, action: 'check the labels and the table' });
}
