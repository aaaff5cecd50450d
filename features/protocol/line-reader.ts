/** Lines of a stream that comes in pieces. A line within one piece is read where it lies; only one that is cut is held. */
import { CLEAR_LIMITS } from './clear-limits.ts';

const LF = 10;
const CR = 13;
const FIRST_BYTES = 256;

/** Takes the line `bytes[at, end)` without its end; borrowed. Returns whether the next one is wanted. */
export type TakeLine = (bytes: Uint8Array, at: number, end: number) => boolean;

export class LineReader {
  /** The beginning of a line whose end has not come; null if there is none. */
  #held: Uint8Array | null = null;
  #length = 0;
  readonly #mostBytes: number;

  /** @param mostBytes of a line that is cut; what is beyond is dropped */
  constructor(mostBytes: number = CLEAR_LIMITS.lineBytes) {
    this.#mostBytes = mostBytes;
  }

  /** Reads lines until one is the last that is wanted; returns where it ended, else -1: all was taken. */
  feed(bytes: Uint8Array, at: number, end: number, take: TakeLine): number {
    while (at < end) {
      let lf = at;
      while (lf < end && bytes[lf] !== LF) lf++;
      const isWhole = lf < end;
      if (!isWhole || this.#length > 0) this.#hold(bytes, at, lf);
      if (!isWhole) return -1;
      const wanted = this.#length > 0 ? this.#takeHeld(take) : take(bytes, at, withoutCr(bytes, at, lf));
      at = lf + 1;
      if (!wanted) return at;
    }
    return -1;
  }

  #takeHeld(take: TakeLine): boolean {
    const held = this.#held!;
    const end = this.#length;
    this.#length = 0;
    return take(held, 0, withoutCr(held, 0, end));
  }

  #hold(bytes: Uint8Array, at: number, end: number): void {
    const wanted = Math.min(this.#length + end - at, this.#mostBytes);
    if (this.#held === null || this.#held.length < wanted) {
      const larger = new Uint8Array(
        Math.max(wanted, Math.min(2 * (this.#held?.length ?? 0), this.#mostBytes), FIRST_BYTES),
      );
      if (this.#held !== null) larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    for (; this.#length < wanted; at++) this.#held[this.#length++] = bytes[at]!;
  }
}

/** Where the line `[at, end)` ends without its carriage return. */
function withoutCr(bytes: Uint8Array, at: number, end: number): number {
  return end > at && bytes[end - 1] === CR ? end - 1 : end;
}
