/** Lines to standard output, or to what is in the place of a file and cannot be rotated: FIFOs and devices. */
import { close, constants, open, write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Lines } from './log-file.ts';

const STANDARD_OUTPUT = 1;
/** Until a reader that is slow is asked again, ms. */
const PATIENCE_MS = 20;
const LINE_FEED = Uint8Array.of(0x0a);

const opened = promisify(open);
const closed = promisify(close);

/** Bytes written of those from `at` on. */
function written(file: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(file, bytes, at, bytes.length - at, null, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });
}

export class PipeLines implements Lines {
  readonly #path: string | null;
  #file: number | null;
  /** A line was begun and not ended. */
  #isTorn = false;

  /** @param path null for standard output */
  constructor(path: string | null) {
    this.#path = path;
    this.#file = path === null ? STANDARD_OUTPUT : null;
  }

  async write(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    // Without O_NONBLOCK, a FIFO that nobody reads would keep a thread of Node's few for ever.
    const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants;
    this.#file ??= await opened(this.#path!, O_WRONLY | O_APPEND | O_NONBLOCK);
    try {
      if (this.#isTorn) await this.#writeAll(LINE_FEED, signal);
      this.#isTorn = false;
      await this.#writeAll(lines, signal);
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  async #writeAll(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += await written(this.#file!, bytes, at);
        this.#isTorn = at < bytes.length;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await sleep(PATIENCE_MS, undefined, { signal });
      }
      signal.throwIfAborted();
    }
  }

  wakeAt(): null {
    return null;
  }

  async tend(): Promise<void> {}

  async reopen(): Promise<void> {
    await this.#letGo();
  }

  close(): Promise<void> {
    return this.#letGo();
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    if (file === null || file === STANDARD_OUTPUT) return;
    this.#file = null;
    await closed(file);
  }
}
