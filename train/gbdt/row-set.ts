/** Scores and probabilities of one set of rows, in shared memory: any thread may hold it. */
import type { LabelledMatrix } from '../matrix.ts';
import { applyBins, type BinnedMatrix, type Bins } from './binning.ts';
import { sumLogLoss, toProbabilities } from './loss.ts';
import { sharedFloat32, sharedFloat64 } from './shared.ts';

/** Rows whose probabilities are brought up to date at once. Losses are added up by chunk, whoever did which. */
const CHUNK_ROWS = 16_384;

export interface RowSet {
  readonly data: BinnedMatrix;
  readonly labels: Int32Array;
  readonly weights: Float32Array | null;
  readonly totalWeight: number;
  /** scores[k][row]: one list for two classes, else one per class; probabilities in the same shape. */
  readonly scores: readonly Float32Array[];
  readonly probabilities: readonly Float32Array[];
  /** Weighted loss of each chunk. */
  readonly losses: Float64Array;
}

export function createRowSet(
  { matrix, labels }: LabelledMatrix,
  weights: Float32Array | null,
  bins: Bins,
  baseValues: Float32Array,
): RowSet {
  const { rows } = matrix;
  const make = () => Array.from(baseValues, () => sharedFloat32(rows));
  const scores = make();
  for (let k = 0; k < scores.length; k++) scores[k]!.fill(baseValues[k]!);
  return {
    data: applyBins(bins, matrix),
    labels,
    weights,
    totalWeight: weights === null ? rows : weights.reduce((sum, weight) => sum + weight, 0),
    scores,
    probabilities: make(),
    losses: sharedFloat64(Math.ceil(rows / CHUNK_ROWS)),
  };
}

export function chunkCount({ losses }: RowSet): number {
  return losses.length;
}

/** Brings the probabilities of a chunk up to date with the scores, and its loss. */
export function updateChunk({ data, scores, probabilities, labels, weights, losses }: RowSet, chunk: number): void {
  const start = chunk * CHUNK_ROWS;
  const end = Math.min(data.rows, start + CHUNK_ROWS);
  toProbabilities(scores, start, end, probabilities);
  losses[chunk] = sumLogLoss(probabilities, labels, weights, start, end);
}

/** Mean log loss as of the last update. */
export function meanLoss({ losses, totalWeight }: RowSet): number {
  return totalWeight > 0 ? losses.reduce((sum, loss) => sum + loss, 0) / totalWeight : 0;
}
