import type { Forest } from '../models/trees/forest.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { type LabelledMatrix, toRowMajor } from './matrix.ts';

const LOWEST = 0.05;
const HIGHEST = 20;
/** Steps of the golden section: the bracket shrinks to 1e-8 of its width. */
const STEPS = 40;

export interface Calibrated {
  /** The forest with its scores divided by the temperature. */
  readonly forest: Forest;
  /** Above 1 where the forest was too sure of itself. */
  readonly temperature: number;
  /** Mean log loss on the held-out rows. */
  readonly lossBefore: number;
  readonly lossAfter: number;
}

/**
 * Temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2) fitted on rows
 * that the forest has not seen, and folded into it: an exported model gives calibrated probabilities by itself.
 */
export function calibrateForest(forest: Forest, held: LabelledMatrix): Calibrated {
  const kernel = new ForestKernel(forest);
  const { rows } = held.matrix;
  const probabilities = new Float64Array(rows * kernel.classCount);
  kernel.predict(toRowMajor(held.matrix), rows, probabilities);
  const scores = probabilities.map((p) => Math.log(Math.max(p, 1e-300)));
  const lossBefore = scaledLoss(scores, held.labels, held.weights ?? null, 1);
  const temperature = fitTemperature(scores, held.labels, held.weights ?? null);
  const lossAfter = scaledLoss(scores, held.labels, held.weights ?? null, temperature);
  return { forest: divideScores(forest, temperature), temperature, lossBefore, lossAfter };
}

/**
 * The temperature of least mean log loss. The loss is convex in 1 / T, so the golden section over log T finds the
 * minimum; 1 where there are no rows.
 *
 * @param scores row-major [rows, classes] logits; log probabilities will do
 */
export function fitTemperature(scores: Float64Array, labels: Int32Array, weights: Float32Array | null): number {
  if (labels.length === 0) return 1;
  const loss = (logT: number) => scaledLoss(scores, labels, weights, Math.exp(logT));
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(LOWEST);
  let high = Math.log(HIGHEST);
  let a = high - ratio * (high - low);
  let b = low + ratio * (high - low);
  let lossA = loss(a);
  let lossB = loss(b);
  for (let step = 0; step < STEPS; step++) {
    if (lossA <= lossB) {
      high = b;
      b = a;
      lossB = lossA;
      a = high - ratio * (high - low);
      lossA = loss(a);
    } else {
      low = a;
      a = b;
      lossA = lossB;
      b = low + ratio * (high - low);
      lossB = loss(b);
    }
  }
  return Math.exp((low + high) / 2);
}

function scaledLoss(scores: Float64Array, labels: Int32Array, weights: Float32Array | null, T: number): number {
  const classes = scores.length / labels.length;
  let loss = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) max = Math.max(max, scores[at + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp((scores[at + k]! - max) / T);
    const weight = weights === null ? 1 : weights[row]!;
    loss += weight * (Math.log(sum) - (scores[at + labels[row]!]! - max) / T);
    total += weight;
  }
  return total > 0 ? loss / total : 0;
}

/** Softmax and logistic of s / T, by dividing everything that is summed to s. */
export function divideScores(forest: Forest, temperature: number): Forest {
  const divide = (value: number) => value / temperature;
  return { ...forest, value: forest.value.map(divide), baseValues: forest.baseValues.map(divide) };
}
