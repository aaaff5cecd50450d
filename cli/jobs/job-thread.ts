/** One thread that reads captures, as the main thread sees it. */
import { Worker } from 'node:worker_threads';
import { type Job, type Report, type ThreadData, WAITING } from './messages.ts';

export class JobThread {
  readonly #credits = new Int32Array(new SharedArrayBuffer(4)).fill(WAITING);
  readonly #worker: Worker;
  #listen: (report: Report) => void = () => undefined;

  constructor() {
    const workerData: ThreadData = { credits: this.#credits };
    this.#worker = new Worker(new URL('./capture-thread.js', import.meta.url), { workerData });
    this.#worker.on('message', (report: Report) => this.#listen(report));
    // Out of memory, most likely: not an error that the thread could report itself.
    this.#worker.on('error', (error) => this.#listen({ kind: 'broken', error: error as Error }));
  }

  read(job: Job, listen: (report: Report) => void): void {
    this.#listen = listen;
    this.#worker.postMessage(job);
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
