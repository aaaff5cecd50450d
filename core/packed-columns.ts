/**
 * Columns packed behind each other in one stretch of memory, of which arrays are made when they are asked for. A live table has hundreds
 * of columns of a few rows, two hundred tables a second: a thousand arrays for each would be most of what the collector has to do.
 */
import { aligned, bytesOf, ColumnWriter, columnAt } from './column-bytes.ts';
import type { Column, ColumnType } from './table.ts';

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
  const to = new ColumnWriter(at);
  to.ints32(places, count);
  for (const column of columns.values()) to.column(column, rows);
  return to.buffer;
}
