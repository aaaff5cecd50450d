/** One frame of zstd, as Arrow and Parquet hold it, unpacked into bounded room. */
import { Decompress, decompress } from 'fzstd';

const MAGIC = 0xfd2fb528;

interface Frame {
  /** Bytes that it holds, null if it does not say. */
  readonly size: number | null;
  /** Bytes that must be remembered while it is unpacked. */
  readonly window: number;
}

/**
 * @param most bytes that it may hold
 * @throws Error for bytes that are not one whole frame, or one of more than that
 */
export function unpackZstd(bytes: Uint8Array, most: number): Uint8Array {
  const { size, window } = frameOf(bytes);
  if (Math.max(size ?? 0, window) > Math.max(most, MIN_WINDOW)) throw tooMuch();
  // Not into an array made here: fzstd 0.1.1 turns that to text to compare it with a number.
  if (size !== null) return decompress(bytes);
  const pieces: Uint8Array[] = [];
  let total = 0;
  new Decompress((piece) => {
    pieces.push(piece);
    total += piece.length;
    if (total > most) throw tooMuch();
  }).push(bytes, true);
  const whole = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Every reader must take windows of this size (RFC 8878 3.1.1.1.2). */
const MIN_WINDOW = 8 * 1024 * 1024;
const BLOCK_TYPE_RLE = 1;

/**
 * Head and outline of a frame (RFC 8878 3.1.1). The library would go on to a second one, with room for whatever that
 * says.
 *
 *     magic:32 [size:2 single:1 0 0 checksum:1 dictionary:2] [window:8 unless single] [dictionary id] [size]
 *     { size:21 type:2 last:1, bytes } [checksum:32]
 */
export function frameOf(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) throw bad();
  const descriptor = bytes[4]!;
  const isSingle = (descriptor & 32) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeAt = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const hasSize = sizeFlag > 0 || isSingle;
  const size = hasSize ? (sizeFlag === 1 ? 256 : 0) + littleEndian(bytes, sizeAt, 1 << sizeFlag) : null;
  let at = sizeAt + (hasSize ? 1 << sizeFlag : 0);
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) throw bad();
    const head = littleEndian(bytes, at, 3);
    isLast = (head & 1) === 1;
    at += 3 + (((head >> 1) & 3) === BLOCK_TYPE_RLE ? 1 : head >> 3);
  }
  if (at + ((descriptor & 4) !== 0 ? 4 : 0) !== bytes.length) throw bad();
  const exponent = 2 ** (10 + (bytes[5]! >> 3));
  return { size, window: isSingle ? 0 : exponent + (exponent / 8) * (bytes[5]! & 7) };
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value += (bytes[at + i] ?? 0) * 256 ** i;
  return value;
}

function bad(): Error {
  return new Error('bytes that are no frame of zstd');
}

function tooMuch(): Error {
  return new Error('more than is unpacked');
}
