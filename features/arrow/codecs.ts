/**
 * Compressed bodies of record batches, unpacked. The library asks a codec for as much as the bytes hold; how much that
 * may be is bounded here, for a few bytes can stand for any number of zeros.
 */
import { CompressionType, compressionRegistry } from 'apache-arrow';
import { unpackLz4Frame } from './lz4.ts';
import { unpackZstd } from './zstd.ts';

/** Most bytes that the buffers of one record batch hold when unpacked. */
const BATCH_BYTES = 1 << 30;

let left = BATCH_BYTES;
let isRegistered = false;

/** Lets the codecs unpack compressed bodies; to be called before each batch, which then may take as much again. */
export function allowBatch(): void {
  left = BATCH_BYTES;
  if (isRegistered) return;
  isRegistered = true;
  const { LZ4_FRAME, ZSTD } = CompressionType;
  compressionRegistry.set(ZSTD, { ...compressionRegistry.get(ZSTD), decode: (bytes) => take(unpackZstd(bytes, left)) });
  compressionRegistry.set(LZ4_FRAME, { decode: (bytes) => take(unpackLz4Frame(bytes, left)) });
}

function take(bytes: Uint8Array): Uint8Array {
  left -= bytes.length;
  // Views of 64-bit numbers need it, and fzstd begins twelve bytes into its memory.
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}
