/**
 * Feature rows as a net can use them: heavy tails drawn in, every column on one scale, missing values told apart from
 * average ones. Fitted on the training rows alone and exported inside the ONNX graph.
 */
import type { Preparation } from '../../models/onnx/preparation.ts';
import type { FeatureMatrix } from '../matrix.ts';

/** Values beyond ten deviations say no more than ten do. */
export const CLIP = 10;

/**
 * Least deviation of a column that counts as varying, as a share of its mean or of 1: float32 logarithms of runtimes
 * differ in the last bit (6e-8 of the value), which a smaller scale would blow up.
 */
export const LEAST_DEVIATION = 1e-4;

/** Sign(x) log(1 + |x|), rounded where ONNX rounds; NaN stays NaN. */
export function signedLog(x: number): number {
  const size = Math.fround(Math.log(Math.fround(Math.fround(Math.abs(x)) + 1)));
  return x < 0 ? -size : size;
}

/** @param chosen numbers of the columns to read, ascending, at least one; without it, all of them */
export function fitPreparation(
  matrix: FeatureMatrix,
  chosen: readonly number[] = [...matrix.names.keys()],
): Preparation {
  const values: { column: number; mean: number; scale: number }[] = [];
  const missing: number[] = [];
  for (const c of chosen) {
    const column = matrix.columns[c]!;
    const { mean, deviation, rows } = summarise(column);
    if (deviation > LEAST_DEVIATION * Math.max(1, Math.abs(mean))) values.push({ column: c, mean, scale: deviation });
    const partly = rows > 0 && rows < column.length;
    // Columns of one feature group are missing together: one indicator says it for all.
    if (partly && !missing.some((other) => missAlike(matrix.columns[other]!, column))) missing.push(c);
  }
  // A graph needs a column to stand on, even where none tells anything.
  const first = chosen[0]!;
  if (values.length === 0) values.push({ column: first, mean: summarise(matrix.columns[first]!).mean, scale: 1 });
  return {
    featureCount: matrix.names.length,
    valueColumns: Int32Array.from(values, ({ column }) => column),
    means: Float32Array.from(values, ({ mean }) => mean),
    scales: Float32Array.from(values, ({ scale }) => scale),
    clip: CLIP,
    missingColumns: Int32Array.from(missing),
  };
}

/** Numbers per prepared row. */
export function preparedWidth({ valueColumns, missingColumns }: Preparation): number {
  return valueColumns.length + missingColumns.length;
}

/**
 * @param rows row-major [count, featureCount]
 * @returns row-major [count, preparedWidth]
 */
export function prepareRows(preparation: Preparation, rows: Float32Array, count: number): Float32Array {
  const { featureCount, valueColumns, means, scales, clip, missingColumns } = preparation;
  const out = new Float32Array(count * preparedWidth(preparation));
  let at = 0;
  for (let row = 0; row < count; row++) {
    const from = row * featureCount;
    for (let i = 0; i < valueColumns.length; i++) {
      const z = Math.fround(signedLog(rows[from + valueColumns[i]!]!) - means[i]!) / scales[i]!;
      out[at++] = Number.isNaN(z) ? 0 : Math.min(Math.max(z, -clip), clip);
    }
    for (const column of missingColumns) out[at++] = Number.isNaN(rows[from + column]!) ? 1 : 0;
  }
  return out;
}

/** Mean and deviation of the logarithms of what is there, clipped to what float32 holds. */
export function summarise(column: Float32Array): { mean: number; deviation: number; rows: number } {
  let rows = 0;
  let mean = 0;
  let squares = 0;
  for (const x of column) {
    if (Number.isNaN(x)) continue;
    const value = Math.min(Math.max(signedLog(x), -LARGEST_LOG), LARGEST_LOG);
    rows++;
    // Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
    const off = value - mean;
    mean += off / rows;
    squares += off * (value - mean);
  }
  return { mean, deviation: rows > 0 ? Math.sqrt(squares / rows) : 0, rows };
}

/** Of the largest float32: an infinite value must not make the mean infinite. */
const LARGEST_LOG = Math.log(3.4028234663852886e38);

function missAlike(a: Float32Array, b: Float32Array): boolean {
  for (let row = 0; row < a.length; row++) if (Number.isNaN(a[row]!) !== Number.isNaN(b[row]!)) return false;
  return true;
}
