/**
 * Parquet's hybrid of runs and packed bits, in which levels, indices and truth values are written
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/).
 *
 *     run    := count << 1     : varint | value in whole bytes
 *     packed := groups << 1 | 1: varint | 8 * groups values of `width` bits, least significant first
 */
import { ParquetDamage } from './thrift.ts';

/**
 * Decodes `count` values of `width` bits from `bytes[at, end)`; what runs hold beyond them is left out.
 *
 * @returns the values; of a width of 0 all are 0
 */
export function decodeRuns(bytes: Uint8Array, at: number, end: number, width: number, count: number): Int32Array {
  const out = new Int32Array(count);
  if (width > 32) throw new ParquetDamage('values are packed into too many bits');
  if (width === 0) return out;
  const valueBytes = (width + 7) >> 3;
  let done = 0;
  while (done < count) {
    let head = 0;
    let scale = 1;
    for (;;) {
      if (at >= end || scale > 2 ** 35) throw cutOff();
      const byte = bytes[at++]!;
      head += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) break;
    }
    if (head % 2 === 1) {
      const packed = ((head - 1) / 2) * 8;
      const taken = Math.min(packed, count - done);
      // The last group may be cut off where its values are not needed.
      if (at + Math.ceil((taken * width) / 8) > end) throw cutOff();
      unpack(bytes, at, width, out, done, taken);
      at = Math.min(end, at + (packed / 8) * width);
      done += taken;
      if (packed === 0) throw new ParquetDamage('a run is empty');
    } else {
      const run = head / 2;
      if (at + valueBytes > end) throw cutOff();
      if (run === 0) throw new ParquetDamage('a run is empty');
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++]! << (8 * i);
      const taken = Math.min(run, count - done);
      out.fill(value, done, done + taken);
      done += taken;
    }
  }
  return out;
}

function unpack(bytes: Uint8Array, at: number, width: number, out: Int32Array, from: number, count: number): void {
  let bit = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let have = 0; have < width; ) {
      const shift = bit & 7;
      const take = Math.min(8 - shift, width - have);
      value |= ((bytes[at + (bit >> 3)]! >> shift) & ((1 << take) - 1)) << have;
      have += take;
      bit += take;
    }
    out[from + i] = value;
  }
}

function cutOff(): ParquetDamage {
  return new ParquetDamage('a page is cut off');
}
