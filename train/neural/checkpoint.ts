/** The state of a net between two epochs, as bytes: what training is taken up from after it was broken off. */
import { createHash } from 'node:crypto';
import type { DenseLayer } from '../../models/onnx/perceptron.ts';
import type { FitJournal } from '../learner.ts';
import type { AdamState, Batch } from './network.ts';

/** Keeps one state. */
export interface CheckpointStore {
  /** What was kept last; null where nothing was. */
  load(): Uint8Array | null;
  /**
   * Called after each epoch; the store decides whether to take the state, which costs a copy of the weights.
   *
   * @param isLast after the last epoch
   */
  offer(encode: () => Uint8Array, isLast: boolean): void;
}

/** Shorter trainings are as soon done again as taken up. */
const LEAST_MS = 5_000;
/** Of the time so far, what may be lost: an hour then takes fifty entries, where each is several times the model. */
const LOST_SHARE = 0.1;

/** @param clock milliseconds, from anywhere */
export function inJournal(journal: FitJournal, clock: () => number = () => performance.now()): CheckpointStore {
  const start = clock();
  let last = start;
  return {
    load: () => journal.entries.at(-1) ?? null,
    offer(encode, isLast) {
      const now = clock();
      if (!isLast && now - last < Math.max(LEAST_MS, LOST_SHARE * (now - start))) return;
      last = now;
      journal.note(encode());
    },
  };
}

export interface TrainingState {
  /** Of data and settings. */
  readonly fingerprint: string;
  /** One number per epoch so far. */
  readonly trainingLoss: number[];
  readonly validationLoss: number[];
  readonly best: { readonly round: number; readonly loss: number; readonly layers: readonly DenseLayer[] };
  readonly layers: readonly DenseLayer[];
  readonly adam: AdamState;
}

const FORMAT = 'flowlamp net state 1';

/** A line of JSON, then the numbers as little-endian float32. Equal states give equal bytes. */
export function encodeState({ layers, best, adam, ...rest }: TrainingState): Uint8Array {
  const { loss, round } = best;
  const header = {
    format: FORMAT,
    ...rest,
    // JSON has no infinity.
    best: { round, loss: Number.isFinite(loss) ? loss : null },
    steps: adam.steps,
    shapes: layers.map(({ inputs, outputs }) => [inputs, outputs]),
    moments: adam.moments.map(({ length }) => length),
  };
  const numbers = [...layers, ...best.layers].flatMap(({ weights, biases }) => [weights, biases]);
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const floats = [...numbers, ...adam.moments].map((values) => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => {
      bytes.writeFloatLE(value, i * 4);
    });
    return bytes;
  });
  return Buffer.concat([line, ...floats]);
}

/** Null for bytes that are no state of this form: training then starts anew. */
export function decodeState(bytes: Uint8Array): TrainingState | null {
  const end = bytes.indexOf(10);
  if (end < 0) return null;
  try {
    const header = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()) as Header;
    if (header.format !== FORMAT) return null;
    const reader = new FloatReader(bytes.subarray(end + 1));
    const layersOf = () =>
      header.shapes.map(([inputs, outputs]): DenseLayer => {
        return { inputs, outputs, weights: reader.take(inputs * outputs), biases: reader.take(outputs) };
      });
    const layers = layersOf();
    const bestLayers = layersOf();
    const moments = header.moments.map((length) => reader.take(length));
    if (!reader.isAtEnd) return null;
    const { fingerprint, trainingLoss, validationLoss, best, steps } = header;
    const loss = best.loss ?? Number.POSITIVE_INFINITY;
    return {
      fingerprint,
      trainingLoss,
      validationLoss,
      best: { round: best.round, loss, layers: bestLayers },
      layers,
      adam: { steps, moments },
    };
  } catch {
    return null;
  }
}

interface Header {
  readonly format: string;
  readonly fingerprint: string;
  readonly trainingLoss: number[];
  readonly validationLoss: number[];
  readonly best: { readonly round: number; readonly loss: number | null };
  readonly steps: number;
  readonly shapes: readonly (readonly [inputs: number, outputs: number])[];
  readonly moments: readonly number[];
}

class FloatReader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws RangeError where the bytes end before */
  take(count: number): Float32Array {
    if (this.#at + count * 4 > this.#view.byteLength) throw new RangeError('the state is cut off');
    const values = Float32Array.from({ length: count }, (_, i) => this.#view.getFloat32(this.#at + i * 4, true));
    this.#at += count * 4;
    return values;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }
}

/** SHA-256 of everything that the result of a training depends on. */
export function fingerprintOf(learnt: Batch, held: Batch | null, settings: object): string {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const batch of [learnt, held]) {
    if (batch === null) continue;
    for (const { buffer, byteOffset, byteLength } of [...batch.inputs, batch.labels, batch.weights]) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest('hex');
}
