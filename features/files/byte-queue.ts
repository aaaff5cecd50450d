/** Bytes that come in pieces, taken in runs of any length. */
export class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  /** The piece that is being taken from, which may be lent until the next. */
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * The next so many bytes, fewer where the source ends; in memory of their own. No more room is made than bytes have come,
   * whatever is asked for.
   */
  async take(count: number): Promise<Uint8Array> {
    let out = new Uint8Array(Math.min(count, FIRST_BYTES));
    let filled = 0;
    while (filled < count) {
      if (this.#at === this.#piece.length && !(await this.#next())) break;
      const part = this.#piece.subarray(this.#at, this.#at + count - filled);
      if (filled + part.length > out.length) {
        const larger = new Uint8Array(Math.min(count, Math.max(out.length * 2, filled + part.length)));
        larger.set(out.subarray(0, filled));
        out = larger;
      }
      out.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    return out.subarray(0, filled);
  }

  async #next(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#piece = next.value;
    this.#at = 0;
    return true;
  }

  /** Ends the source, if it can be ended. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

const FIRST_BYTES = 1 << 16;
