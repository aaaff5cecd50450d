/**
 * LZ4, as Arrow and Parquet hold it: blocks, and frames of blocks. Small enough to be read here, and bounded by the room
 * that the caller gives.
 */

/**
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 *
 *     { literals:4 match:4 [more literals] literal bytes, back:16 [more match] }
 *
 * @param out written from `from` on; what stands before it can be copied from
 * @returns where the block ends in `out`
 * @throws Error for bytes that are no block, or that need more room
 */
export function unpackLz4Into(bytes: Uint8Array, out: Uint8Array, from: number): number {
  const end = bytes.length;
  let at = 0;
  let to = from;
  const more = (size: number): number => {
    if (size < 15) return size;
    for (;;) {
      if (at >= end) throw bad();
      const byte = bytes[at++]!;
      size += byte;
      if (byte < 255) return size;
    }
  };
  while (at < end) {
    const token = bytes[at++]!;
    const literals = more(token >> 4);
    if (at + literals > end || to + literals > out.length) throw bad();
    out.set(bytes.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === end) break;
    if (at + 2 > end) throw bad();
    const back = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    to = copyBack(out, to, back, more(token & 15) + 4);
  }
  return to;
}

/** Copies what lies `back` bytes before, byte by byte where it overlaps itself. */
export function copyBack(out: Uint8Array, to: number, back: number, size: number): number {
  if (back === 0 || back > to || to + size > out.length) throw bad();
  if (back >= size) out.copyWithin(to, to - back, to - back + size);
  else for (let i = 0; i < size; i++) out[to + i] = out[to + i - back]!;
  return to + size;
}

const FRAME_MAGIC = 0x184d2204;
const HAS_DICTIONARY = 1;
const HAS_CONTENT_SIZE = 8;
const HAS_BLOCK_CHECKSUMS = 16;
const STORED = 0x8000_0000;

/**
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 *
 *     magic:32 flags:8 block size:8 [content size:64] header checksum:8
 *     { size:32 with its highest bit set if stored, bytes, [checksum:32] } 0:32 [checksum:32]
 *
 * Checksums are not looked at: neither Arrow nor Parquet has them written.
 *
 * @param most bytes that it may hold when unpacked
 * @throws Error for bytes that are no frame, or one of more than that
 */
export function unpackLz4Frame(bytes: Uint8Array, most: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[4] ?? 0;
  if (bytes.length < 11 || view.getUint32(0, true) !== FRAME_MAGIC || flags >> 6 !== 1) throw bad();
  if ((flags & HAS_DICTIONARY) !== 0) throw bad();
  const first = (flags & HAS_CONTENT_SIZE) !== 0 ? 15 : 7;
  const rest = (flags & HAS_BLOCK_CHECKSUMS) !== 0 ? 4 : 0;
  const blocks = blocksOf(view, first, rest);
  // 4 to 7 stand for 64 KiB to 4 MiB.
  const out = new Uint8Array(Math.min(most, blocks.length * 2 ** (8 + 2 * ((bytes[5]! >> 4) & 7))));
  let to = 0;
  for (const { at, size, stored } of blocks) {
    const block = bytes.subarray(at, at + size);
    if (!stored) to = unpackLz4Into(block, out, to);
    else {
      if (to + size > out.length) throw bad();
      out.set(block, to);
      to += size;
    }
  }
  return out.subarray(0, to);
}

function blocksOf(view: DataView, first: number, rest: number): { at: number; size: number; stored: boolean }[] {
  const blocks = [];
  for (let at = first; ; ) {
    if (at + 4 > view.byteLength) throw bad();
    const head = view.getUint32(at, true);
    if (head === 0) return blocks;
    const size = head % STORED;
    at += 4;
    if (size > view.byteLength - at) throw bad();
    blocks.push({ at, size, stored: head >= STORED });
    at += size + rest;
  }
}

function bad(): Error {
  return new Error('bytes that are no LZ4');
}
