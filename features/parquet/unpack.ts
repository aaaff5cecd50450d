/** Pages as they were before they were compressed. Snappy and LZ4 are done here, the others are handed in from the rim. */
import { copyBack, unpackLz4Into } from '../arrow/lz4.ts';
import { ParquetDamage } from './thrift.ts';

/** Gives exactly `length` bytes, or throws whatever it likes. */
export type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

export const CODEC_NAMES = ['none', 'snappy', 'gzip', 'lzo', 'brotli', 'lz4', 'zstd', 'lz4_raw'] as const;
export type CodecName = (typeof CODEC_NAMES)[number];
export type Decompressors = Readonly<Partial<Record<CodecName, Decompress>>>;

/** @throws ParquetDamage */
export function decompressPage(bytes: Uint8Array, length: number, codec: number, others: Decompressors): Uint8Array {
  const name = CODEC_NAMES[codec];
  if (name === 'none') return bytes;
  const decompress = name === 'snappy' ? unpackSnappy : name === 'lz4_raw' ? unpackLz4Block : name && others[name];
  if (!decompress) throw new ParquetDamage(`a page is compressed with ${name ?? `codec ${codec}`}, which is not read`);
  let page: Uint8Array;
  try {
    page = decompress(bytes, length);
  } catch (cause) {
    if (cause instanceof ParquetDamage) throw cause;
    throw new ParquetDamage('a page does not decompress', { cause });
  }
  if (page.length !== length) throw new ParquetDamage('a page is not as long as it says');
  return page;
}

/**
 * https://github.com/google/snappy/blob/main/format_description.txt
 *
 *     length: varint | { tag:8 with the kind in its two lowest bits, literal bytes or how far back }
 */
export function unpackSnappy(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const end = bytes.length;
  let at = 0;
  while (at < end && bytes[at]! > 127) at++;
  at++;
  let to = 0;
  while (at < end) {
    const tag = bytes[at++]!;
    if ((tag & 3) === 0) {
      let size = (tag >> 2) + 1;
      if (size > 60) {
        const extra = size - 60;
        size = 1;
        for (let i = 0; i < extra; i++) size += (bytes[at + i] ?? 0) * 2 ** (8 * i);
        at += extra;
      }
      if (at + size > end || to + size > length) throw bad();
      out.set(bytes.subarray(at, at + size), to);
      at += size;
      to += size;
      continue;
    }
    let size: number;
    let back: number;
    if ((tag & 3) === 1) {
      size = ((tag >> 2) & 7) + 4;
      back = ((tag >> 5) << 8) | (bytes[at] ?? 0);
      at += 1;
    } else {
      size = (tag >> 2) + 1;
      back = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      if ((tag & 3) === 3) back += (bytes[at + 2] ?? 0) * 2 ** 16 + (bytes[at + 3] ?? 0) * 2 ** 24;
      at += (tag & 3) === 3 ? 4 : 2;
    }
    if (at > end) throw bad();
    to = copyBack(out, to, back, size);
  }
  if (to !== length) throw bad();
  return out;
}

function unpackLz4Block(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  if (unpackLz4Into(bytes, out, 0) !== length) throw bad();
  return out;
}

function bad(): ParquetDamage {
  return new ParquetDamage('a page does not decompress');
}
