/** How long to wait before a delivery is tried again: twice as long each time, up to a bound, and never quite the same. */

export interface BackOffTimes {
  readonly firstMs: number;
  readonly mostMs: number;
}

export const BACK_OFF: BackOffTimes = { firstMs: 500, mostMs: 60_000 };
/** Doublings after which the bound is reached whatever it is. */
const MOST_DOUBLINGS = 30;

export class BackOff {
  readonly #times: BackOffTimes;
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to below 1; not seeded, since many sidecars must not come back at the same moment */
  constructor(times: BackOffTimes = BACK_OFF, random: () => number = Math.random) {
    this.#times = times;
    this.#random = random;
  }

  /** Milliseconds until the next attempt: of the time that is due, between the half and all. */
  next(): number {
    const { firstMs, mostMs } = this.#times;
    const due = Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures++, MOST_DOUBLINGS));
    return due * (0.5 + this.#random() / 2);
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }
}
