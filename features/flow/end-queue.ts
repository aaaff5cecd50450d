/**
 * Flows that have ended and wait for their place in the output: a binary heap ordered by logical end (us, then ns), then
 * flow id, then part; of one part intervals come first, then prefixes, the shorter first, then its end.
 */
import { Field, type FlowState, SideField } from './flow-state.ts';

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

  /** Takes out all flows, in order: sorting at once costs less than one by one. */
  drain(): number[] {
    const slots = this.#slots.splice(0);
    const ends = this.#ends.splice(0);
    // At the end of a capture nearly all end together: flow ids decide, and gathered they are compared in the cache.
    const ids = Float64Array.from(slots, (slot) => this.#state.get(slot, Field.FlowId));
    const order = Int32Array.from(slots, (_, i) => i);
    order.sort((a, b) => {
      if (ends[a] !== ends[b]) return ends[a]! - ends[b]!;
      const isSure = ends[a] === Number.POSITIVE_INFINITY && ids[a] !== ids[b];
      return isSure ? ids[a]! - ids[b]! : this.#order(slots[a]!, slots[b]!);
    });
    return Array.from(order, (i) => slots[i]!);
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
      this.#packets(one) - this.#packets(other)
    );
  }

  #packets(slot: number): number {
    const record = this.#state.page(slot);
    const [a, b] = [this.#state.sideBaseOf(slot, 0), this.#state.sideBaseOf(slot, 1)];
    return record[a + SideField.Packets]! + record[b + SideField.Packets]!;
  }
}
