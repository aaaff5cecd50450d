/**
 * ONNX Runtime in a thread of its own. A call into it blocks the thread that makes it, for as long as the model takes; here
 * that is not the one with the event loop. Batches are copied once, handed over, and their memory comes back with the answer.
 *
 * A few batches are with the thread, so that it never waits for the next; more callers than that stand in line, up to a
 * bound.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { assertNever, ErrorCode, FlowlampError } from '../../core/errors.ts';
import { createSession, type ModelSession, type SessionOptions } from '../../models/session.ts';
import type { SessionData, SessionOrder, SessionReport } from './session-messages.ts';

/** Batches with the thread at once: one that runs, one that is next. */
const HANDED_OVER = 2;
/** Calls of `predict` that may stand in line. */
const MOST_CALLERS = 256;
/** The thread's program, beside this one when compiled, and beside the bundle when bundled. */
const THREAD_FILE = new URL('./session-thread.js', import.meta.url);

/**
 * As `createSession`, in a thread. Where the sources run as they are, without having been compiled, there is no program
 * for a thread, and the model runs in this one.
 *
 * @param file the program of the thread
 * @throws FlowlampError as `createSession`; MODEL_INVALID where the thread ends by itself, then and in every later call
 */
export async function openThreadSession(
  onnx: Uint8Array,
  options: SessionOptions = {},
  file: URL = THREAD_FILE,
): Promise<ModelSession> {
  if (file.protocol !== 'file:' || !existsSync(fileURLToPath(file))) return createSession(onnx, options);
  const thread = new SessionThread(file, { onnx, options });
  const { featureCount, classCount } = await thread.opened;
  return {
    featureCount,
    classCount,
    async predict(rows, count) {
      const values = count * featureCount;
      if (rows.length < values) {
        throw new RangeError(`predict: ${count} rows need ${values} values, not ${rows.length}`);
      }
      return count === 0 ? new Float32Array(0) : thread.predict(rows, values, count);
    },
    release: () => thread.close(),
  };
}

interface Request {
  /** The caller's own, to be left as they are until the answer; `values` of them are meant. */
  readonly rows: Float32Array;
  readonly values: number;
  readonly count: number;
  readonly resolve: (probabilities: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

type Shape = Pick<ModelSession, 'featureCount' | 'classCount'>;

class SessionThread {
  /** The model's shape, once it has been opened. */
  readonly opened: Promise<Shape>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #resolveOpened: (shape: Shape) => void = () => undefined;
  #rejectOpened: (error: unknown) => void = () => undefined;
  readonly #line: Request[] = [];
  /** What is with the thread, by id. */
  readonly #asked = new Map<number, Request>();
  /** Memory that has come back. */
  readonly #spare: Float32Array[] = [];
  #nextId = 0;
  /** Why nothing more can be asked. */
  #refusal: FlowlampError | null = null;

  constructor(file: URL, workerData: SessionData) {
    this.#worker = new Worker(file, {
      workerData,
      // None of the process's own, of which a thread refuses some (--input-type); under debugging, stacks that name lines
      // of the sources.
      execArgv: process.env['FLOWLAMP_DEBUG'] === undefined ? [] : ['--enable-source-maps'],
    });
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    this.#worker.on('message', (report: SessionReport) => this.#hear(report));
    this.#worker.on('error', (error) => this.#end(endedError(reasonOf(error))));
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#end(endedError(`exit code ${code}`));
        resolve();
      });
    });
  }

  predict(rows: Float32Array, values: number, count: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      if (this.#refusal !== null) return reject(this.#refusal);
      if (this.#line.length >= MOST_CALLERS) return reject(lineError());
      this.#line.push({ rows, values, count, resolve, reject });
      this.#askNext();
    });
  }

  /** Answers what the thread has been asked, refuses the rest, and ends it. */
  async close(): Promise<void> {
    this.#refusal ??= closedError();
    for (const { reject } of this.#line.splice(0)) reject(this.#refusal);
    this.#worker.ref();
    this.#post({ kind: 'close' });
    await this.#ended;
  }

  #askNext(): void {
    while (this.#asked.size < HANDED_OVER && this.#line.length > 0) {
      const request = this.#line.shift()!;
      const { rows, values, count } = request;
      const copy = this.#memoryFor(values);
      copy.set(rows.length === values ? rows : rows.subarray(0, values));
      const id = this.#nextId++;
      this.#asked.set(id, request);
      // The process stays for whoever awaits an answer, and does not for a thread without work.
      this.#worker.ref();
      this.#post({ kind: 'predict', id, rows: copy, count }, [copy.buffer as ArrayBuffer]);
    }
    if (this.#asked.size === 0) this.#worker.unref();
  }

  /** Room for so many values or more. */
  #memoryFor(values: number): Float32Array {
    const spare = this.#spare.pop();
    return spare !== undefined && spare.length >= values ? spare : new Float32Array(values);
  }

  #hear(report: SessionReport): void {
    switch (report.kind) {
      case 'open':
        this.#resolveOpened(report);
        this.#worker.unref();
        return;
      case 'scored':
        this.#spare.push(report.rows);
        this.#settle(report.id, ({ resolve }) => resolve(report.probabilities));
        return;
      case 'refused':
        this.#refuse(report.id, new FlowlampError(report.code, report.parts));
        return;
      case 'broken':
        this.#refuse(report.id, report.error);
        return;
      default:
        assertNever(report);
    }
  }

  #settle(id: number, settle: (request: Request) => void): void {
    const request = this.#asked.get(id);
    this.#asked.delete(id);
    if (request !== undefined) settle(request);
    this.#askNext();
  }

  #refuse(id: number | null, error: unknown): void {
    if (id === null) this.#rejectOpened(error);
    else this.#settle(id, ({ reject }) => reject(error));
  }

  /** The thread is gone: whoever waits hears why. */
  #end(error: FlowlampError): void {
    this.#refusal ??= error;
    this.#rejectOpened(error);
    const left = [...this.#asked.values(), ...this.#line.splice(0)];
    this.#asked.clear();
    for (const { reject } of left) reject(error);
  }

  #post(order: SessionOrder, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, transfer);
  }
}

function reasonOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}

function endedError(reason: string): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `the thread that runs the model ended (${reason})`,
    expected: 'a model that ONNX Runtime can run in the memory there is',
    action: 'open the model again, and choose a smaller one if it happens again',
  });
}

function lineError(): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${MOST_CALLERS} batches wait for the model already`,
    expected: 'callers that await their answers before they ask for more',
    action: 'ask for fewer at once',
  });
}

function closedError(): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'rows came after the model was closed',
    expected: 'rows before close()',
    action: 'close it after the last answer',
  });
}
