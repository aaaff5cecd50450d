/** Reports on one capture, in the order in which they were made, from whichever thread reads it. */
import type { JobThread } from './job-thread.ts';
import type { Report } from './messages.ts';

export interface Letter {
  readonly thread: JobThread;
  readonly report: Report;
}

export class Mailbox {
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
