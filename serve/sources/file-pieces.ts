/** Bytes of open files, and other pieces, in a way that leaves the event loop room for everything else. */
import { readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** Of a piece, so much goes on at once: some thousand packets, a few milliseconds of work. */
const SLICE_BYTES = 1 << 18;
const READ_BYTES = 1 << 20;

/** The same bytes in slices, until `signal` is aborted, with a turn of the event loop after each. */
export async function* paced(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += SLICE_BYTES) {
      if (signal.aborted) return;
      yield piece.subarray(at, at + SLICE_BYTES);
      await setImmediate();
    }
  }
}

/**
 * The bytes of an open file; each piece is borrowed until the next is asked for.
 *
 * @param from offset of the first; null for where the file stands, as whoever opened it left it
 */
export async function* filePieces(file: number, from: number | null): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  let at = from;
  for (;;) {
    const count = readSync(file, buffer, 0, buffer.length, at);
    if (count === 0) return;
    if (at !== null) at += count;
    yield buffer.subarray(0, count);
  }
}
