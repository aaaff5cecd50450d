/**
 * `--jobs N`: captures read ahead in worker threads and handed on in the order of the inputs, so that what is written
 * is the same for every N. Each worker reads one capture after the other; it may have a few batches waiting for their
 * turn, and then blocks until one is taken: memory is bounded, however many rows a capture gives.
 */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, type ErrorParts, FlowlampError } from '../core/errors.ts';
import type { Table } from '../core/table.ts';
import type { CaptureSummary } from '../features/extract.ts';
import type { ExtractOptions } from '../features/extractor.ts';
import type { BatchReceiver } from '../features/vector/rows.ts';
import { FEATURES } from '../features/vector/schema.ts';
import { extractOptions, type RowOptions } from './options.ts';

/** Batches (of LIMITS.batchRows rows) that a worker may have waiting. */
const WAITING_BATCHES = 8;

/** What a worker is to read. */
export interface Job {
  readonly path: string;
  readonly options: ExtractOptions;
}

/** What a worker says: a batch of rows after so many bytes read, or how the capture ended. */
export type Report =
  | { readonly kind: 'rows'; readonly columns: Table['columns']; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'done'; readonly summary: CaptureSummary }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly parts: ErrorParts }
  | { readonly kind: 'broken'; readonly error: Error };

/** What a worker is born with: how many batches it may still send, shared, so that it can block on it. */
export interface JobWorkerData {
  readonly credits: Int32Array;
}

/**
 * Starts reading ahead, or returns null where captures are read one at a time.
 *
 * @param isCapture which regular files to read ahead; all without it
 */
export function openJobs(
  files: readonly string[],
  options: RowOptions & { readonly label?: string },
  isCapture: (path: string) => boolean = () => true,
): CaptureJobs | null {
  const { jobs = 1, label = null } = options;
  if (jobs === 1) return null;
  // Standard input and pipes can be read only once, and only here.
  const ahead = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true && isCapture(file));
  return ahead.length < 2 ? null : new CaptureJobs(ahead, jobs, { ...extractOptions(options), label });
}

export class CaptureJobs {
  readonly #paths: readonly string[];
  readonly #options: ExtractOptions;
  readonly #mailboxes: Mailbox[];
  readonly #workers: JobWorker[];
  /** How many captures have been given to workers, and taken by the caller. */
  #given = 0;
  #taken = 0;

  constructor(paths: readonly string[], jobs: number, options: ExtractOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#mailboxes = paths.map(() => new Mailbox());
    this.#workers = Array.from({ length: Math.min(jobs, paths.length) }, () => new JobWorker());
    for (const worker of this.#workers) this.#giveNext(worker);
  }

  /** True if the capture is the next of those read ahead. */
  has(path: string): boolean {
    return this.#paths[this.#taken] === path;
  }

  /** As `extractPieces`; to be called in the order of the captures. The tables are the receiver's own. */
  async *pieces(path: string, receive: BatchReceiver): AsyncGenerator<number, CaptureSummary> {
    if (!this.has(path)) throw new Error(`${path} is not the next capture`);
    const mailbox = this.#mailboxes[this.#taken++]!;
    for (;;) {
      const { worker, report } = await mailbox.take();
      switch (report.kind) {
        case 'rows':
          receive({ specs: FEATURES, columns: report.columns, length: report.rows });
          yield report.bytes;
          worker.credit();
          break;
        case 'done':
          return report.summary;
        case 'refused':
          throw new FlowlampError(report.code, report.parts);
        case 'broken':
          throw report.error;
      }
    }
  }

  /** Stops whatever is still being read. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #giveNext(worker: JobWorker): void {
    const path = this.#paths[this.#given];
    const mailbox = this.#mailboxes[this.#given];
    if (path === undefined || mailbox === undefined) return;
    this.#given++;
    worker.read({ path, options: this.#options }, (report) => {
      if (report.kind !== 'rows') this.#giveNext(worker);
      mailbox.put({ worker, report });
    });
  }
}

class JobWorker {
  readonly #credits = new Int32Array(new SharedArrayBuffer(4)).fill(WAITING_BATCHES);
  readonly #thread: Worker;
  #listen: (report: Report) => void = () => undefined;

  constructor() {
    const workerData: JobWorkerData = { credits: this.#credits };
    this.#thread = new Worker(new URL('./capture-worker.js', import.meta.url), { workerData });
    this.#thread.on('message', (report: Report) => this.#listen(report));
    // Out of memory, most likely: not an error that the worker could report itself.
    this.#thread.on('error', (error) => this.#listen({ kind: 'broken', error: error as Error }));
  }

  read(job: Job, listen: (report: Report) => void): void {
    this.#listen = listen;
    this.#thread.postMessage(job);
  }

  /** One of its batches has been taken. */
  credit(): void {
    Atomics.add(this.#credits, 0, 1);
    Atomics.notify(this.#credits, 0);
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

interface Letter {
  readonly worker: JobWorker;
  readonly report: Report;
}

/** Reports on one capture, in the order in which they were made. */
class Mailbox {
  readonly #letters: Letter[] = [];
  #wake: () => void = () => undefined;

  put(letter: Letter): void {
    this.#letters.push(letter);
    this.#wake();
  }

  async take(): Promise<Letter> {
    while (this.#letters.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#letters.shift()!;
  }
}
