import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { DenseLayer, Preparation } from '../../models/onnx/perceptron.ts';
import { rowWeights } from '../class-weights.ts';
import type { FitProgress } from '../learner.ts';
import { checkLabelled, type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { type Batch, Network, startingLayers } from './network.ts';
import { checkMlpOptions, MLP_DEFAULTS, type MlpOptions } from './options.ts';
import { type FittedPerceptron, perceptronModel } from './perceptron-model.ts';
import { fitPreparation, preparedWidth, prepareRows } from './preparation.ts';
import { tensorFlow } from './tensorflow.ts';

/** The least lowering of the loss that counts as progress. */
const PROGRESS = 1e-5;
/** Rows per call when predicting: bounds what TensorFlow holds at once. */
const PREDICT_ROWS = 4096;

/**
 * A perceptron with ReLU, softmax cross-entropy and Adam (Kingma and Ba, ICLR 2015) over shuffled mini-batches, keeping
 * the epoch of least validation loss. Equal data, options, seed and TensorFlow backend give an equal net.
 *
 * @param validation rows for early stopping; must not share groups with the training rows
 * @param open where TensorFlow.js comes from
 */
export async function fitMlp(
  train: LabelledMatrix,
  validation: LabelledMatrix | null,
  options: Partial<MlpOptions> = {},
  onProgress?: (progress: FitProgress) => void,
  open = tensorFlow,
): Promise<FittedPerceptron> {
  const settings = checkMlpOptions({ ...MLP_DEFAULTS, ...options });
  checkLabelled(train);
  if (validation !== null) checkLabelled(validation);
  const { tf, version } = await open();
  const { classNames } = train;
  const random = new Prng(settings.seed);
  const preparation = fitPreparation(train.matrix);
  const learnt = toBatch(preparation, train, meanOne(rowWeights(train, settings.classWeights), train.labels.length));
  const held =
    validation && toBatch(preparation, validation, meanOne(validation.weights ?? null, validation.labels.length));
  const widths = [preparedWidth(preparation), ...settings.hidden, classNames.length];
  const rates = { learningRate: settings.learningRate, l2: settings.l2 / learnt.rows };
  const network = new Network(tf, startingLayers(widths, random), rates);
  try {
    const { layers, ...history } = await run(network, learnt, held, settings, random, onProgress);
    const versions = { 'tensorflow.js': version };
    return perceptronModel({ preparation, classNames, layers }, { ...history, versions });
  } finally {
    network.dispose();
  }
}

interface Run {
  readonly layers: readonly DenseLayer[];
  readonly rounds: number;
  readonly trainingLoss: readonly number[];
  readonly validationLoss: readonly number[];
}

async function run(
  network: Network,
  learnt: Batch,
  held: Batch | null,
  settings: MlpOptions,
  random: Prng,
  onProgress?: (progress: FitProgress) => void,
): Promise<Run> {
  const { rounds, patience } = settings;
  const order = Uint32Array.from({ length: learnt.rows }, (_, row) => row);
  const trainingLoss: number[] = [];
  const validationLoss: number[] = [];
  let best = { round: 0, loss: Number.POSITIVE_INFINITY, layers: network.read() };
  for (let round = 1; round <= rounds; round++) {
    trainingLoss.push(runEpoch(network, learnt, random.shuffle(order), settings.batchRows));
    if (!Number.isFinite(trainingLoss.at(-1)!)) throw diverged(round);
    if (held !== null) {
      const loss = meanLoss(network, held);
      validationLoss.push(loss);
      if (loss < best.loss - PROGRESS) best = { round, loss, layers: network.read() };
    }
    const last = { trainingLoss: trainingLoss.at(-1)!, validationLoss: validationLoss.at(-1) ?? null };
    onProgress?.({ round, rounds, ...last });
    if (held !== null && patience > 0 && round - best.round >= patience) break;
    // Signals and timers of the program get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (held === null) best = { round: rounds, loss: trainingLoss.at(-1)!, layers: network.read() };
  return { layers: best.layers, rounds: best.round, trainingLoss, validationLoss };
}

/** Returns the mean log loss, each batch measured before its step. */
function runEpoch(network: Network, learnt: Batch, order: Uint32Array, batchRows: number): number {
  let loss = 0;
  for (let start = 0; start < order.length; start += batchRows) {
    loss += network.step(takeBatch(learnt, order.subarray(start, start + batchRows)));
  }
  return loss / learnt.rows;
}

function meanLoss(network: Network, { x, rows, labels, weights }: Batch): number {
  const width = x.length / rows;
  let loss = 0;
  for (let start = 0; start < rows; start += PREDICT_ROWS) {
    const end = Math.min(start + PREDICT_ROWS, rows);
    const p = network.predict(x.subarray(start * width, end * width), end - start);
    const classes = p.length / (end - start);
    for (let row = start; row < end; row++) {
      loss -= weights[row]! * Math.log(Math.max(p[(row - start) * classes + labels[row]!]!, 1e-15));
    }
  }
  return loss / rows;
}

function toBatch(preparation: Preparation, data: LabelledMatrix, weights: Float32Array): Batch {
  const { rows } = data.matrix;
  return { x: prepareRows(preparation, toRowMajor(data.matrix), rows), rows, labels: data.labels, weights };
}

function takeBatch({ x, rows, labels, weights }: Batch, chosen: Uint32Array): Batch {
  const width = x.length / rows;
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => {
    out.set(x.subarray(row * width, (row + 1) * width), i * width);
  });
  return {
    x: out,
    rows: chosen.length,
    labels: Int32Array.from(chosen, (row) => labels[row]!),
    weights: Float32Array.from(chosen, (row) => weights[row]!),
  };
}

/** Weights of mean 1, so that they do not change how large a step is. */
function meanOne(weights: Float32Array | null, rows: number): Float32Array {
  if (weights === null) return new Float32Array(rows).fill(1);
  const mean = weights.reduce((a, b) => a + b, 0) / rows;
  return mean > 0 ? weights.map((weight) => weight / mean) : weights;
}

function diverged(round: number): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the training loss is not finite after epoch ${round}`,
    expected: 'a loss that falls',
    action: 'lower the learning rate',
  });
}
