/**
 * Variable-length integers (RFC 9000 16): the first two bits tell whether 1, 2, 4 or 8 bytes are used. Values above 2^53
 * lose their low bits here, which nobody asks for.
 */

/** Reads one behind the other; `at` moves on. */
export class VarintReader {
  bytes = new Uint8Array(0);
  at = 0;
  end = 0;

  /** Begins at `bytes[at, end)`. */
  begin(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes as Uint8Array<ArrayBuffer>;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** The next integer; -1 if it is not all there, and `at` stays. */
  next(): number {
    const { bytes, at, end } = this;
    if (at >= end) return -1;
    const first = bytes[at]!;
    const length = 1 << (first >> 6);
    if (end - at < length) return -1;
    let value = first & 0x3f;
    for (let i = 1; i < length; i++) value = value * 256 + bytes[at + i]!;
    this.at = at + length;
    return value;
  }
}
