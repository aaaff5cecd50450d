/** How long to wait before something that ended is begun again: longer each time, until it has gone well for a while. */

export interface BackOffBounds {
  readonly leastMs: number;
  readonly mostMs: number;
  /** What ran for so long was well: the next wait is the shortest again. */
  readonly healthyMs: number;
}

export const BACK_OFF: BackOffBounds = { leastMs: 500, mostMs: 30_000, healthyMs: 60_000 };

export class BackOff {
  readonly #bounds: BackOffBounds;
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to 1: many sensors that lost the same peer must not come back at the same moment */
  constructor(bounds: BackOffBounds = BACK_OFF, random: () => number = Math.random) {
    this.#bounds = bounds;
    this.#random = random;
  }

  /** @returns milliseconds to wait after what ran for `ranMs` */
  next(ranMs: number): number {
    const { leastMs, mostMs, healthyMs } = this.#bounds;
    this.#failures = ranMs >= healthyMs ? 1 : this.#failures + 1;
    const full = Math.min(mostMs, leastMs * 2 ** Math.min(this.#failures - 1, 30));
    return Math.max(leastMs, full * (0.75 + this.#random() / 4));
  }
}

/** Settles after so long, or as soon as `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** `0.5 s`, `12 s`. */
export function inSeconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}
