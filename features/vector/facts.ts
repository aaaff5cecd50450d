/**
 * Facts: the cells of a row that come from what protocols say, written when a flow ends and read when it becomes a row,
 * perhaps in another thread. A flow has few of the many there are, so they are a run of bytes. Each cell begins with the
 * number of its column (see fact-columns.ts); a number follows as 8 bytes; a text as 2 bytes of length and UTF-8; a list
 * of texts as 2 bytes of count and as many texts.
 */
import type { Column, ScalarColumn, TextListColumn } from '../../core/table.ts';
import { reserveBytes, type TextColumn, writeUtf8 } from '../../core/text-column.ts';
import { appendListItem, endTextList } from '../../core/text-list-column.ts';
import { put } from './put.ts';
import type { FeatureRows } from './spec.ts';

/** The number of each column of a group. */
export type FactNumbers<Rows extends FeatureRows> = { readonly [Name in keyof Rows]: number };

/** Longest text and longest list that a cell holds; protocol readers stay far below. */
const MOST = 0xffff;
const UTF8_PER_UNIT = 3;
const COLUMN = 1;
const LENGTH = 2;
const NUMBER = 8;

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

export class FactWriter {
  #bytes = new Uint8Array(0);
  /** Where the next cell goes. */
  at = 0;

  /** From here on cells go to `bytes` from `at` on. A cell that does not fit is left out: the caller sees to room. */
  turnTo(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes as Uint8Array<ArrayBuffer>;
    this.at = at;
  }

  /** A null is not written. */
  number(column: number, value: number | null): void {
    if (value === null || this.#bytes.length - this.at < COLUMN + NUMBER) return;
    this.#bytes[this.at++] = column;
    double[0] = value;
    for (let i = 0; i < NUMBER; i++) this.#bytes[this.at++] = doubleBytes[i]!;
  }

  bool(column: number, value: boolean): void {
    this.number(column, value ? 1 : 0);
  }

  text(column: number, text: string | null): void {
    if (text === null || !this.#hasRoom(text)) return;
    this.#bytes[this.at++] = column;
    this.#text(text);
  }

  texts(column: number, texts: readonly string[] | null): void {
    if (texts === null || this.#bytes.length - this.at < COLUMN + LENGTH) return;
    this.#bytes[this.at++] = column;
    const countAt = this.at;
    this.at += LENGTH;
    let count = 0;
    for (; count < texts.length && count < MOST && this.#hasRoom(texts[count]!); count++) this.#text(texts[count]!);
    this.#length(countAt, count);
  }

  #hasRoom(text: string): boolean {
    const most = text.length * UTF8_PER_UNIT;
    return most <= MOST && COLUMN + LENGTH + most <= this.#bytes.length - this.at;
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

/**
 * Puts the cells `bytes[at, end)`, as a FactWriter wrote them, into a row.
 *
 * @param columns by their number
 */
export function putFacts(columns: readonly Column[], row: number, bytes: Uint8Array, at: number, end: number): void {
  while (at < end) {
    const column = columns[bytes[at++]!]!;
    switch (column.type) {
      case 'utf8':
        at = putText(column, row, bytes, at);
        break;
      case 'list_utf8':
        at = putTexts(column, row, bytes, at);
        break;
      default:
        for (let i = 0; i < NUMBER; i++) doubleBytes[i] = bytes[at++]!;
        put(column as ScalarColumn<'float64'>, row, double[0]!);
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
