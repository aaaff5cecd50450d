/**
 * Flows that have ended and wait for their place in the output: a binary heap ordered by logical end (us, then ns), then
 * flow id, then part.
 */
import { Field, type FlowState } from './flow-state.ts';

export class EndQueue {
  readonly #state: FlowState;
  readonly #slots: number[] = [];

  constructor(state: FlowState) {
    this.#state = state;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Logical end of the first flow, us; Infinity when there is none. */
  get firstEndUs(): number {
    const slot = this.#slots[0];
    return slot === undefined ? Infinity : this.#state.get(slot, Field.EndUs);
  }

  push(slot: number): void {
    const slots = this.#slots;
    let child = slots.length;
    slots.push(slot);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(slot, slots[parent]!)) break;
      slots[child] = slots[parent]!;
      child = parent;
    }
    slots[child] = slot;
  }

  /** Takes out the first flow; the queue must not be empty. */
  pop(): number {
    const slots = this.#slots;
    const first = slots[0]!;
    const last = slots.pop()!;
    if (slots.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= slots.length) break;
      if (child + 1 < slots.length && this.#before(slots[child + 1]!, slots[child]!)) child++;
      if (!this.#before(slots[child]!, last)) break;
      slots[parent] = slots[child]!;
      parent = child;
    }
    slots[parent] = last;
    return first;
  }

  #before(one: number, other: number): boolean {
    const a = this.#state.page(one);
    const b = this.#state.page(other);
    const at = this.#state.baseOf(one);
    const bt = this.#state.baseOf(other);
    return (
      (a[at + Field.EndUs]! - b[bt + Field.EndUs]! ||
        a[at + Field.EndNs]! - b[bt + Field.EndNs]! ||
        a[at + Field.FlowId]! - b[bt + Field.FlowId]! ||
        a[at + Field.Part]! - b[bt + Field.Part]!) < 0
    );
  }
}
