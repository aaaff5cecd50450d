/** Flows by the time at which their next interval row is due: a binary heap in which any flow can be found and taken out. */
import { enlarge, grownCapacity } from './slot-list.ts';

export interface Due {
  readonly slot: number;
  readonly dueUs: number;
}

const ABSENT = -1;

export class IntervalQueue {
  readonly #slots: number[] = [];
  /** Where each slot stands in the heap, ABSENT if it does not; and when it is due. */
  #places = new Int32Array(1024).fill(ABSENT);
  #dues = new Float64Array(1024);

  /** Time of the first due row, us; Infinity when there is none. */
  get firstDueUs(): number {
    const slot = this.#slots[0];
    return slot === undefined ? Infinity : this.#dues[slot]!;
  }

  /** Enters a slot that is not in the queue. */
  add(slot: number, dueUs: number): void {
    if (slot >= this.#places.length) this.#grow(slot + 1);
    this.#dues[slot] = dueUs;
    this.#slots.push(slot);
    this.#rise(slot, this.#slots.length - 1);
  }

  /** Takes out the slot that is due first; the queue must not be empty. */
  pop(): Due {
    const slot = this.#slots[0]!;
    this.remove(slot);
    return { slot, dueUs: this.#dues[slot]! };
  }

  /** Takes out a slot, if it is in the queue. */
  remove(slot: number): void {
    const place = this.#places[slot] ?? ABSENT;
    if (place === ABSENT) return;
    this.#places[slot] = ABSENT;
    const last = this.#slots.pop()!;
    if (last === slot) return;
    const rose = this.#rise(last, place);
    if (rose === place) this.#sink(last, place);
  }

  #rise(slot: number, place: number): number {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#slots[parent]!;
      if (this.#dues[above]! <= this.#dues[slot]!) break;
      this.#put(above, place);
      place = parent;
    }
    this.#put(slot, place);
    return place;
  }

  #sink(slot: number, place: number): void {
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#slots.length) break;
      const right = this.#slots[child + 1];
      if (right !== undefined && this.#dues[right]! < this.#dues[this.#slots[child]!]!) child++;
      const below = this.#slots[child]!;
      if (this.#dues[below]! >= this.#dues[slot]!) break;
      this.#put(below, place);
      place = child;
    }
    this.#put(slot, place);
  }

  #put(slot: number, place: number): void {
    this.#slots[place] = slot;
    this.#places[slot] = place;
  }

  #grow(wanted: number): void {
    const old = this.#places.length;
    const capacity = grownCapacity(old, wanted);
    this.#places = enlarge(this.#places, capacity);
    this.#places.fill(ABSENT, old);
    this.#dues = enlarge(this.#dues, capacity);
  }
}
