/**
 * Threads that share the tasks of a round. The main thread works too, and waits at the end for what others have claimed;
 * a thread that is late, or never starts, claims nothing and holds nobody up.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Phase, RoundWorker, type Training, taskCount } from './round.ts';
import { sharedInt32, sharedUint8 } from './shared.ts';

/** Where the control words are. */
const GENERATION = 0;
const PHASE = 1;
const ROUND = 2;
const TASKS = 3;
/** Tasks that nobody has claimed; below 1 there are none. Set last: who claims one finds the words above in place. */
const UNCLAIMED = 4;
const FINISHED = 5;
const FAILED = 6;
const STOPPED = 7;
/** One word per thread from here on: 1 while it may hold a task. */
const SEATS = 8;

/** How long to wait for tasks of others before asking whether these are still there. */
const PATIENCE_MS = 50;

/** A thread ended before it had done what it had claimed. */
export class LostThread extends Error {
  override readonly name = 'LostThread';
}

/** Lets events in, such as that a thread has ended. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Bytes of the message of an error in a thread. */
const MESSAGE_BYTES = 1024;

/** What a thread is given when it starts. */
export interface CrewData {
  readonly training: Training;
  readonly control: Int32Array;
  /** Where in `control` the thread says that it works. */
  readonly seat: number;
  /** UTF-8, zero-padded. */
  readonly message: Uint8Array;
}

export class Crew {
  readonly #data: CrewData;
  readonly #own: RoundWorker;
  #isBroken = false;

  /** @param threads this one included */
  constructor(training: Training, threads: number) {
    const control = sharedInt32(SEATS + threads);
    this.#data = { training, control, seat: SEATS, message: sharedUint8(MESSAGE_BYTES) };
    this.#own = new RoundWorker(training);
    for (let i = 1; i < threads; i++) {
      startThread({ ...this.#data, seat: SEATS + i }, () => {
        if (Atomics.load(control, SEATS + i) !== 0) this.#isBroken = true;
      });
    }
  }

  /**
   * Resolves when every task of the phase is done.
   *
   * @throws LostThread where a thread ended in the middle of one: what it was writing is then not to be trusted
   */
  async run(phase: Phase, round: number): Promise<void> {
    const { control, training, message } = this.#data;
    const tasks = taskCount(training, phase);
    Atomics.store(control, PHASE, phase);
    Atomics.store(control, ROUND, round);
    Atomics.store(control, TASKS, tasks);
    Atomics.store(control, FINISHED, 0);
    Atomics.store(control, UNCLAIMED, tasks);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    runTasks(this.#data, this.#own);
    for (let done = 0; done < tasks; done = Atomics.load(control, FINISHED)) {
      if (Atomics.wait(control, FINISHED, done, PATIENCE_MS) !== 'timed-out') continue;
      await breathe();
      if (this.#isBroken) throw new LostThread('a thread of the training ended in the middle of its work');
    }
    if (Atomics.load(control, FAILED) !== 0) {
      throw new Error(`a thread of the training failed: ${Buffer.from(message).toString().replace(/\0+$/, '')}`);
    }
  }

  /** Lets the threads end. */
  close(): void {
    const { control } = this.#data;
    Atomics.store(control, STOPPED, 1);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
  }
}

/** The body of a thread: works until the crew is closed. */
export function serveCrew(data: CrewData): void {
  const { control, message } = data;
  const worker = new RoundWorker(data.training);
  for (;;) {
    const generation = Atomics.load(control, GENERATION);
    if (Atomics.load(control, STOPPED) !== 0) return;
    try {
      runTasks(data, worker);
    } catch (error) {
      message.set(Buffer.from(String(error)).subarray(0, MESSAGE_BYTES));
      Atomics.store(control, FAILED, 1);
      finishTask(control);
      return;
    }
    Atomics.wait(control, GENERATION, generation);
  }
}

function runTasks({ control, seat }: CrewData, worker: RoundWorker): void {
  Atomics.store(control, seat, 1);
  for (;;) {
    const left = Atomics.sub(control, UNCLAIMED, 1);
    if (left < 1) break;
    const task = Atomics.load(control, TASKS) - left;
    worker.run(Atomics.load(control, PHASE) as Phase, Atomics.load(control, ROUND), task);
    finishTask(control);
  }
  Atomics.store(control, seat, 0);
}

function finishTask(control: Int32Array): void {
  Atomics.add(control, FINISHED, 1);
  Atomics.notify(control, FINISHED);
}

/** The thread's program; null where the sources run as they are, without having been compiled. */
function threadFile(): URL | null {
  const file = new URL('./crew-thread.js', import.meta.url);
  return file.protocol === 'file:' && existsSync(fileURLToPath(file)) ? file : null;
}

function startThread(workerData: CrewData, onEnd: () => void): void {
  const file = threadFile();
  // What this thread does not share it does alone, with the same result.
  if (file === null) return;
  const thread = new Worker(file, { workerData });
  // It says itself why a task failed; if it could not start, the others do its work.
  thread.on('error', () => {});
  thread.on('exit', onEnd);
  thread.unref();
}
