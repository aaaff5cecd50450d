/**
 * The beginning of a stream that comes in pieces of any order and number: CRYPTO frames of QUIC (RFC 9000 19.6: each with
 * its offset), fragments of DTLS messages (RFC 6347 4.2.3). Bounded in bytes and in holes; where pieces overlap, the
 * later one counts, for those who may send them are not told apart.
 */

/** Bounds of one stream, each with its reason. */
export const PIECES_LIMITS = {
  /** Bytes kept: a ClientHello with post-quantum key shares and a ticket has 2 to 4 KiB. */
  bytes: 16 * 1024,
  /** Pieces that do not touch: Chrome cuts its hello into some ten at random and sends them shuffled. */
  runs: 64,
} as const;

const FIRST_BYTES = 2048;

export class Pieces {
  /** Valid as far as `ready`; replaced by a larger array when it fills. */
  bytes = new Uint8Array(0);
  /** Pieces refused because a limit was hit. */
  refused = 0;
  /** Run `i` is `[#starts[i], #ends[i])`; sorted, and no two of them touch. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Bytes from the beginning that are all there. */
  get ready(): number {
    return this.#starts[0] === 0 ? this.#ends[0]! : 0;
  }

  /** Takes `from[at, end)` as the bytes from `offset` on; false if it does not fit. */
  put(offset: number, from: Uint8Array, at: number, end: number): boolean {
    if (at >= end) return true;
    const stop = offset + end - at;
    if (stop > PIECES_LIMITS.bytes || !this.#add(offset, stop)) {
      this.refused++;
      return false;
    }
    if (stop > this.bytes.length) this.#grow(stop);
    this.bytes.set(from.subarray(at, end), offset);
    return true;
  }

  /** Forgets everything but the memory. */
  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
  }

  /** Adds a run, and joins those that it touches. */
  #add(start: number, end: number): boolean {
    const starts = this.#starts;
    const ends = this.#ends;
    let first = 0;
    while (first < starts.length && ends[first]! < start) first++;
    let next = first;
    while (next < starts.length && starts[next]! <= end) next++;
    if (next === first) {
      if (starts.length >= PIECES_LIMITS.runs) return false;
      starts.splice(first, 0, start);
      ends.splice(first, 0, end);
      return true;
    }
    starts[first] = Math.min(starts[first]!, start);
    ends[first] = Math.max(ends[next - 1]!, end);
    starts.splice(first + 1, next - first - 1);
    ends.splice(first + 1, next - first - 1);
    return true;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.min(PIECES_LIMITS.bytes, Math.max(needed, FIRST_BYTES, 2 * this.bytes.length)));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
