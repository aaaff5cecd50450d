/**
 * Rows of many callers, scored together: a batch goes to the model as soon as it is full or its first row has waited long
 * enough. Rows are copied when they are taken, so that what a caller lends is free again at once.
 *
 * Memory is bounded: at most `maxWaiting` rows are held that have no answer yet. Beyond, `submit` waits for room, first come
 * first served, and `offer` says no: a source that cannot be slowed down drops rows and counts them. Callers that wait are
 * bounded, too; one more is refused.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Predictor } from '../../models/predictor.ts';

export const BATCH_DEFAULTS = {
  /** Larger batches gain nothing on the kernel and little on ONNX Runtime. */
  maxRows: 256,
  maxDelayMs: 5,
  /** 16 full batches: enough to keep a thread busy, few enough that the last is not answered seconds later. */
  maxWaiting: 4096,
  maxCallers: 1024,
} as const;

/** Calls back once, after so long; what it returns cancels it. Handed in by tests. */
export type Timer = (delayMs: number, ring: () => void) => () => void;

export interface BatchOptions {
  /** Rows of a full batch, at least 1. */
  readonly maxRows?: number;
  /** How long a row waits for others at most, ms; 0 waits for nobody but those of the same turn of the event loop. */
  readonly maxDelayMs?: number;
  /** Rows held at once that have no answer yet, at least maxRows. */
  readonly maxWaiting?: number;
  /** Calls of `submit` that may wait for room at once. */
  readonly maxCallers?: number;
  readonly timer?: Timer;
}

/** Rows of one caller. They may go into several batches. */
export interface Submission {
  readonly rows: number;
  /** Writes the rows [from, from + count) to rows `at` onwards of a row-major matrix; called before they are waited for. */
  read(from: number, count: number, matrix: Float32Array, at: number): void;
  /** Takes probabilities of the rows [from, from + count), which are rows `at` onwards of a row-major matrix; borrowed. */
  take(from: number, count: number, probabilities: Float32Array, at: number): void;
}

/** How a submission ends: with its last part, or with the first error. */
interface Pending {
  readonly submission: Submission;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Rows that are in batches already. */
  taken: number;
  answered: number;
  hasFailed: boolean;
}

/** Rows of one submission in one batch, where they begin in either. */
interface Part {
  readonly pending: Pending;
  readonly from: number;
  readonly count: number;
  readonly at: number;
}

interface Batch {
  readonly matrix: Float32Array;
  readonly parts: Part[];
  rows: number;
}

/** More is a mistake of units. */
const MOST_DELAY_MS = 60_000;

export class MicroBatcher {
  readonly #predictor: Pick<Predictor, 'featureCount' | 'predict'>;
  readonly #options: Required<BatchOptions>;
  /** The batch that is being filled. */
  #open: Batch | null = null;
  #cancelTimer: () => void = () => undefined;
  /** Matrices of batches that are done with. */
  readonly #spare: Float32Array[] = [];
  /** Callers whose rows have not all been taken, in the order in which they came. */
  readonly #callers: Pending[] = [];
  readonly #running = new Set<Promise<void>>();
  #waiting = 0;
  #isClosed = false;

  /** @throws FlowlampError OPTION_INVALID */
  constructor(predictor: Pick<Predictor, 'featureCount' | 'predict'>, options: BatchOptions = {}) {
    this.#predictor = predictor;
    this.#options = checked({ timer: timeout, ...BATCH_DEFAULTS, ...options });
  }

  /** Rows held that have no answer yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** As `submit` if there is room for all the rows now, else null, and none of them is taken. */
  offer(submission: Submission): Promise<void> | null {
    const isFull = this.#callers.length > 0 || this.#waiting + submission.rows > this.#options.maxWaiting;
    return isFull && !this.#isClosed ? null : this.submit(submission);
  }

  /**
   * Resolves when all rows have their answers; rejects with what the model threw. To await it is to be slowed down.
   *
   * @throws FlowlampError LIMIT_EXCEEDED where too many callers wait for room already, UNSUPPORTED after `close`
   */
  submit(submission: Submission): Promise<void> {
    return new Promise((resolve, reject) => {
      const { maxCallers } = this.#options;
      if (this.#isClosed) return reject(closedError());
      if (this.#callers.length >= maxCallers) return reject(callersError(maxCallers));
      if (submission.rows === 0) return resolve();
      this.#callers.push({ submission, resolve, reject, taken: 0, answered: 0, hasFailed: false });
      this.#takeRows();
    });
  }

  /** Scores what is there without waiting for more; resolves when nothing is left. */
  async flush(): Promise<void> {
    for (;;) {
      this.#dispatch();
      if (this.#running.size === 0) return;
      await Promise.race(this.#running);
    }
  }

  /** Flushes, and takes no more rows. The model stays open: it is the caller's. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  /** Puts rows of those who wait into batches, as many as there is room for. */
  #takeRows(): void {
    const { maxRows, maxWaiting } = this.#options;
    for (let first = this.#callers[0]; first !== undefined; first = this.#callers[0]) {
      const left = first.hasFailed ? 0 : first.submission.rows - first.taken;
      if (left === 0) {
        this.#callers.shift();
        continue;
      }
      const room = maxWaiting - this.#waiting;
      if (room === 0) return;
      this.#open ??= this.#newBatch();
      const batch = this.#open;
      this.#append(batch, first, Math.min(left, room, maxRows - batch.rows));
      if (batch.rows === maxRows) this.#dispatch();
    }
  }

  #append(batch: Batch, pending: Pending, count: number): void {
    const part: Part = { pending, from: pending.taken, count, at: batch.rows };
    pending.taken += count;
    try {
      pending.submission.read(part.from, count, batch.matrix, part.at);
    } catch (error) {
      fail(pending, error);
      return;
    }
    batch.parts.push(part);
    batch.rows += count;
    this.#waiting += count;
  }

  #newBatch(): Batch {
    const { maxRows, maxDelayMs, timer } = this.#options;
    this.#cancelTimer = timer(maxDelayMs, () => this.#dispatch());
    const matrix = this.#spare.pop() ?? new Float32Array(maxRows * this.#predictor.featureCount);
    return { matrix, parts: [], rows: 0 };
  }

  #dispatch(): void {
    const batch = this.#open;
    if (batch === null) return;
    this.#open = null;
    this.#cancelTimer();
    const run = this.#run(batch).then(() => {
      this.#running.delete(run);
      this.#takeRows();
    });
    this.#running.add(run);
  }

  async #run({ matrix, parts, rows }: Batch): Promise<void> {
    let probabilities: Float32Array = NONE;
    let failure: unknown = null;
    try {
      if (rows > 0) probabilities = await this.#predictor.predict(matrix, rows);
    } catch (error) {
      failure = error;
    }
    // Before anybody is answered: who has an answer finds the room that its rows took.
    this.#waiting -= rows;
    this.#spare.push(matrix);
    for (const part of parts) {
      if (failure === null) answer(part, probabilities);
      else fail(part.pending, failure);
    }
  }
}

const NONE = new Float32Array(0);

/** An error of one caller's own is not the others'. */
function answer({ pending, from, count, at }: Part, probabilities: Float32Array): void {
  if (pending.hasFailed) return;
  try {
    pending.submission.take(from, count, probabilities, at);
  } catch (error) {
    fail(pending, error);
    return;
  }
  pending.answered += count;
  if (pending.answered === pending.submission.rows) pending.resolve();
}

function fail(pending: Pending, error: unknown): void {
  pending.hasFailed = true;
  pending.reject(error);
}

const timeout: Timer = (delayMs, ring) => {
  const timer = setTimeout(ring, delayMs);
  return () => clearTimeout(timer);
};

function checked(options: Required<BatchOptions>): Required<BatchOptions> {
  const { maxRows, maxDelayMs, maxWaiting, maxCallers } = options;
  requireCount('maxRows', maxRows, 1);
  requireCount('maxWaiting', maxWaiting, maxRows);
  requireCount('maxCallers', maxCallers, 1);
  if (maxDelayMs >= 0 && maxDelayMs <= MOST_DELAY_MS) return options;
  throw optionError('maxDelayMs', maxDelayMs, `milliseconds from 0 to ${MOST_DELAY_MS}`);
}

function requireCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) throw optionError(name, value, `a whole number from ${least} on`);
}

function optionError(name: string, value: number, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${name} of a micro-batch is ${value}`,
    expected,
    action: `correct ${name}`,
  });
}

function callersError(callers: number): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${callers} callers wait for the model already`,
    expected: 'callers that await their verdicts before they bring more rows',
    action: 'bring fewer rows, or use offer() and drop what it does not take',
  });
}

function closedError(): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'rows came after the scorer was closed',
    expected: 'rows before close()',
    action: 'close it after the last verdict',
  });
}
