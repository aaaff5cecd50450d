/** What is half-read of many flows, by slot, bounded in bytes over all of them: the one that began first has to go. */

export interface Reading {
  /** Memory that it takes now. */
  readonly bytes: number;
}

export class BoundedReadings<T extends Reading> {
  /** The one that began first at the front. */
  readonly #bySlot = new Map<number, T>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes of all together */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get(slot: number): T | undefined {
    return this.#bySlot.get(slot);
  }

  add(slot: number, reading: T): void {
    this.#bySlot.set(slot, reading);
    this.#bytes += reading.bytes;
  }

  /** Takes the slot's reading out and returns it, null if there is none. */
  remove(slot: number): T | null {
    const reading = this.#bySlot.get(slot);
    if (reading === undefined) return null;
    this.#bySlot.delete(slot);
    this.#bytes -= reading.bytes;
    return reading;
  }

  /** Counts what a reading has grown by. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The slot whose reading began first, if they are too large together; else -1. */
  get tooMany(): number {
    if (this.#bytes <= this.#mostBytes) return -1;
    for (const slot of this.#bySlot.keys()) return slot;
    return -1;
  }
}
