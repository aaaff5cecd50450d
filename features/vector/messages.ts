/**
 * The messages of a row, by side: payload packets that bring something new (retransmissions and keep-alives do not), the
 * first LIMITS.messages of the flow. What several groups need of them is made once: in order, and sorted.
 */
import { LIMITS } from '../../core/limits.ts';
import { sortFirst } from './order-statistics.ts';

/** Said of columns that come from these messages. */
export const OF_MESSAGES = `of the first ${LIMITS.messages} messages (packets with new payload) of the flow`;

/** One side's. */
export class SideMessages {
  count = 0;
  /** Bytes, and us from the first packet, in the order of arrival: `[0, count)`. */
  readonly sizes = new Float64Array(LIMITS.messages);
  readonly times = new Float64Array(LIMITS.messages);
  readonly sortedSizes = new Float64Array(LIMITS.messages);
  readonly gaps = new Gaps();

  clear(): void {
    this.count = 0;
    this.gaps.clear();
  }

  add(size: number, us: number): void {
    const i = this.count++;
    this.sizes[i] = this.sortedSizes[i] = size;
    this.times[i] = us;
    this.gaps.add(us);
  }

  sort(): void {
    sortFirst(this.sortedSizes, this.count);
    this.gaps.sort();
  }
}

/** Times between consecutive messages, us; one that is older than one before it adds a gap of 0 and no time. */
export class Gaps {
  /** One fewer than messages: `[0, count)`. */
  count = 0;
  readonly values = new Float64Array(LIMITS.messages);
  readonly sorted = new Float64Array(LIMITS.messages);
  #latest = -1;

  clear(): void {
    this.count = 0;
    this.#latest = -1;
  }

  add(us: number): void {
    const latest = this.#latest;
    if (us > latest) this.#latest = us;
    if (latest < 0) return;
    const i = this.count++;
    this.values[i] = this.sorted[i] = us > latest ? us - latest : 0;
  }

  sort(): void {
    sortFirst(this.sorted, this.count);
  }
}

export class Messages {
  readonly fwd = new SideMessages();
  readonly bwd = new SideMessages();
  /** Of either side: sizes, positive from the initiator, and times, in the order of arrival. */
  count = 0;
  readonly sizes = new Float64Array(LIMITS.messages);
  readonly times = new Float64Array(LIMITS.messages);
  /** Between messages of either side. */
  readonly gaps = new Gaps();

  /** Takes over `sizes[at, end)` and `times[at, end)`; `sign` makes sizes of the initiator positive. */
  read(sizes: Int32Array, times: Float64Array, at: number, end: number, sign: number): void {
    const { fwd, bwd, gaps } = this;
    fwd.clear();
    bwd.clear();
    gaps.clear();
    this.count = end - at;
    for (let i = 0; i < this.count; i++) {
      const size = sizes[at + i]! * sign;
      const us = times[at + i]!;
      this.sizes[i] = size;
      this.times[i] = us;
      gaps.add(us);
      if (size > 0) fwd.add(size, us);
      else bwd.add(-size, us);
    }
    if (this.count < 2) return;
    fwd.sort();
    bwd.sort();
    gaps.sort();
  }
}
