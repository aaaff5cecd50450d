/** Items that wait in memory, and what they hold. */
import type { Item } from '../live/items.ts';
import { Fifo } from './fifo.ts';

/** Items and bytes of one delivery. */
export interface BatchSize {
  readonly items: number;
  readonly bytes: number;
}

export interface Entry<P> {
  /** Null once the payload is made. */
  item: Item | null;
  /** Null where there is nothing to say of the item. */
  payload: P | null;
  readonly bytes: number;
  /** That it tells of. */
  readonly rows: number;
}

export class HeldItems<P> {
  readonly entries = new Fifo<Entry<P>>();
  bytes = 0;
  rows = 0;

  get size(): number {
    return this.entries.size;
  }

  push(entry: Entry<P>): void {
    this.entries.push(entry);
    this.bytes += entry.bytes;
    this.rows += entry.rows;
  }

  unshift(entries: readonly Entry<P>[]): void {
    this.entries.unshift(entries);
    for (const { bytes, rows } of entries) {
      this.bytes += bytes;
      this.rows += rows;
    }
  }

  shift(): Entry<P> | undefined {
    const entry = this.entries.shift();
    this.bytes -= entry?.bytes ?? 0;
    this.rows -= entry?.rows ?? 0;
    return entry;
  }

  /** At least one, if there is one. */
  take(most: BatchSize): Entry<P>[] {
    const taken: Entry<P>[] = [];
    let bytes = 0;
    for (let next = this.entries.peek(); next !== undefined; next = this.entries.peek()) {
      bytes += next.bytes;
      if (taken.length > 0 && (bytes > most.bytes || taken.length >= most.items)) break;
      taken.push(this.shift()!);
    }
    return taken;
  }
}
