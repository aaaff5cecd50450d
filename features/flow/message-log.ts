/**
 * Sizes and times of the first payload packets of each flow. Most flows have few, some have all that are kept: runs of
 * eight are taken from one store as they are needed, so that a short flow does not pay for a long one.
 */
import { enlarge, grownCapacity } from './slot-list.ts';

/** Messages of one run. */
export const RUN = 8;
const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
const NONE = -1;

export class MessageLog {
  /** Run `r` lies in page `r >> PAGE_BITS`: RUN times size and time, so that a short flow has both in one cache line. */
  readonly #pages: Float64Array[] = [];
  /** The run that goes on where another ends; of free runs, the next free one. */
  #next = new Int32Array(1 << PAGE_BITS);
  #firstFree = NONE;
  #runs = 0;

  /** A run of its own, behind `previous` unless that is negative. */
  take(previous: number): number {
    const run = this.#firstFree === NONE ? this.#grow() : this.#firstFree;
    if (run === this.#firstFree) this.#firstFree = this.#next[run]!;
    if (previous >= 0) this.#next[previous] = run;
    return run;
  }

  /** Writes the `i`-th message of a run: its signed size, bytes, and when it was, us. */
  put(run: number, i: number, size: number, us: number): void {
    const page = this.#pages[run >> PAGE_BITS]!;
    const at = ((run & PAGE_MASK) * RUN + i) * 2;
    page[at] = size;
    page[at + 1] = us;
  }

  /** Copies the first `count` messages of the runs from `first` on to `sizes` and `times` at `to`. */
  read(first: number, count: number, sizes: Int32Array, times: Float64Array, to: number): void {
    let run = first;
    for (let done = 0; done < count; done += RUN, run = this.#next[run]!) {
      const page = this.#pages[run >> PAGE_BITS]!;
      const at = (run & PAGE_MASK) * 2 * RUN;
      const length = Math.min(RUN, count - done);
      for (let i = 0; i < length; i++) {
        sizes[to + done + i] = page[at + 2 * i]!;
        times[to + done + i] = page[at + 2 * i + 1]!;
      }
    }
  }

  /** Adds `us` to the times of the first `count` messages of the runs from `first` on. */
  shift(first: number, count: number, us: number): void {
    let run = first;
    for (let done = 0; done < count; done += RUN, run = this.#next[run]!) {
      const page = this.#pages[run >> PAGE_BITS]!;
      const at = (run & PAGE_MASK) * 2 * RUN;
      for (let i = 0; i < RUN && done + i < count; i++) page[at + 2 * i + 1]! += us;
    }
  }

  /** Gives back the runs from `first` to `last`. */
  free(first: number, last: number): void {
    this.#next[last] = this.#firstFree;
    this.#firstFree = first;
  }

  #grow(): number {
    const run = this.#runs++;
    if (run >> PAGE_BITS >= this.#pages.length) this.#pages.push(new Float64Array((2 * RUN) << PAGE_BITS));
    if (run >= this.#next.length) this.#next = enlarge(this.#next, grownCapacity(this.#next.length, run + 1));
    return run;
  }
}
