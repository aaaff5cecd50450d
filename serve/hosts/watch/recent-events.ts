/**
 * The most that ever happened within a window of time, from events that come in nearly any order: flows come in the order
 * in which they end, and these count from when they began.
 */

export interface Peak {
  /** Most events within one window. */
  readonly events: number;
  /** Most different keys of events within one window. */
  readonly keys: number;
}

export class RecentEvents {
  readonly #most: number;
  readonly #window: number;
  /** Ascending; the key of each stands at the same index. */
  readonly #times: number[] = [];
  readonly #keys: number[] = [];
  #peak: Peak = { events: 0, keys: 0 };

  /**
   * @param most events remembered, those of latest time; no peak is higher
   * @param window from the first event to the last, both included, in the unit of the times
   */
  constructor(most: number, window: number) {
    this.#most = most;
    this.#window = window;
  }

  get peak(): Peak {
    return this.#peak;
  }

  /**
   * The peak does not depend on the order of calls as long as all events of its window are remembered.
   *
   * @returns the highest peak so far
   */
  add(time: number, key: number): Peak {
    if (this.#peak.keys >= this.#most) return this.#peak;
    const at = this.#placeOf(time);
    this.#times.splice(at, 0, time);
    this.#keys.splice(at, 0, key);
    if (this.#times.length > this.#most) {
      this.#times.shift();
      this.#keys.shift();
    }
    this.#look(time);
    return this.#peak;
  }

  /** Where the time belongs: behind all that are not later. */
  #placeOf(time: number): number {
    let at = this.#times.length;
    while (at > 0 && this.#times[at - 1]! > time) at--;
    return at;
  }

  /** Looks at all windows that hold an event at `time`: those that began up to a window before it. */
  #look(time: number): void {
    const times = this.#times;
    const inside = new Map<number, number>();
    let begin = times.length;
    while (begin > 0 && times[begin - 1]! >= time - this.#window) begin--;
    let { events, keys } = this.#peak;
    for (let end = begin; end < times.length && times[end]! <= time + this.#window; end++) {
      const key = this.#keys[end]!;
      inside.set(key, (inside.get(key) ?? 0) + 1);
      for (; times[begin]! < times[end]! - this.#window; begin++) take(inside, this.#keys[begin]!);
      events = Math.max(events, end - begin + 1);
      keys = Math.max(keys, inside.size);
    }
    this.#peak = { events, keys };
  }
}

function take(counts: Map<number, number>, key: number): void {
  const left = counts.get(key)! - 1;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}
