/**
 * Facts: the cells of a row that come from what protocols say, written when a flow ends and read when it becomes a row,
 * perhaps in another thread. A flow has few of the many there are, so they are a run of bytes. Each cell begins with the
 * number of its column (see fact-columns.ts); a number follows as 8 bytes; a text as 2 bytes of length and UTF-8; a list
 * of texts as 2 bytes of count and as many texts; a list of doubles as 2 bytes of count and 8 bytes each; a list of
 * integers as 2 bytes of count and for each, seven bits a byte and the low ones first, 2n for n >= 0 and -2n - 1 below.
 */
import {
  type Column,
  type ListColumn,
  reserveItems,
  type ScalarColumn,
  type TextListColumn,
} from '../../core/table.ts';
import { reserveBytes, type TextColumn, writeUtf8 } from '../../core/text-column.ts';
import { appendListItem, endTextList } from '../../core/text-list-column.ts';
import type { SharedFacts } from '../fingerprint/shared-facts.ts';
import { put, putListEnd } from './put.ts';
import type { FeatureRows } from './spec.ts';

/** The number of each column of a group. */
export type FactNumbers<Rows extends FeatureRows> = { readonly [Name in keyof Rows]: number };

/** Longest text and longest list that a cell holds; protocol readers stay far below. */
const MOST = 0xffff;
const UTF8_PER_UNIT = 3;
const COLUMN = 1;
const LENGTH = 2;
const NUMBER = 8;
/** Bytes of an integer of 32 bits at seven bits a byte. */
const LONGEST_INTEGER = 5;
const LOW_BITS = 0x7f;
const MORE = 0x80;

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class FactWriter {
  /** 1 for each column that is wanted. */
  readonly #wanted: Uint8Array;
  #bytes: Uint8Array = NO_BYTES;
  #view = viewOf(NO_BYTES);
  /** Where the next cell goes. */
  at = 0;
  /** A cell did not fit. */
  #leftOut = false;

  /** @param wanted of each column, by number, whether its cells are written */
  constructor(wanted: readonly boolean[]) {
    this.#wanted = Uint8Array.from(wanted, Number);
  }

  /** From here on cells go to `bytes` from `at` on. A cell that does not fit is left out: the caller sees to room. */
  turnTo(bytes: Uint8Array, at: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    this.at = at;
  }

  /**
   * Writes cells that do not depend on the flow: by `write` for the first flow, for all others they are copied.
   *
   * @param at numbers of the columns, for `write`
   */
  shared<Shared extends SharedFacts, At>(
    of: Shared,
    at: At,
    write: (facts: FactWriter, at: At, of: Shared) => void,
  ): void {
    const { cells } = of;
    if (cells !== null && cells.length <= this.#bytes.length - this.at) {
      this.#bytes.set(cells, this.at);
      this.at += cells.length;
      return;
    }
    const from = this.at;
    this.#leftOut = false;
    write(this, at, of);
    if (!this.#leftOut) of.cells = this.#bytes.slice(from, this.at);
  }

  /** A null is not written. */
  number(column: number, value: number | null): void {
    if (value === null || this.#wanted[column] !== 1 || !this.#fits(COLUMN + NUMBER)) return;
    this.#bytes[this.at++] = column;
    this.#double(value);
  }

  bool(column: number, value: boolean): void {
    this.number(column, value ? 1 : 0);
  }

  text(column: number, text: string | null): void {
    if (text === null || this.#wanted[column] !== 1 || !this.#hasRoom(text)) return;
    this.#bytes[this.at++] = column;
    this.#text(text);
  }

  texts(column: number, texts: readonly string[] | null): void {
    if (texts === null || this.#wanted[column] !== 1 || !this.#fits(COLUMN + LENGTH)) return;
    this.#bytes[this.at++] = column;
    const countAt = this.at;
    this.at += LENGTH;
    let count = 0;
    for (; count < texts.length && count < MOST && this.#hasRoom(texts[count]!); count++) this.#text(texts[count]!);
    this.#length(countAt, count);
  }

  /** The text whose UTF-8 is `bytes[at, end)`. */
  utf8(column: number, bytes: Uint8Array, at: number, end: number): void {
    const length = end - at;
    if (this.#wanted[column] !== 1 || length > MOST || COLUMN + LENGTH + length > this.#bytes.length - this.at) return;
    this.#bytes[this.at++] = column;
    this.#length(this.at, length);
    this.at += LENGTH;
    this.#copy(bytes, at, end);
  }

  /** A list of `count` texts, null if it is 0, each of which lies in `bytes[at, end)` as in a list of facts. */
  utf8List(column: number, count: number, bytes: Uint8Array, at: number, end: number): void {
    const room = this.#bytes.length - this.at - COLUMN - LENGTH;
    if (count === 0 || this.#wanted[column] !== 1 || count > MOST || end - at > room) return;
    this.#bytes[this.at++] = column;
    this.#length(this.at, count);
    this.at += LENGTH;
    this.#copy(bytes, at, end);
  }

  /** The first `count` values as a list of 32-bit integers. */
  integers(column: number, values: ArrayLike<number>, count: number = values.length): void {
    if (!this.#beginList(column, count, LONGEST_INTEGER)) return;
    const bytes = this.#bytes;
    let { at } = this;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      let rest = ((value << 1) ^ (value >> 31)) >>> 0;
      for (; rest > LOW_BITS; rest >>>= 7) bytes[at++] = (rest & LOW_BITS) | MORE;
      bytes[at++] = rest;
    }
    this.at = at;
  }

  /** The first `count` values as a list of doubles. */
  doubles(column: number, values: ArrayLike<number>, count: number = values.length): void {
    if (!this.#beginList(column, count, NUMBER)) return;
    for (let i = 0; i < count; i++) this.#double(values[i]!);
  }

  /** Writes the head of a list; false if its items, each of at most so many bytes, do not fit. */
  #beginList(column: number, count: number, most: number): boolean {
    if (this.#wanted[column] !== 1 || count > MOST || !this.#fits(COLUMN + LENGTH + count * most)) return false;
    this.#bytes[this.at++] = column;
    this.#length(this.at, count);
    this.at += LENGTH;
    return true;
  }

  #copy(from: Uint8Array, at: number, end: number): void {
    const to = this.#bytes;
    let next = this.at;
    while (at < end) to[next++] = from[at++]!;
    this.at = next;
  }

  #double(value: number): void {
    this.#view.setFloat64(this.at, value);
    this.at += NUMBER;
  }

  #hasRoom(text: string): boolean {
    const most = text.length * UTF8_PER_UNIT;
    return most <= MOST && this.#fits(COLUMN + LENGTH + most);
  }

  #fits(length: number): boolean {
    if (length <= this.#bytes.length - this.at) return true;
    this.#leftOut = true;
    return false;
  }

  #text(text: string): void {
    const start = this.at + LENGTH;
    const end = writeUtf8(text, this.#bytes, start);
    this.#length(this.at, end - start);
    this.at = end;
  }

  #length(at: number, length: number): void {
    this.#bytes[at] = length & 0xff;
    this.#bytes[at + 1] = length >> 8;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What was read last, for one block after the other lies in the same bytes. */
let read = NO_BYTES;
let view = viewOf(read);

/**
 * Puts the cells `bytes[at, end)`, as a FactWriter wrote them, into a row.
 *
 * @param columns by their number
 */
export function putFacts(columns: readonly Column[], row: number, bytes: Uint8Array, at: number, end: number): void {
  if (bytes !== read) {
    read = bytes;
    view = viewOf(bytes);
  }
  while (at < end) {
    const column = columns[bytes[at++]!]!;
    switch (column.type) {
      case 'utf8':
        at = putText(column, row, bytes, at);
        break;
      case 'list_utf8':
        at = putTexts(column, row, bytes, at);
        break;
      case 'list_int32':
        at = putIntegers(column, row, bytes, at);
        break;
      case 'list_float64':
        at = putDoubles(column, row, bytes, at);
        break;
      default:
        put(column as ScalarColumn<'float64'>, row, view.getFloat64(at));
        at += NUMBER;
    }
  }
}

function putText(column: TextColumn, row: number, bytes: Uint8Array, at: number): number {
  const length = bytes[at]! | (bytes[at + 1]! << 8);
  const from = at + LENGTH;
  const out = reserveBytes(column, row, length);
  const to = column.offsets[row]!;
  for (let i = 0; i < length; i++) out[to + i] = bytes[from + i]!;
  column.offsets[row + 1] = to + length;
  column.valid[row] = 1;
  return from + length;
}

function putTexts(column: TextListColumn, row: number, bytes: Uint8Array, at: number): number {
  const count = bytes[at]! | (bytes[at + 1]! << 8);
  at += LENGTH;
  for (let i = 0; i < count; i++) {
    const from = at + LENGTH;
    at = from + (bytes[at]! | (bytes[at + 1]! << 8));
    appendListItem(column, row, bytes, from, at);
  }
  endTextList(column, row);
  return at;
}

function putIntegers(column: ListColumn<'list_int32'>, row: number, bytes: Uint8Array, at: number): number {
  const count = bytes[at]! | (bytes[at + 1]! << 8);
  at += LENGTH;
  const to = reserveItems(column, row, count);
  const { items } = column;
  for (let i = 0; i < count; i++) {
    let byte = bytes[at++]!;
    let value = byte & LOW_BITS;
    for (let shift = 7; byte >= MORE; shift += 7) {
      byte = bytes[at++]!;
      value |= (byte & LOW_BITS) << shift;
    }
    items[to + i] = (value >>> 1) ^ -(value & 1);
  }
  putListEnd(column, row, to + count);
  return at;
}

function putDoubles(column: ListColumn<'list_float64'>, row: number, bytes: Uint8Array, at: number): number {
  const count = bytes[at]! | (bytes[at + 1]! << 8);
  at += LENGTH;
  const to = reserveItems(column, row, count);
  for (let i = 0; i < count; i++, at += NUMBER) column.items[to + i] = view.getFloat64(at);
  putListEnd(column, row, to + count);
  return at;
}
