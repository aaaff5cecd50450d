/**
 * The values of a page, in the encodings that Parquet has for them
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/).
 */
import { Encoding, Physical } from './metadata.ts';
import { decodeRuns } from './runs.ts';
import { ParquetDamage } from './thrift.ts';

/** Values of one page or dictionary; nulls are not among them. */
export type Values =
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  /** 64-bit integers as they are: times. */
  | { readonly kind: 'counts'; readonly counts: BigInt64Array }
  /** Value `i` is `bytes[starts[i], ends[i])`. */
  | { readonly kind: 'texts'; readonly bytes: Uint8Array; readonly starts: Int32Array; readonly ends: Int32Array };

/** How a leaf's values are to be taken. */
export interface ValueType {
  readonly physical: number;
  /** Integers without a sign. */
  readonly unsigned: boolean;
  /** 64-bit integers are kept exactly. */
  readonly exact: boolean;
}

/**
 * @param at where in the page the values begin
 * @param count how many there are
 * @throws ParquetDamage
 */
export function decodeValues(
  page: Uint8Array,
  at: number,
  count: number,
  encoding: number,
  type: ValueType,
  dictionary: Values | null,
): Values {
  switch (encoding) {
    case Encoding.Plain:
      return plainValues(page, at, count, type);
    case Encoding.PlainDictionary:
    case Encoding.RleDictionary:
      return dictionaryValues(page, at, count, dictionary);
    case Encoding.Rle:
      return rleTruths(page, at, count, type);
    case Encoding.DeltaBinaryPacked:
      return deltaIntegers(page, at, count, type);
    case Encoding.DeltaLengthByteArray:
      return deltaLengthTexts(page, at, count, type);
    case Encoding.DeltaByteArray:
      return deltaTexts(page, at, count, type);
    case Encoding.ByteStreamSplit:
      return plainValues(joinStreams(page, at, count, type), 0, count, type);
    default:
      throw new ParquetDamage(`a page has the encoding ${encoding}, which is not read`);
  }
}

const WIDTHS: Readonly<Record<number, number>> = {
  [Physical.Int32]: 4,
  [Physical.Float]: 4,
  [Physical.Int64]: 8,
  [Physical.Double]: 8,
};

const TWO_32 = 2 ** 32;

export function plainValues(page: Uint8Array, at: number, count: number, type: ValueType): Values {
  const { physical, unsigned } = type;
  if (physical === Physical.ByteArray) return plainTexts(page, at, count);
  const width = WIDTHS[physical];
  const needed = width === undefined ? Math.ceil(count / 8) : count * width;
  if (at + needed > page.length) throw cutOff();
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (physical === Physical.Int64 && type.exact) {
    const counts = new BigInt64Array(count);
    for (let i = 0; i < count; i++) counts[i] = view.getBigInt64(at + 8 * i, true);
    return { kind: 'counts', counts };
  }
  const numbers = new Float64Array(count);
  switch (physical) {
    case Physical.Boolean:
      for (let i = 0; i < count; i++) numbers[i] = (page[at + (i >> 3)]! >> (i & 7)) & 1;
      break;
    case Physical.Int32:
      for (let i = 0; i < count; i++) numbers[i] = integer32(view.getInt32(at + 4 * i, true), unsigned);
      break;
    case Physical.Int64:
      for (let i = 0; i < count; i++) {
        const high = integer32(view.getInt32(at + 8 * i + 4, true), unsigned);
        numbers[i] = high * TWO_32 + view.getUint32(at + 8 * i, true);
      }
      break;
    case Physical.Float:
      for (let i = 0; i < count; i++) numbers[i] = view.getFloat32(at + 4 * i, true);
      break;
    default:
      for (let i = 0; i < count; i++) numbers[i] = view.getFloat64(at + 8 * i, true);
  }
  return { kind: 'numbers', numbers };
}

function integer32(value: number, unsigned: boolean): number {
  return unsigned ? value >>> 0 : value;
}

function plainTexts(page: Uint8Array, at: number, count: number): Values {
  if (at + 4 * count > page.length) throw cutOff();
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    if (at + 4 > page.length) throw cutOff();
    const length = view.getUint32(at, true);
    starts[i] = at + 4;
    at += 4 + length;
    if (at > page.length) throw cutOff();
    ends[i] = at;
  }
  return { kind: 'texts', bytes: page, starts, ends };
}

function dictionaryValues(page: Uint8Array, at: number, count: number, dictionary: Values | null): Values {
  if (count > 0 && at >= page.length) throw cutOff();
  const indices = count === 0 ? new Int32Array(0) : decodeRuns(page, at + 1, page.length, page[at]!, count);
  if (dictionary === null) throw new ParquetDamage('a column has no dictionary');
  const size = sizeOf(dictionary);
  for (let i = 0; i < count; i++) {
    if (indices[i]! < 0 || indices[i]! >= size) throw new ParquetDamage('an index is beyond its dictionary');
  }
  switch (dictionary.kind) {
    case 'numbers':
      return { kind: 'numbers', numbers: Float64Array.from(indices, (index) => dictionary.numbers[index]!) };
    case 'counts':
      return { kind: 'counts', counts: BigInt64Array.from(indices, (index) => dictionary.counts[index]!) };
    case 'texts':
      return {
        kind: 'texts',
        bytes: dictionary.bytes,
        starts: indices.map((index) => dictionary.starts[index]!),
        ends: indices.map((index) => dictionary.ends[index]!),
      };
  }
}

export function sizeOf(values: Values): number {
  return values.kind === 'numbers'
    ? values.numbers.length
    : values.kind === 'counts'
      ? values.counts.length
      : values.starts.length;
}

/** Truth values in runs, behind their length. */
function rleTruths(page: Uint8Array, at: number, count: number, { physical }: ValueType): Values {
  if (physical !== Physical.Boolean) throw new ParquetDamage('runs hold what are no truth values');
  const end = at + 4 + lengthAt(page, at);
  if (end > page.length) throw cutOff();
  return { kind: 'numbers', numbers: Float64Array.from(decodeRuns(page, at + 4, end, 1, count)) };
}

/** A 32-bit length; more than there is if it cannot be. */
export function lengthAt(page: Uint8Array, at: number): number {
  if (at + 4 > page.length) throw cutOff();
  return (page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24)) >>> 0;
}

function deltaIntegers(page: Uint8Array, at: number, count: number, type: ValueType): Values {
  const { counts } = decodeDeltas(page, at, count);
  if (type.physical === Physical.Int32) {
    const narrow = type.unsigned
      ? (value: bigint) => BigInt.asUintN(32, value)
      : (value: bigint) => BigInt.asIntN(32, value);
    return { kind: 'numbers', numbers: Float64Array.from(counts, (value) => Number(narrow(value))) };
  }
  if (type.physical !== Physical.Int64) throw new ParquetDamage('differences hold what are no integers');
  if (type.exact) return { kind: 'counts', counts };
  return {
    kind: 'numbers',
    numbers: Float64Array.from(counts, (value) => Number(type.unsigned ? BigInt.asUintN(64, value) : value)),
  };
}

const MAX_MINIBLOCKS = 4096;
const MAX_BLOCK = 1 << 20;

/**
 *     block size | miniblocks in a block | count | first value, then blocks of
 *     smallest difference | a width for each miniblock | packed differences above the smallest
 */
function decodeDeltas(page: Uint8Array, at: number, count: number): { counts: BigInt64Array; end: number } {
  const reader = new Varints(page, at);
  const blockSize = reader.natural();
  const miniblocks = reader.natural();
  const total = reader.natural();
  const perMiniblock = blockSize / miniblocks;
  if (!(perMiniblock >= 8) || perMiniblock % 8 !== 0 || miniblocks > MAX_MINIBLOCKS || blockSize > MAX_BLOCK) {
    throw new ParquetDamage('differences come in blocks of an impossible size');
  }
  if (total < count) throw cutOff();
  // Those beyond are walked too, since what follows begins behind them.
  if (total > count + MAX_BLOCK) throw new ParquetDamage('there are more differences than values');
  const counts = new BigInt64Array(count);
  let value = reader.zigzag();
  if (count > 0) counts[0] = value;
  let done = 1;
  while (done < total) {
    const smallest = reader.zigzag();
    const widthsAt = reader.at;
    reader.at += miniblocks;
    if (reader.at > page.length) throw cutOff();
    for (let m = 0; m < miniblocks && done < total; m++) {
      const width = page[widthsAt + m]!;
      if (width > 64) throw new ParquetDamage('differences are packed into too many bits');
      const start = reader.at;
      reader.at += (perMiniblock / 8) * width;
      if (reader.at > page.length) throw cutOff();
      for (let i = 0; i < perMiniblock && done < total; i++, done++) {
        value = BigInt.asIntN(64, value + smallest + bitsAt(page, start, i * width, width));
        if (done < count) counts[done] = value;
      }
    }
  }
  return { counts, end: reader.at };
}

function bitsAt(bytes: Uint8Array, at: number, bit: number, width: number): bigint {
  let low = 0;
  let high = 0;
  for (let have = 0; have < width; ) {
    const shift = bit & 7;
    const take = Math.min(8 - shift, width - have, have < 32 ? 32 - have : 64);
    const piece = (bytes[at + (bit >> 3)]! >> shift) & ((1 << take) - 1);
    if (have < 32) low = (low | (piece << have)) >>> 0;
    else high = (high | (piece << (have - 32))) >>> 0;
    have += take;
    bit += take;
  }
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

class Varints {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  natural(): number {
    const value = this.#varint();
    if (value > 0x7fff_ffffn) throw new ParquetDamage('a count of differences is impossible');
    return Number(value);
  }

  zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.at >= this.#bytes.length) throw cutOff();
      const byte = this.#bytes[this.at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new ParquetDamage('a difference does not end');
  }
}

function deltaLengthTexts(page: Uint8Array, at: number, count: number, { physical }: ValueType): Values {
  if (physical !== Physical.ByteArray) throw new ParquetDamage('lengths of texts stand before what are no texts');
  const { counts: lengths, end } = decodeDeltas(page, at, count);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let next = end;
  for (let i = 0; i < count; i++) {
    starts[i] = next;
    next += naturalLength(lengths[i]!);
    if (next > page.length) throw cutOff();
    ends[i] = next;
  }
  return { kind: 'texts', bytes: page, starts, ends };
}

/** Texts that begin like the one before: lengths of what they share, then the rest as `deltaLengthTexts`. */
function deltaTexts(page: Uint8Array, at: number, count: number, type: ValueType): Values {
  const { counts: shared, end } = decodeDeltas(page, at, count);
  const rest = deltaLengthTexts(page, end, count, type);
  if (rest.kind !== 'texts') throw cutOff();
  let bytes = new Uint8Array(page.length);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const common = naturalLength(shared[i]!);
    const before = i === 0 ? 0 : starts[i - 1]!;
    if (common > (i === 0 ? 0 : ends[i - 1]! - before)) throw new ParquetDamage('a text shares more than there is');
    const tail = rest.ends[i]! - rest.starts[i]!;
    if (next + common + tail > MAX_TEXT_BYTES) throw new ParquetDamage('the texts of a page are too long');
    if (next + common + tail > bytes.length) {
      const larger = new Uint8Array(Math.max(bytes.length * 2, next + common + tail));
      larger.set(bytes);
      bytes = larger;
    }
    bytes.copyWithin(next, before, before + common);
    bytes.set(rest.bytes.subarray(rest.starts[i]!, rest.ends[i]!), next + common);
    starts[i] = next;
    next += common + tail;
    ends[i] = next;
  }
  return { kind: 'texts', bytes, starts, ends };
}

/** Shared beginnings could make texts without end of a small page. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

function naturalLength(value: bigint): number {
  if (value < 0n || value > 0x7fff_ffffn) throw new ParquetDamage('a text has an impossible length');
  return Number(value);
}

/** First bytes of all values, then second bytes, and so on. */
function joinStreams(page: Uint8Array, at: number, count: number, { physical }: ValueType): Uint8Array {
  const width = WIDTHS[physical];
  if (width === undefined) throw new ParquetDamage('streams of bytes hold what are no numbers');
  if (at + count * width > page.length) throw cutOff();
  const joined = new Uint8Array(count * width);
  for (let b = 0; b < width; b++) {
    for (let i = 0; i < count; i++) joined[i * width + b] = page[at + b * count + i]!;
  }
  return joined;
}

function cutOff(): ParquetDamage {
  return new ParquetDamage('a page is cut off');
}
