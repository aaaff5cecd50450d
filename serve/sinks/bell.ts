/** One waits, others ring. */

export class Bell {
  #wake: (() => void) | null = null;
  #isRung = false;

  /** Ends the wait, or the next one where nobody waits. */
  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Until the bell is rung, or for so long. */
  async wait(ms: number | null = null): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        // Longer than setTimeout can: whoever waits looks at the clock and waits again.
        const timer = ms === null ? null : setTimeout(resolve, Math.min(Math.max(0, ms), LONGEST_MS));
        this.#wake = () => {
          if (timer !== null) clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#isRung = false;
  }
}

const LONGEST_MS = 2 ** 31 - 1;
