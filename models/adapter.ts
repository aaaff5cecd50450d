/**
 * What stands between a row of columns and a model that was made elsewhere: its idea of a missing value, the names of its
 * tensors, and what its output is before it is probabilities. On the card, so that the model's own bytes stay as they are.
 */
import { softmaxRows } from './trees/kernel.ts';

/** What a model's output tensor holds. */
export const OutputKind = {
  /** One probability per class, or the second class's alone. */
  Probabilities: 'probabilities',
  /** Scores before softmax, one per class, or before the logistic function, the second class's alone. */
  Logits: 'logits',
} as const;
export type OutputKind = (typeof OutputKind)[keyof typeof OutputKind];

export interface ModelAdapter {
  /** By input, what the model takes for a null; null where it takes NaN. */
  readonly missing: readonly (number | null)[];
  /** By input, the tensor [N, 1] that takes it; null where one tensor [N, F] takes all. */
  readonly tensors: readonly string[] | null;
  /** The tensor to read: [N, classes], or [N, 1] or [N] for two classes. */
  readonly output: string;
  readonly outputKind: OutputKind;
}

/**
 * The rows with the model's own values for nulls.
 *
 * @param rows row-major [count, inputs], NaN for missing; returned itself where the model takes NaN
 */
export function fillMissing(missing: ModelAdapter['missing'], rows: Float32Array, count: number): Float32Array {
  if (missing.every((value) => value === null)) return rows;
  const width = missing.length;
  const filled = rows.slice(0, count * width);
  for (let i = 0; i < filled.length; i++) {
    const value = missing[i % width]!;
    if (value !== null && Number.isNaN(filled[i]!)) filled[i] = value;
  }
  return filled;
}

/**
 * Probabilities out of what the model gives.
 *
 * @param output row-major [count, width], width 1 or the number of classes
 * @returns row-major [count, classes]
 */
export function toProbabilities(
  kind: OutputKind,
  output: Float32Array,
  count: number,
  width: number,
  classes: number,
): Float32Array {
  if (width === classes && kind === OutputKind.Probabilities) return output;
  const out = new Float32Array(count * classes);
  if (width === classes) softmaxRows(Float64Array.from(output), count, width, out);
  else {
    for (let row = 0; row < count; row++) {
      const p = kind === OutputKind.Logits ? 1 / (1 + Math.exp(-output[row]!)) : output[row]!;
      out[2 * row] = 1 - p;
      out[2 * row + 1] = p;
    }
  }
  return out;
}
