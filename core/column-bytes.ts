/**
 * Columns as bytes: of each its validity, then its values, or its offsets and the items that they are of. All arrays are in the byte order of
 * the machine, for bytes that do not leave it.
 */
import type { Column, ColumnType, ScalarColumn } from './table.ts';

/** All arrays begin where the widest may. */
const ALIGNMENT = 8;

/** Bytes that an array takes, with those up to the next. */
export function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
}

/** What the first rows of a column take. */
export function bytesOf(column: Column, rows: number): number {
  if (column.type === 'findings') return 0;
  const valid = aligned(rows);
  if (!('offsets' in column)) return valid + aligned(rows * column.values.BYTES_PER_ELEMENT);
  const runs = valid + aligned(4 * (rows + 1));
  const items = column.offsets[rows]!;
  if (column.type === 'utf8') return runs + aligned(items);
  if (column.type !== 'list_utf8') return runs + aligned(items * column.items.BYTES_PER_ELEMENT);
  return runs + aligned(4 * (items + 1)) + aligned(column.itemOffsets[items]!);
}

/** The first rows of a column, in arrays over the bytes that begin at a place. */
export function columnAt(buffer: ArrayBuffer, type: ColumnType, rows: number, at: number): Column {
  const valid = new Uint8Array(buffer, at, rows);
  const values = at + aligned(rows);
  switch (type) {
    case 'bool':
    case 'uint8':
      return { type, values: new Uint8Array(buffer, values, rows), valid };
    case 'uint16':
      return { type, values: new Uint16Array(buffer, values, rows), valid };
    case 'uint32':
      return { type, values: new Uint32Array(buffer, values, rows), valid };
    case 'uint53':
    case 'float64':
      return { type, values: new Float64Array(buffer, values, rows), valid };
    case 'timestamp_ns':
      return { type, values: new BigInt64Array(buffer, values, rows), valid };
    case 'findings':
      throw new TypeError('findings are objects, and not packed');
    default:
  }
  const offsets = new Int32Array(buffer, values, rows + 1);
  const items = values + aligned(4 * (rows + 1));
  const count = offsets[rows]!;
  switch (type) {
    case 'utf8':
      return { type, offsets, bytes: new Uint8Array(buffer, items, count), valid };
    case 'list_int32':
      return { type, offsets, items: new Int32Array(buffer, items, count), valid };
    case 'list_float64':
      return { type, offsets, items: new Float64Array(buffer, items, count), valid };
    case 'list_utf8': {
      const itemOffsets = new Int32Array(buffer, items, count + 1);
      const bytes = new Uint8Array(buffer, items + aligned(4 * (count + 1)), itemOffsets[count]!);
      return { type, offsets, itemOffsets, bytes, valid };
    }
  }
}

/** Up to here a loop beats the call that copies memory, and the view that it needs. */
const SHORT = 64;

/** Writes columns behind each other. */
export class ColumnWriter {
  readonly buffer: ArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #uint16: Uint16Array;
  readonly #uint32: Uint32Array;
  readonly #int32: Int32Array;
  readonly #float64: Float64Array;
  readonly #int64: BigInt64Array;
  #at = 0;

  constructor(bytes: number) {
    this.buffer = new ArrayBuffer(aligned(bytes));
    this.#bytes = new Uint8Array(this.buffer);
    this.#uint16 = new Uint16Array(this.buffer);
    this.#uint32 = new Uint32Array(this.buffer);
    this.#int32 = new Int32Array(this.buffer);
    this.#float64 = new Float64Array(this.buffer);
    this.#int64 = new BigInt64Array(this.buffer);
  }

  column(column: Column, rows: number): void {
    if (column.type === 'findings') return;
    this.#bytes8(column.valid, rows);
    if ('offsets' in column) this.#runs(column, rows);
    else this.#scalars(column, rows);
  }

  #scalars(column: Extract<Column, ScalarColumn>, rows: number): void {
    switch (column.type) {
      case 'bool':
      case 'uint8':
        this.#bytes8(column.values, rows);
        break;
      case 'uint16':
        this.#uints16(column.values, rows);
        break;
      case 'uint32':
        this.#uints32(column.values, rows);
        break;
      case 'uint53':
      case 'float64':
        this.#doubles(column.values, rows);
        break;
      case 'timestamp_ns':
        this.#ints64(column.values, rows);
    }
  }

  #runs(column: Extract<Column, { readonly offsets: Int32Array }>, rows: number): void {
    this.ints32(column.offsets, rows + 1);
    const count = column.offsets[rows]!;
    switch (column.type) {
      case 'utf8':
        this.#bytes8(column.bytes, count);
        break;
      case 'list_int32':
        this.ints32(column.items, count);
        break;
      case 'list_float64':
        this.#doubles(column.items, count);
        break;
      case 'list_utf8':
        this.ints32(column.itemOffsets, count + 1);
        this.#bytes8(column.bytes, column.itemOffsets[count]!);
    }
  }

  // One for each kind of array: a loop that meets several kinds is several times slower.

  #bytes8(from: Uint8Array, count: number): void {
    const at = this.#take(count);
    if (count > SHORT) this.#bytes.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#bytes[at + i] = from[i]!;
  }

  #uints16(from: Uint16Array, count: number): void {
    const at = this.#take(2 * count) >>> 1;
    if (count > SHORT) this.#uint16.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#uint16[at + i] = from[i]!;
  }

  #uints32(from: Uint32Array, count: number): void {
    const at = this.#take(4 * count) >>> 2;
    if (count > SHORT) this.#uint32.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#uint32[at + i] = from[i]!;
  }

  ints32(from: Int32Array, count: number): void {
    const at = this.#take(4 * count) >>> 2;
    if (count > SHORT) this.#int32.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#int32[at + i] = from[i]!;
  }

  #doubles(from: Float64Array, count: number): void {
    const at = this.#take(8 * count) >>> 3;
    if (count > SHORT) this.#float64.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#float64[at + i] = from[i]!;
  }

  #ints64(from: BigInt64Array, count: number): void {
    const at = this.#take(8 * count) >>> 3;
    this.#int64.set(from.subarray(0, count), at);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += aligned(bytes);
    return at;
  }
}
