/** A histogram that costs a handful of comparisons to add to: prom-client's makes objects at each observation. */

export class Buckets {
  readonly bounds: readonly number[];
  /** One more than bounds: the last for what is above all. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds upper ones, rising */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** @param times how often it was seen */
  observe(value: number, times = 1): void {
    const seen = value >= 0 ? value : 0; // a clock that was set back
    let i = 0;
    while (i < this.bounds.length && seen > this.bounds[i]!) i++;
    this.#counts[i]! += times;
    this.#sum += seen * times;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((all, count) => all + count, 0);
  }

  /** Of each bound how many were at most that, then of all. */
  cumulative(): number[] {
    let all = 0;
    return Array.from(this.#counts, (count) => (all += count));
  }
}
