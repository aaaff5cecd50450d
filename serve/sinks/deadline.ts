/** A moment after which nobody waits any more; it may be moved to an earlier one. */

export class Deadline {
  /** Settles when the moment has come. */
  readonly passed: Promise<void>;
  #pass: () => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Number.POSITIVE_INFINITY;
  #isPassed = false;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.#pass = resolve;
    });
  }

  get isPassed(): boolean {
    return this.#isPassed;
  }

  /** Milliseconds that are left; Infinity for all the time there is. */
  get leftMs(): number {
    return this.#isPassed ? 0 : Math.max(0, this.#atMs - performance.now());
  }

  /** In so many milliseconds, or when it was to be before, if that is earlier. */
  set(ms: number): void {
    const atMs = performance.now() + ms;
    if (!(atMs < this.#atMs)) return;
    this.#atMs = atMs;
    this.clear();
    this.#timer = setTimeout(() => this.#come(), Math.min(Math.max(0, ms), LONGEST_MS));
  }

  /** Nothing waits for it: it does not keep the process alive. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #come(): void {
    this.#isPassed = true;
    this.#pass();
  }
}

/** setTimeout takes no more; a drain of 24 days is over before. */
const LONGEST_MS = 2 ** 31 - 1;
