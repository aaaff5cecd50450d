/** The loop that trains any net here: shuffled mini-batches, early stopping, checkpoints. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { DenseLayer } from '../../models/onnx/perceptron.ts';
import type { FitProgress } from '../learner.ts';
import { type CheckpointStore, decodeState, encodeState, fingerprintOf, type TrainingState } from './checkpoint.ts';
import type { Batch, Network } from './network.ts';
import type { MlpOptions } from './options.ts';

/** The least lowering of the loss that counts as progress. */
const PROGRESS = 1e-5;
/** Rows per call when predicting: bounds what TensorFlow holds at once. */
export const PREDICT_ROWS = 1024;

export type TrainingPlan = Pick<MlpOptions, 'rounds' | 'patience' | 'batchRows' | 'seed'>;

export interface TrainingHooks {
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  /** Where the state is kept between epochs, and taken up again; a state of other data or settings is passed over. */
  readonly checkpoint?: CheckpointStore | undefined;
}

export interface Trained {
  readonly layers: readonly DenseLayer[];
  readonly rounds: number;
  readonly trainingLoss: readonly number[];
  readonly validationLoss: readonly number[];
}

/**
 * Trains the network and returns its weights at the epoch of least validation loss, or at the last without validation.
 * A run that is taken up from a checkpoint gives what the run would have given that was never broken off.
 *
 * @param settings whatever else the result depends on besides the data, for the checkpoint
 * @throws FlowlampError OPTION_INVALID where the loss grows beyond all bounds
 */
export async function trainNetwork(
  network: Network,
  learnt: Batch,
  held: Batch | null,
  plan: TrainingPlan,
  settings: object,
  { onProgress, checkpoint }: TrainingHooks = {},
): Promise<Trained> {
  const { rounds, patience } = plan;
  const fingerprint = checkpoint === undefined ? '' : fingerprintOf(learnt, held, { ...settings, rounds: 0 });
  const state = (await resumed(network, checkpoint, fingerprint)) ?? startingState(network);
  const { trainingLoss, validationLoss } = state;
  let { best } = state;
  const isDone = (at: { readonly round: number }, round: number) =>
    held !== null && patience > 0 && round - at.round >= patience;
  for (let round = trainingLoss.length + 1; round <= rounds && !isDone(best, round - 1); round++) {
    trainingLoss.push(runEpoch(network, learnt, plan, round));
    if (!Number.isFinite(trainingLoss.at(-1)!)) throw diverged(round);
    if (held !== null) {
      const loss = meanLoss(network, held);
      validationLoss.push(loss);
      if (loss < best.loss - PROGRESS) best = { round, loss, layers: network.read() };
    }
    // Through the same narrow door in every run, so that one that is taken up again goes on from equal numbers.
    const adam = await network.readAdam();
    await network.writeAdam(adam);
    const isLast = round === rounds || isDone(best, round);
    checkpoint?.offer(
      () => encodeState({ fingerprint, trainingLoss, validationLoss, best, layers: network.read(), adam }),
      isLast,
    );
    onProgress?.({
      round,
      rounds,
      trainingLoss: trainingLoss.at(-1)!,
      validationLoss: validationLoss.at(-1) ?? null,
    });
    // Signals and timers of the program get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (held === null) best = { round: rounds, loss: trainingLoss.at(-1)!, layers: network.read() };
  return { layers: best.layers, rounds: best.round, trainingLoss, validationLoss };
}

function startingState(network: Network): Pick<TrainingState, 'trainingLoss' | 'validationLoss' | 'best'> {
  const best = { round: 0, loss: Number.POSITIVE_INFINITY, layers: network.read() };
  return { trainingLoss: [], validationLoss: [], best };
}

async function resumed(network: Network, checkpoint: CheckpointStore | undefined, fingerprint: string) {
  const bytes = checkpoint?.load() ?? null;
  const state = bytes === null ? null : decodeState(bytes);
  if (state === null || state.fingerprint !== fingerprint) return null;
  network.write(state.layers);
  await network.writeAdam(state.adam);
  return state;
}

/** Returns the mean log loss, each batch measured before its step. The order follows from seed and epoch alone. */
function runEpoch(network: Network, learnt: Batch, { seed, batchRows }: TrainingPlan, round: number): number {
  const order = Uint32Array.from({ length: learnt.rows }, (_, row) => row);
  new Prng(`epoch ${round} of ${seed}`).shuffle(order);
  let loss = 0;
  for (let start = 0; start < order.length; start += batchRows) {
    loss += network.step(takeBatch(learnt, order.subarray(start, start + batchRows)));
  }
  return loss / learnt.rows;
}

function meanLoss(network: Network, { inputs, rows, labels, weights }: Batch): number {
  const p = predictInParts(network, inputs, rows);
  const classes = p.length / rows;
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    loss -= weights[row]! * Math.log(Math.max(p[row * classes + labels[row]!]!, 1e-15));
  }
  return loss / rows;
}

/** @returns row-major probabilities [rows, classes] */
export function predictInParts(network: Network, inputs: readonly Float32Array[], rows: number): Float32Array {
  const parts: Float32Array[] = [];
  for (let start = 0; start < rows; start += PREDICT_ROWS) {
    const end = Math.min(start + PREDICT_ROWS, rows);
    const own = inputs.map((input) => input.subarray((start * input.length) / rows, (end * input.length) / rows));
    parts.push(network.predict(own, end - start));
  }
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function takeBatch({ inputs, rows, labels, weights }: Batch, chosen: Uint32Array): Batch {
  return {
    inputs: inputs.map((input) => {
      const width = input.length / rows;
      const out = new Float32Array(chosen.length * width);
      chosen.forEach((row, i) => {
        out.set(input.subarray(row * width, (row + 1) * width), i * width);
      });
      return out;
    }),
    rows: chosen.length,
    labels: Int32Array.from(chosen, (row) => labels[row]!),
    weights: Float32Array.from(chosen, (row) => weights[row]!),
  };
}

/** Weights of mean 1, so that they do not change how large a step is. */
export function meanOne(weights: Float32Array | null, rows: number): Float32Array {
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
