/**
 * A capture compressed as it comes: pieces of it as members of one gzip file (RFC 1952 2.2), so that nothing is held but a
 * piece. The same bytes give the same file.
 */
import { gzipSync } from 'node:zlib';

const PIECE_BYTES = 1 << 20;

export class GzipPieces {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #used = 0;
  /** Of the file so far. */
  bytes = 0;

  /** @param write copies the bytes before it returns */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + PIECE_BYTES - this.#used);
      this.#piece.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === PIECE_BYTES) this.finish();
    }
  }

  /** Writes what is left. */
  finish(): void {
    if (this.#used === 0) return;
    const member = gzipSync(this.#piece.subarray(0, this.#used));
    this.#used = 0;
    this.bytes += member.length;
    this.#write(member);
  }
}
