/** One thread that reads captures, as the main thread sees it. */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Job, type Report, type ThreadData, WAITING } from './messages.ts';

/** Threads are started without being asked for from so many bytes of captures on: starting one takes 50 ms. */
export const WORTH_BYTES = 8 * 1024 * 1024;

/** Commands that read captures in threads. */
const READING = ['extract', 'score'];

export class JobThread {
  readonly #credits = new Int32Array(new SharedArrayBuffer(4)).fill(WAITING);
  readonly #worker: Worker;
  #listen: ((report: Report) => void) | null = null;
  /** Why it ended before there was anything to read. */
  #failure: Error | null = null;

  constructor() {
    const workerData: ThreadData = { credits: this.#credits };
    this.#worker = new Worker(new URL('./capture-thread.js', import.meta.url), {
      workerData,
      // Stacks that name lines of the sources, as in the main thread.
      ...(process.env['FLOWLAMP_DEBUG'] !== undefined && { execArgv: ['--enable-source-maps'] }),
    });
    this.#worker.on('message', (report: Report) => this.#listen?.(report));
    // Out of memory, most likely: not an error that the thread could report itself.
    this.#worker.on('error', (error) => {
      this.#failure = error as Error;
      this.#listen?.({ kind: 'broken', error: this.#failure });
    });
    // Until there is something to read, the program may end without it.
    this.#worker.unref();
  }

  read(job: Job, listen: (report: Report) => void): void {
    this.#listen = listen;
    this.#worker.ref();
    this.#worker.postMessage(job);
    if (this.#failure !== null) listen({ kind: 'broken', error: this.#failure });
  }

  /** One of its batches or blocks is done with. */
  credit(): void {
    Atomics.add(this.#credits, 0, 1);
    Atomics.notify(this.#credits, 0);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

let early: JobThread | null = null;

/**
 * Starts a thread while the command itself is still being loaded, where it will most likely be wanted. If it is not,
 * nobody notices.
 *
 * @param words the command line
 */
export function startEarly(words: readonly string[]): void {
  const [command, ...rest] = words;
  if (!READING.includes(command ?? '') || availableParallelism() < 2) return;
  if (rest.some((word) => /^(--jobs|--help$|-h$)/.test(word))) return;
  if (rest.some((word) => isWorth(word))) early = new JobThread();
}

function isWorth(path: string): boolean {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    return status?.isFile() === true && status.size >= WORTH_BYTES;
  } catch {
    // Most words of a command line are no paths at all.
    return false;
  }
}

/** A thread that has nothing to read yet. */
export function jobThread(): JobThread {
  const thread = early ?? new JobThread();
  early = null;
  return thread;
}
