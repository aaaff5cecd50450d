/**
 * Multinomial logistic regression: what the inputs tell when each only adds its part. Heavy tails are drawn in, columns
 * standardised and missing values told apart by what is fitted on the training rows alone.
 */
import { type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { fitPreparation, preparedWidth, prepareRows } from '../neural/preparation.ts';
import { softmaxInto } from './names.ts';

export interface LogisticModel {
  /** @param rows row-major [count, features]; returns row-major [count, classes]. */
  predict(rows: Float32Array, count: number): Float32Array;
  /** Mean log loss on the training rows, with the penalty, after each step. */
  readonly losses: readonly number[];
}

export interface LogisticOptions {
  /** Half the sum of squared weights (not biases) counts this much beside the summed log loss. */
  readonly l2: number;
  readonly steps: number;
}

export const LOGISTIC_DEFAULTS: LogisticOptions = { l2: 1, steps: 150 };

/** Less relative progress in a step ends the search. */
const PROGRESS = 1e-6;

/**
 * By accelerated gradient descent (Nesterov, 1983; FISTA's step sizes, Beck and Teboulle, 2009) with a step of 1 / L, L
 * bounding the curvature by power iteration, and a restart where the loss rises (O'Donoghue and Candès, 2015).
 */
export function fitLogistic(train: LabelledMatrix, options: Partial<LogisticOptions> = {}): LogisticModel {
  const { l2, steps } = { ...LOGISTIC_DEFAULTS, ...options };
  const { labels, classNames, matrix } = train;
  const classes = classNames.length;
  const preparation = fitPreparation(matrix);
  const width = preparedWidth(preparation);
  const inputs = prepareRows(preparation, toRowMajor(matrix), matrix.rows);
  const problem = { inputs, labels, width, classes, penalty: l2 / Math.max(1, matrix.rows) };
  const step = 1 / (curvature(inputs, width, matrix.rows) / 2 + problem.penalty);
  let weights = new Float64Array((width + 1) * classes);
  let ahead = weights;
  let momentum = 1;
  let last = Number.POSITIVE_INFINITY;
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { loss, gradient } = lossAndGradient(problem, ahead);
    losses.push(loss);
    const next = ahead.map((value, j) => value - step * gradient[j]!);
    if (Math.abs(last - loss) < PROGRESS * loss) {
      weights = next;
      break;
    }
    const grows = loss > last;
    const nextMomentum = grows ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const push = grows ? 0 : (momentum - 1) / nextMomentum;
    ahead = next.map((value, j) => value + push * (value - weights[j]!));
    weights = next;
    momentum = nextMomentum;
    last = loss;
  }
  return {
    losses,
    predict(rows, count) {
      const prepared = prepareRows(preparation, rows, count);
      const out = new Float32Array(count * classes);
      const scores = new Float64Array(classes);
      for (let row = 0; row < count; row++) {
        scoresInto(weights, prepared, row * width, width, scores);
        softmaxInto(scores, out, row * classes);
      }
      return out;
    },
  };
}

interface Problem {
  /** Row-major [rows, width]. */
  readonly inputs: Float32Array;
  readonly labels: Int32Array;
  readonly width: number;
  readonly classes: number;
  readonly penalty: number;
}

/** Weights are row-major [width + 1, classes], the last row the biases. */
function scoresInto(
  weights: Float64Array,
  inputs: Float32Array,
  at: number,
  width: number,
  scores: Float64Array,
): void {
  const classes = scores.length;
  for (let k = 0; k < classes; k++) scores[k] = weights[width * classes + k]!;
  for (let i = 0; i < width; i++) {
    const x = inputs[at + i]!;
    if (x === 0) continue;
    for (let k = 0; k < classes; k++) scores[k]! += x * weights[i * classes + k]!;
  }
}

function lossAndGradient({ inputs, labels, width, classes, penalty }: Problem, weights: Float64Array) {
  const gradient = new Float64Array(weights.length);
  const scores = new Float64Array(classes);
  const rows = labels.length;
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * width;
    scoresInto(weights, inputs, at, width, scores);
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, scores[k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(scores[k]! - most);
    loss += most + Math.log(sum) - scores[labels[row]!]!;
    for (let k = 0; k < classes; k++) {
      scores[k] = (Math.exp(scores[k]! - most) / sum - (labels[row] === k ? 1 : 0)) / rows;
      gradient[width * classes + k]! += scores[k]!;
    }
    for (let i = 0; i < width; i++) {
      const x = inputs[at + i]!;
      if (x === 0) continue;
      for (let k = 0; k < classes; k++) gradient[i * classes + k]! += x * scores[k]!;
    }
  }
  loss /= rows;
  for (let i = 0; i < width * classes; i++) {
    loss += (penalty / 2) * weights[i]! ** 2;
    gradient[i]! += penalty * weights[i]!;
  }
  return { loss, gradient };
}

const POWER_STEPS = 12;
/** What so few steps may leave of the largest eigenvalue. */
const POWER_SLACK = 1.2;

/** The largest eigenvalue of X'X / rows, with the column of ones for the bias. */
function curvature(inputs: Float32Array, width: number, rows: number): number {
  let vector = new Float64Array(width + 1).fill(1 / Math.sqrt(width + 1));
  let size = 1;
  for (let step = 0; step < POWER_STEPS; step++) {
    const next = new Float64Array(width + 1);
    for (let row = 0; row < rows; row++) {
      const at = row * width;
      let product = vector[width]!;
      for (let i = 0; i < width; i++) product += inputs[at + i]! * vector[i]!;
      for (let i = 0; i < width; i++) next[i]! += inputs[at + i]! * product;
      next[width]! += product;
    }
    size = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    if (size === 0) return 1;
    vector = next.map((value) => value / size);
  }
  return (POWER_SLACK * size) / Math.max(1, rows);
}
