/** Doubly linked lists through flow slots: two integers a slot, no objects, every operation in constant time. */
export class SlotList {
  #next: Int32Array;
  #previous: Int32Array;
  #head = -1;
  #tail = -1;

  constructor(capacity: number) {
    this.#next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
  }

  /** The slot at the front, -1 if there is none. */
  get head(): number {
    return this.#head;
  }

  /** The slot behind one that is in the list, -1 at the end. */
  next(slot: number): number {
    return this.#next[slot]!;
  }

  append(slot: number): void {
    if (slot >= this.#next.length) this.#grow(slot + 1);
    this.#next[slot] = -1;
    this.#previous[slot] = this.#tail;
    if (this.#tail < 0) this.#head = slot;
    else this.#next[this.#tail] = slot;
    this.#tail = slot;
  }

  /** Takes out a slot that is in the list. */
  remove(slot: number): void {
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (previous < 0) this.#head = next;
    else this.#next[previous] = next;
    if (next < 0) this.#tail = previous;
    else this.#previous[next] = previous;
  }

  /** Moves a slot that is in the list to the back. */
  touch(slot: number): void {
    if (slot === this.#tail) return;
    this.remove(slot);
    this.append(slot);
  }

  #grow(wanted: number): void {
    const capacity = grownCapacity(this.#next.length, wanted);
    this.#next = enlarge(this.#next, capacity);
    this.#previous = enlarge(this.#previous, capacity);
  }
}

/** Slots from which arrays grow by a quarter instead of doubling: memory matters more than copies by then. */
const MANY_SLOTS = 1 << 20;

/** The capacity to grow to from `current`, at least `wanted`. */
export function grownCapacity(current: number, wanted: number): number {
  return Math.max(wanted, current < MANY_SLOTS ? current * 2 : Math.ceil(current * 1.25));
}

/** A copy of the array with a larger length, zero behind the old end. */
export function enlarge<T extends Int32Array | Float64Array | Uint8Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array as never);
  return larger;
}
