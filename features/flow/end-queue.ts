/**
 * Flows that have ended and wait for their place in the output: a binary heap ordered by logical end (us, then ns), then
 * flow id, then part; of one part intervals come first, then prefixes, the shorter first, then its end.
 */
import { Field, type FlowState } from './flow-state.ts';

/** Places that a rank (see `sort`) has room for, and the lower part of a flow id that it leaves out: 53 bits together. */
const PLACES = 2 ** 21;
const ID_REST = 2 ** 21;

export class EndQueue {
  readonly #state: FlowState;
  /** Heap order: slots, and beside them their logical ends in us, which decide all but ties. */
  readonly #slots: number[] = [];
  readonly #ends: number[] = [];

  constructor(state: FlowState) {
    this.#state = state;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Logical end of the first flow, us; Infinity when there is none. */
  get firstEndUs(): number {
    return this.#ends[0] ?? Infinity;
  }

  push(slot: number): void {
    const end = this.#state.get(slot, Field.EndUs);
    let child = this.#slots.length;
    this.#slots.push(slot);
    this.#ends.push(end);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(slot, end, parent)) break;
      this.#put(this.#slots[parent]!, this.#ends[parent]!, child);
      child = parent;
    }
    this.#put(slot, end, child);
  }

  /** Takes out the first flow; the queue must not be empty. */
  pop(): number {
    const first = this.#slots[0]!;
    const slot = this.#slots.pop()!;
    const end = this.#ends.pop()!;
    const { length } = this.#slots;
    if (length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#before(this.#slots[child + 1]!, this.#ends[child + 1]!, child)) child++;
      if (this.#before(slot, end, child)) break;
      this.#put(this.#slots[child]!, this.#ends[child]!, parent);
      parent = child;
    }
    this.#put(slot, end, parent);
    return first;
  }

  /**
   * Takes out all flows, together with those that end with the capture, in order: sorting at once costs less than one
   * by one.
   */
  drain(open: readonly number[]): Int32Array {
    const slots = this.#slots.splice(0);
    const ends = this.#ends.splice(0);
    const places = slots.map((_, place) => place).filter((place) => ends[place] !== Infinity);
    places.sort((a, b) => ends[a]! - ends[b]! || this.#order(slots[a]!, slots[b]!));
    const last = this.#sortById([...slots.filter((_, place) => ends[place] === Infinity), ...open]);
    const sorted = new Int32Array(places.length + last.length);
    sorted.set(places.map((place) => slots[place]!));
    sorted.set(last, places.length);
    return sorted;
  }

  /**
   * Puts flows that all end with the capture in order. Flow ids decide, but for copies of one: the upper bits of each id
   * and its place in the list make one number, and numbers are sorted without a call for each comparison.
   */
  #sortById(slots: readonly number[]): Int32Array {
    if (slots.length > PLACES) return Int32Array.from(slots).sort((a, b) => this.#order(a, b));
    const ranks = Float64Array.from(
      slots,
      (slot, place) => Math.floor(this.#state.get(slot, Field.FlowId) / ID_REST) * PLACES + place,
    ).sort();
    const sorted = Int32Array.from(ranks, (rank) => slots[rank % PLACES]!);
    for (let i = 1; i < sorted.length; i++) {
      const slot = sorted[i]!;
      let at = i;
      for (; at > 0 && this.#isTied(ranks, at - 1, i) && this.#order(slot, sorted[at - 1]!) < 0; at--) {
        sorted[at] = sorted[at - 1]!;
      }
      sorted[at] = slot;
    }
    return sorted;
  }

  #isTied(ranks: Float64Array, one: number, other: number): boolean {
    return Math.floor(ranks[one]! / PLACES) === Math.floor(ranks[other]! / PLACES);
  }

  #put(slot: number, end: number, place: number): void {
    this.#slots[place] = slot;
    this.#ends[place] = end;
  }

  /** True if the slot, which ends at `end`, comes before the one at `place`. */
  #before(slot: number, end: number, place: number): boolean {
    const other = this.#ends[place]!;
    return end === other ? this.#order(slot, this.#slots[place]!) < 0 : end < other;
  }

  #order(one: number, other: number): number {
    const a = this.#state.page(one);
    const b = this.#state.page(other);
    const at = this.#state.baseOf(one);
    const bt = this.#state.baseOf(other);
    return (
      // Infinity minus Infinity is NaN, which leaves the decision to the next.
      a[at + Field.EndUs]! - b[bt + Field.EndUs]! ||
      a[at + Field.EndNs]! - b[bt + Field.EndNs]! ||
      a[at + Field.FlowId]! - b[bt + Field.FlowId]! ||
      a[at + Field.Part]! - b[bt + Field.Part]! ||
      b[bt + Field.RowKind]! - a[at + Field.RowKind]! ||
      a[at + Field.Packets]! - b[bt + Field.Packets]!
    );
  }
}
