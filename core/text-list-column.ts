/**
 * Columns of lists of text: the UTF-8 bytes of all items of all rows behind each other, as Arrow lays them out. Rows are
 * written in order, as in text-column.ts and for the same reasons.
 */
import { MAX_BYTES_PER_UNIT, textOf, withRoom, writeUtf8 } from './text-column.ts';

/**
 * Row `r` has the items `offsets[r] .. offsets[r + 1]` where `valid[r]` is 1, and item `i` is
 * `bytes[itemOffsets[i], itemOffsets[i + 1])`. `itemOffsets` and `bytes` are replaced by larger arrays when they fill.
 */
export interface TextListColumn {
  readonly type: 'list_utf8';
  readonly offsets: Int32Array;
  itemOffsets: Int32Array;
  bytes: Uint8Array;
  readonly valid: Uint8Array;
}

const ITEMS_PER_ROW = 4;
const BYTES_PER_ITEM = 8;

export function createTextListColumn(capacity: number): TextListColumn {
  return {
    type: 'list_utf8',
    offsets: new Int32Array(capacity + 1),
    itemOffsets: new Int32Array(capacity * ITEMS_PER_ROW + 1),
    bytes: new Uint8Array(capacity * ITEMS_PER_ROW * BYTES_PER_ITEM),
    valid: new Uint8Array(capacity),
  };
}

/** The texts of a row, null where it has no list. */
export function textListAt({ offsets, itemOffsets, bytes, valid }: TextListColumn, row: number): string[] | null {
  if (valid[row] === 0) return null;
  const texts: string[] = [];
  for (let item = offsets[row]!; item < offsets[row + 1]!; item++) {
    texts.push(textOf(bytes, itemOffsets[item]!, itemOffsets[item + 1]!));
  }
  return texts;
}

/** Writes a row's list; all rows before it must have been written. */
export function appendTextList(column: TextListColumn, row: number, items: readonly string[] | null): void {
  column.offsets[row + 1] = column.offsets[row]!;
  column.valid[row] = 0;
  if (items === null) return;
  for (const text of items) {
    const item = nextItem(column, row);
    const start = reserveItem(column, item, text.length * MAX_BYTES_PER_UNIT);
    endItem(column, row, item, writeUtf8(text, column.bytes, start));
  }
  endTextList(column, row);
}

/**
 * Adds `bytes[at, end)`, which must be UTF-8, to the list of the row being written. Until its first item the row's
 * `offsets[row + 1]` is that of the row before, or 0 as in a new column: who fills a column again sets it.
 */
export function appendListItem(column: TextListColumn, row: number, bytes: Uint8Array, at: number, end: number): void {
  const item = nextItem(column, row);
  let to = reserveItem(column, item, end - at);
  const target = column.bytes;
  for (let from = at; from < end; from++) target[to++] = bytes[from]!;
  endItem(column, row, item, to);
}

/** Ends the row's list behind the items added to it, none or more, and makes it valid. */
export function endTextList(column: TextListColumn, row: number): void {
  column.offsets[row + 1] = nextItem(column, row);
  column.valid[row] = 1;
}

/** Writes the given rows of one column, in the given order, behind the first `at` rows of another. */
export function takeTextLists(from: TextListColumn, rows: readonly number[], to: TextListColumn, at: number): void {
  const { offsets, itemOffsets, bytes } = from;
  rows.forEach((row, i) => {
    to.offsets[at + i + 1] = to.offsets[at + i]!;
    if (from.valid[row] === 0) return;
    for (let item = offsets[row]!; item < offsets[row + 1]!; item++) {
      appendListItem(to, at + i, bytes, itemOffsets[item]!, itemOffsets[item + 1]!);
    }
    endTextList(to, at + i);
  });
}

/** While a row is written, the offset of the next one counts its items. */
function nextItem({ offsets }: TextListColumn, row: number): number {
  return Math.max(offsets[row]!, offsets[row + 1]!);
}

/** Makes room for an item of `count` bytes behind those before it, and returns where it starts. */
function reserveItem(column: TextListColumn, item: number, count: number): number {
  if (item + 1 >= column.itemOffsets.length) {
    const larger = new Int32Array(Math.max(item + 2, column.itemOffsets.length * 2));
    larger.set(column.itemOffsets);
    column.itemOffsets = larger;
  }
  const start = column.itemOffsets[item]!;
  column.bytes = withRoom(column.bytes, start + count);
  return start;
}

function endItem(column: TextListColumn, row: number, item: number, end: number): void {
  column.itemOffsets[item + 1] = end;
  column.offsets[row + 1] = item + 1;
}
