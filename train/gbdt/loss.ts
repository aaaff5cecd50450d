/**
 * Softmax and logistic loss over class-major scores: scores[k][row]. The logistic case has one score, that of class 1.
 */

/** Probabilities from scores, into `out` of the same shape. */
export function toProbabilities(scores: readonly Float32Array[], out: readonly Float32Array[]): void {
  if (scores.length === 1) logistic(scores[0]!, out[0]!);
  else softmax(scores, out);
}

function logistic(score: Float32Array, out: Float32Array): void {
  for (let row = 0; row < score.length; row++) out[row] = 1 / (1 + Math.exp(-score[row]!));
}

/** Works on a few thousand rows at a time, so that they stay in cache while the classes pass by. */
function softmax(scores: readonly Float32Array[], out: readonly Float32Array[]): void {
  const rows = scores[0]!.length;
  const max = new Float32Array(CHUNK);
  const sum = new Float32Array(CHUNK);
  for (let start = 0; start < rows; start += CHUNK) {
    const size = Math.min(CHUNK, rows - start);
    max.fill(Number.NEGATIVE_INFINITY);
    sum.fill(0);
    for (const score of scores) raise(score, start, size, max);
    for (let k = 0; k < scores.length; k++) exponentiate(scores[k]!, start, size, max, out[k]!, sum);
    for (const probability of out) divide(probability, start, size, sum);
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

/** Weighted mean of -log p(true class), p held above 1e-15. */
export function meanLogLoss(
  probabilities: readonly Float32Array[],
  labels: Int32Array,
  weights: Float32Array | null,
): number {
  let loss = 0;
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    const first = probabilities[0]![row]!;
    const p = probabilities.length > 1 ? probabilities[label]![row]! : label === 1 ? first : 1 - first;
    const weight = weights === null ? 1 : weights[row]!;
    loss -= weight * Math.log(Math.max(p, 1e-15));
    total += weight;
  }
  return total > 0 ? loss / total : 0;
}
