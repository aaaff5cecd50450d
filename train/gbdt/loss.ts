/**
 * Softmax and logistic loss over class-major scores: scores[k][row]. The logistic case has one score, that of class 1.
 */

/** Probabilities from the scores of rows [start, end), into `out` of the same shape. */
export function toProbabilities(
  scores: readonly Float32Array[],
  start: number,
  end: number,
  out: readonly Float32Array[],
): void {
  if (scores.length === 1) logistic(scores[0]!, start, end, out[0]!);
  else softmax(scores, start, end, out);
}

function logistic(score: Float32Array, start: number, end: number, out: Float32Array): void {
  for (let row = start; row < end; row++) out[row] = 1 / (1 + Math.exp(-score[row]!));
}

/** Works on a few thousand rows at a time, so that they stay in cache while the classes pass by. */
function softmax(scores: readonly Float32Array[], start: number, end: number, out: readonly Float32Array[]): void {
  const max = new Float32Array(CHUNK);
  const sum = new Float32Array(CHUNK);
  for (let from = start; from < end; from += CHUNK) {
    const size = Math.min(CHUNK, end - from);
    max.fill(Number.NEGATIVE_INFINITY);
    sum.fill(0);
    for (const score of scores) raise(score, from, size, max);
    for (let k = 0; k < scores.length; k++) exponentiate(scores[k]!, from, size, max, out[k]!, sum);
    for (const probability of out) divide(probability, from, size, sum);
  }
}

const CHUNK = 4096;

function raise(score: Float32Array, start: number, size: number, max: Float32Array): void {
  for (let i = 0; i < size; i++) if (score[start + i]! > max[i]!) max[i] = score[start + i]!;
}

function exponentiate(
  score: Float32Array,
  start: number,
  size: number,
  max: Float32Array,
  out: Float32Array,
  sum: Float32Array,
): void {
  for (let i = 0; i < size; i++) {
    const weight = Math.exp(score[start + i]! - max[i]!);
    out[start + i] = weight;
    sum[i] = sum[i]! + weight;
  }
}

function divide(out: Float32Array, start: number, size: number, sum: Float32Array): void {
  for (let i = 0; i < size; i++) out[start + i] = out[start + i]! / sum[i]!;
}

/**
 * First and second derivative of the loss by one score: p - y and p (1 - p), times the row's weight.
 *
 * @param target the class that this score stands for
 */
export function differentiate(
  probability: Float32Array,
  labels: Int32Array,
  target: number,
  weights: Float32Array | null,
  gradients: Float32Array,
  hessians: Float32Array,
): void {
  for (let row = 0; row < labels.length; row++) {
    const p = probability[row]!;
    const weight = weights === null ? 1 : weights[row]!;
    gradients[row] = weight * (p - (labels[row] === target ? 1 : 0));
    hessians[row] = weight * p * (1 - p);
  }
}

/** Weighted sum of -log p(true class) over rows [start, end), p held above 1e-15. */
export function sumLogLoss(
  probabilities: readonly Float32Array[],
  labels: Int32Array,
  weights: Float32Array | null,
  start: number,
  end: number,
): number {
  let loss = 0;
  for (let row = start; row < end; row++) {
    const label = labels[row]!;
    const first = probabilities[0]![row]!;
    const p = probabilities.length > 1 ? probabilities[label]![row]! : label === 1 ? first : 1 - first;
    const weight = weights === null ? 1 : weights[row]!;
    loss -= weight * Math.log(Math.max(p, 1e-15));
  }
  return loss;
}
