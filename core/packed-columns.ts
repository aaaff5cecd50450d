/**
 * Columns packed behind each other in one stretch of memory, of which arrays are made when they are asked for. A live table has hundreds
 * of columns of a few rows, two hundred tables a second: a thousand arrays for each would be most of what the collector has to do.
 */
import type { Column, ColumnType, ScalarColumn } from './table.ts';

/** All arrays begin where the widest may. */
const ALIGNMENT = 8;

function aligned(bytes: number): number {
  return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
}

/** Names, types and places of columns; one for all tables that are copied from the same. */
interface Layout {
  readonly names: readonly string[];
  readonly types: readonly ColumnType[];
  readonly indexes: ReadonlyMap<string, number>;
}

/** Rows of a layout: the arrays of each column, in the order of `columnAt`. */
interface Packed {
  readonly layout: Layout;
  readonly buffer: ArrayBuffer;
  /** Where columns begin: the first numbers of the stretch. */
  readonly starts: Int32Array;
  readonly rows: number;
}

const layouts = new WeakMap<ReadonlyMap<string, Column>, Layout>();

/** A map of columns, in the order of what they were copied from; those that were added stand behind. */
export class PackedColumns implements ReadonlyMap<string, Column> {
  readonly #packed: Packed;
  /** Columns in memory of their own, such as findings; they go before packed ones of the same name. */
  readonly #added: ReadonlyMap<string, Column>;
  /** Those that were asked for, by index. */
  #made: (Column | undefined)[] | null = null;

  private constructor(packed: Packed, added: ReadonlyMap<string, Column>) {
    this.#packed = packed;
    this.#added = added;
  }

  /** A copy of the first rows of columns. */
  static copyOf(columns: ReadonlyMap<string, Column>, rows: number): PackedColumns {
    const layout = layoutOf(columns);
    const buffer = pack(columns, layout, rows);
    const added = new Map<string, Column>();
    for (const [name, column] of columns) {
      if (column.type === 'findings') added.set(name, { type: column.type, values: column.values.slice(0, rows) });
    }
    const starts = new Int32Array(buffer, 0, layout.names.length);
    return new PackedColumns({ layout, buffer, starts, rows }, added);
  }

  /** The same with others, which take the place of those of their name. */
  with(added: Iterable<readonly [string, Column]>): PackedColumns {
    const columns = new PackedColumns(this.#packed, new Map([...this.#added, ...added]));
    columns.#made = this.#arrays();
    return columns;
  }

  /** The same, without the arrays that were made: for those who keep it long and read it rarely. */
  asleep(): PackedColumns {
    return new PackedColumns(this.#packed, this.#added);
  }

  /** Of the stretch. */
  get packedBytes(): number {
    return this.#packed.buffer.byteLength;
  }

  /** Columns in memory of their own. */
  get added(): ReadonlyMap<string, Column> {
    return this.#added;
  }

  get size(): number {
    let size = this.#packed.layout.names.length;
    for (const name of this.#added.keys()) if (!this.#packed.layout.indexes.has(name)) size++;
    return size;
  }

  has(name: string): boolean {
    return this.#added.has(name) || this.#packed.layout.indexes.has(name);
  }

  get(name: string): Column | undefined {
    const added = this.#added.get(name);
    if (added !== undefined) return added;
    const { layout, buffer, starts, rows } = this.#packed;
    const index = layout.indexes.get(name);
    if (index === undefined) return undefined;
    const made = this.#arrays();
    made[index] ??= columnAt(buffer, layout.types[index]!, rows, starts[index]!);
    return made[index];
  }

  *keys(): MapIterator<string> {
    const { names, indexes } = this.#packed.layout;
    yield* names;
    for (const name of this.#added.keys()) if (!indexes.has(name)) yield name;
  }

  *values(): MapIterator<Column> {
    for (const name of this.keys()) yield this.get(name)!;
  }

  *entries(): MapIterator<[string, Column]> {
    for (const name of this.keys()) yield [name, this.get(name)!];
  }

  [Symbol.iterator](): MapIterator<[string, Column]> {
    return this.entries();
  }

  forEach(take: (column: Column, name: string, columns: ReadonlyMap<string, Column>) => void): void {
    for (const [name, column] of this) take(column, name, this);
  }

  #arrays(): (Column | undefined)[] {
    this.#made ??= new Array<Column | undefined>(this.#packed.layout.names.length);
    return this.#made;
  }
}

function layoutOf(columns: ReadonlyMap<string, Column>): Layout {
  const known = layouts.get(columns);
  if (known !== undefined && isLayoutOf(known, columns)) return known;
  const names = [...columns.keys()];
  const types = Array.from(columns.values(), ({ type }) => type);
  const layout = { names, types, indexes: new Map(names.map((name, i) => [name, i])) };
  layouts.set(columns, layout);
  return layout;
}

function isLayoutOf({ names, types }: Layout, columns: ReadonlyMap<string, Column>): boolean {
  if (names.length !== columns.size) return false;
  let i = 0;
  for (const [name, { type }] of columns) {
    if (names[i] !== name || types[i] !== type) return false;
    i++;
  }
  return true;
}

/** Where columns begin, for the copy at hand. */
let places = new Int32Array(512);

function pack(columns: ReadonlyMap<string, Column>, { names }: Layout, rows: number): ArrayBuffer {
  const count = names.length;
  if (places.length < count) places = new Int32Array(2 * count);
  let at = aligned(4 * count);
  let i = 0;
  for (const column of columns.values()) {
    places[i++] = at;
    at += bytesOf(column, rows);
  }
  const to = new Writer(at);
  to.ints32(places, count);
  for (const column of columns.values()) to.column(column, rows);
  return to.buffer;
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

/** The arrays of a column that begins at a place. */
function columnAt(buffer: ArrayBuffer, type: ColumnType, rows: number, at: number): Column {
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

/** Writes arrays behind each other. */
class Writer {
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
    this.bytes8(column.valid, rows);
    if ('offsets' in column) this.#runs(column, rows);
    else this.#scalars(column, rows);
  }

  #scalars(column: Extract<Column, ScalarColumn>, rows: number): void {
    switch (column.type) {
      case 'bool':
      case 'uint8':
        this.bytes8(column.values, rows);
        break;
      case 'uint16':
        this.uints16(column.values, rows);
        break;
      case 'uint32':
        this.uints32(column.values, rows);
        break;
      case 'uint53':
      case 'float64':
        this.doubles(column.values, rows);
        break;
      case 'timestamp_ns':
        this.ints64(column.values, rows);
    }
  }

  #runs(column: Extract<Column, { readonly offsets: Int32Array }>, rows: number): void {
    this.ints32(column.offsets, rows + 1);
    const count = column.offsets[rows]!;
    switch (column.type) {
      case 'utf8':
        this.bytes8(column.bytes, count);
        break;
      case 'list_int32':
        this.ints32(column.items, count);
        break;
      case 'list_float64':
        this.doubles(column.items, count);
        break;
      case 'list_utf8':
        this.ints32(column.itemOffsets, count + 1);
        this.bytes8(column.bytes, column.itemOffsets[count]!);
    }
  }

  // One for each kind of array: a loop that meets several kinds is several times slower.

  bytes8(from: Uint8Array, count: number): void {
    const at = this.#take(count);
    if (count > SHORT) this.#bytes.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#bytes[at + i] = from[i]!;
  }

  uints16(from: Uint16Array, count: number): void {
    const at = this.#take(2 * count) >>> 1;
    if (count > SHORT) this.#uint16.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#uint16[at + i] = from[i]!;
  }

  uints32(from: Uint32Array, count: number): void {
    const at = this.#take(4 * count) >>> 2;
    if (count > SHORT) this.#uint32.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#uint32[at + i] = from[i]!;
  }

  ints32(from: Int32Array, count: number): void {
    const at = this.#take(4 * count) >>> 2;
    if (count > SHORT) this.#int32.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#int32[at + i] = from[i]!;
  }

  doubles(from: Float64Array, count: number): void {
    const at = this.#take(8 * count) >>> 3;
    if (count > SHORT) this.#float64.set(from.subarray(0, count), at);
    else for (let i = 0; i < count; i++) this.#float64[at + i] = from[i]!;
  }

  ints64(from: BigInt64Array, count: number): void {
    const at = this.#take(8 * count) >>> 3;
    this.#int64.set(from.subarray(0, count), at);
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += aligned(bytes);
    return at;
  }
}
