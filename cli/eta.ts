/** How much longer something takes that is a known share done. */

/** Before that, a guess would be no better than none. */
const LEAST_MS = 3000;

export class Eta {
  readonly #started: number;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#started = now();
  }

  /** `, about 4 min left`; empty where nothing can be said yet. */
  text(share: number): string {
    const spent = this.#now() - this.#started;
    if (spent < LEAST_MS || share <= 0) return '';
    return `, about ${span((spent / share) * (1 - share))} left`;
  }
}

/** Rounded up to what one plans by: seconds, minutes, hours. */
function span(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
