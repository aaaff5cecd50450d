/** Copies of tables, in one stretch of memory: live tables have few rows, and come two hundred times a second. */
import { aligned, type Numbers, Stretch } from './stretch.ts';
import type { Column, Table } from './table.ts';

/** A table of its own with the same rows: for those who keep a table that is only lent. */
export function copyTable({ specs, columns, length }: Table): Table {
  let bytes = 0;
  for (const column of columns.values()) bytes += bytesOf(column, length);
  const stretch = new Stretch(bytes);
  const copy = new Map<string, Column>();
  for (const [name, column] of columns) copy.set(name, copyColumn(column, length, stretch));
  return { specs, columns: copy, length };
}

function bytesOf(column: Column, rows: number): number {
  if (column.type === 'findings') return 0;
  const valid = aligned(rows);
  if (!('offsets' in column)) return valid + aligned(rows * column.values.BYTES_PER_ELEMENT);
  const runs = valid + aligned(4 * (rows + 1));
  const items = column.offsets[rows]!;
  if (column.type === 'utf8') return runs + aligned(items);
  if (column.type !== 'list_utf8') return runs + aligned(items * column.items.BYTES_PER_ELEMENT);
  return runs + aligned(4 * (items + 1)) + aligned(column.itemOffsets[items]!);
}

function copyColumn(column: Column, rows: number, stretch: Stretch): Column {
  if (column.type === 'findings') return { type: column.type, values: column.values.slice(0, rows) };
  const valid = copyBytes(column.valid, rows, stretch);
  if (!('offsets' in column)) {
    const { type, values } = column;
    const copied = values instanceof Float64Array ? copyDoubles(values, rows, stretch) : copyAny(values, rows, stretch);
    return { type, values: copied, valid } as Column;
  }
  const offsets = copyInts(column.offsets, rows + 1, stretch);
  const items = offsets[rows]!;
  if (column.type === 'utf8')
    return { type: column.type, offsets, bytes: copyBytes(column.bytes, items, stretch), valid };
  if (column.type !== 'list_utf8') {
    return { type: column.type, offsets, items: copyAny(column.items, items, stretch), valid } as Column;
  }
  const itemOffsets = copyInts(column.itemOffsets, items + 1, stretch);
  const bytes = copyBytes(column.bytes, itemOffsets[items]!, stretch);
  return { type: column.type, offsets, itemOffsets, bytes, valid };
}

/** Up to here a loop beats the call that copies memory, and the view that it needs. */
const SHORT = 64;

function copyBytes(from: Uint8Array, count: number, stretch: Stretch): Uint8Array {
  const to = stretch.bytes(count);
  if (count > SHORT) to.set(from.subarray(0, count));
  else for (let i = 0; i < count; i++) to[i] = from[i]!;
  return to;
}

function copyInts(from: Int32Array, count: number, stretch: Stretch): Int32Array {
  const to = stretch.ints(count);
  if (count > SHORT) to.set(from.subarray(0, count));
  else for (let i = 0; i < count; i++) to[i] = from[i]!;
  return to;
}

function copyDoubles(from: Float64Array, count: number, stretch: Stretch): Float64Array {
  const to = stretch.doubles(count);
  if (count > SHORT) to.set(from.subarray(0, count));
  else for (let i = 0; i < count; i++) to[i] = from[i]!;
  return to;
}

function copyAny<A extends Numbers>(from: A, count: number, stretch: Stretch): A {
  const to = stretch.like(from, count);
  to.set(from.subarray(0, count) as never);
  return to;
}
