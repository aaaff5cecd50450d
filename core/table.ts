/**
 * A table in memory: one typed array (or list) per column. Every stage from the extractor to the sinks passes
 * these on, whatever the file format at either end.
 */
import { createTextColumn, reserveBytes, type TextColumn, textAt } from './text-column.ts';
import { createTextListColumn, type TextListColumn, takeTextLists } from './text-list-column.ts';

/**
 * Column types. `uint53` is an unsigned integer that a double holds exactly (uint64 in Arrow); `timestamp_ns` counts
 * nanoseconds since 1970-01-01T00:00:00Z; a `list_` column holds a run of numbers or texts per row.
 */
export const ColumnType = {
  Bool: 'bool',
  Uint8: 'uint8',
  Uint16: 'uint16',
  Uint32: 'uint32',
  Uint53: 'uint53',
  Float64: 'float64',
  TimestampNs: 'timestamp_ns',
  Utf8: 'utf8',
  ListInt32: 'list_int32',
  ListFloat64: 'list_float64',
  ListUtf8: 'list_utf8',
  /** Lists of findings: the evidence of a verdict. */
  Findings: 'findings',
} as const;
export type ColumnType = (typeof ColumnType)[keyof typeof ColumnType];

interface ValuesByType {
  bool: Uint8Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint53: Float64Array;
  float64: Float64Array;
  timestamp_ns: BigInt64Array;
}
export type ScalarType = keyof ValuesByType;
interface ItemsByType {
  list_int32: Int32Array;
  list_float64: Float64Array;
}
export type ListType = keyof ItemsByType;

/** Fixed-width values; `valid[row]` is 0 where the row is null (its value is then 0). */
export interface ScalarColumn<T extends ScalarType = ScalarType> {
  readonly type: T;
  readonly values: ValuesByType[T];
  readonly valid: Uint8Array;
}

/** Row `r` holds `items[offsets[r] .. offsets[r + 1]]`; `items` is replaced by a larger array when it fills. */
export interface ListColumn<T extends ListType = ListType> {
  readonly type: T;
  readonly offsets: Int32Array;
  items: ItemsByType[T];
  readonly valid: Uint8Array;
}

/** A reason for a verdict. */
export interface Finding {
  /** What found it: `behaviour` is the model. */
  readonly source: string;
  /** A sentence for the analyst. */
  readonly finding: string;
  /**
   * Natural logarithm of the odds that it gives the label that the model is on the look-out for, or the predicted one where
   * there is none; negative speaks against it.
   */
  readonly weight: number;
}

export interface FindingsColumn {
  readonly type: 'findings';
  readonly values: (readonly Finding[] | null)[];
}

type AnyScalarColumn = { [T in ScalarType]: ScalarColumn<T> }[ScalarType];
type AnyListColumn = { [T in ListType]: ListColumn<T> }[ListType];

export type { TextColumn, TextListColumn };
export type Column = AnyScalarColumn | TextColumn | AnyListColumn | TextListColumn | FindingsColumn;

export type ColumnOf<T extends ColumnType> = T extends ScalarType
  ? ScalarColumn<T>
  : T extends ListType
    ? ListColumn<T>
    : T extends 'utf8'
      ? TextColumn
      : T extends 'list_utf8'
        ? TextListColumn
        : FindingsColumn;

/** What a column is called and holds; the feature table's rows extend this. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  /** The unit of the values (`bytes`, `us`, `packets`), or '' where they have none. */
  readonly unit: string;
  /** Raised when the meaning of an existing column changes, so that models trained on the old meaning are refused. */
  readonly revision: number;
}

/** Rows in columns. `length` rows are filled; the arrays may be longer. */
export interface Table {
  readonly specs: readonly ColumnSpec[];
  readonly columns: ReadonlyMap<string, Column>;
  length: number;
}

/** An empty column with room for `capacity` rows. */
export function createColumn<T extends ColumnType>(type: T, capacity: number): ColumnOf<T> {
  return allocate(type, capacity) as ColumnOf<T>;
}

function allocate(type: ColumnType, capacity: number): Column {
  const valid = () => new Uint8Array(capacity);
  const offsets = () => new Int32Array(capacity + 1);
  switch (type) {
    case 'bool':
    case 'uint8':
      return { type, values: new Uint8Array(capacity), valid: valid() };
    case 'uint16':
      return { type, values: new Uint16Array(capacity), valid: valid() };
    case 'uint32':
      return { type, values: new Uint32Array(capacity), valid: valid() };
    case 'uint53':
    case 'float64':
      return { type, values: new Float64Array(capacity), valid: valid() };
    case 'timestamp_ns':
      return { type, values: new BigInt64Array(capacity), valid: valid() };
    case 'utf8':
      return createTextColumn(capacity);
    case 'list_utf8':
      return createTextListColumn(capacity);
    case 'findings':
      return { type, values: new Array<readonly Finding[] | null>(capacity).fill(null) };
    case 'list_int32':
      return { type, offsets: offsets(), items: new Int32Array(capacity * 8), valid: valid() };
    case 'list_float64':
      return { type, offsets: offsets(), items: new Float64Array(capacity * 8), valid: valid() };
  }
}

/** An empty table with room for `capacity` rows. */
export function createTable(specs: readonly ColumnSpec[], capacity: number): Table {
  return { specs, columns: new Map(specs.map((spec) => [spec.name, createColumn(spec.type, capacity)])), length: 0 };
}

/** True where the row holds no value. */
export function isNull(column: Column, row: number): boolean {
  return 'valid' in column ? column.valid[row] === 0 : column.values[row] === null;
}

/** The text in a column of a table; null where the row has none, or the table no such column of text. */
export function textCell(table: Table, name: string, row: number): string | null {
  const column = table.columns.get(name);
  return column?.type === 'utf8' ? textAt(column, row) : null;
}

/** The number in a column of a table, 1 or 0 for a truth value; null where the row has none, or the table no such column. */
export function numberCell(table: Table, name: string, row: number): number | null {
  const column = table.columns.get(name);
  if (column === undefined || !('values' in column) || column.type === 'findings' || column.valid[row] === 0)
    return null;
  return Number(column.values[row]);
}

/** Makes room for `count` items of a row, behind those of the rows before it, and returns where they start. */
export function reserveItems(column: ListColumn, row: number, count: number): number {
  const start = column.offsets[row]!;
  if (start + count > column.items.length) {
    const Items = column.items.constructor as new (length: number) => typeof column.items;
    const larger = new Items(Math.max(start + count, column.items.length * 2));
    larger.set(column.items);
    column.items = larger;
  }
  return start;
}

/** The table with exactly these columns; those that it lacks are null. */
export function withColumns(table: Table, specs: readonly ColumnSpec[]): Table {
  const columns = specs.map(({ name, type }): [string, Column] => {
    const column = table.columns.get(name);
    return [name, column?.type === type ? column : createColumn(type, table.length)];
  });
  return { specs, columns: new Map(columns), length: table.length };
}

/**
 * The given rows, in the given order, as a table of its own.
 *
 * @param capacity rows that it has room for
 */
export function takeTableRows(
  { specs, columns }: Table,
  rows: readonly number[],
  capacity: number = rows.length,
): Table {
  const taken = createTable(specs, capacity);
  for (const [name, column] of columns) takeCells(column, rows, taken.columns.get(name)!, 0);
  taken.length = rows.length;
  return taken;
}

/** Writes the given rows behind those of `to`, which has the same columns and room for them. */
export function appendTableRows(to: Table, { columns }: Table, rows: readonly number[]): void {
  for (const [name, column] of to.columns) takeCells(columns.get(name)!, rows, column, to.length);
  to.length += rows.length;
}

/** Row `rows[i]` of one column becomes row `at + i` of another of its type. */
function takeCells(from: Column, rows: readonly number[], to: Column, at: number): void {
  if (from.type === 'utf8') takeTexts(from, rows, to as TextColumn, at);
  else if (from.type === 'list_utf8') takeTextLists(from, rows, to as TextListColumn, at);
  else if (from.type === 'findings') {
    const { values } = to as FindingsColumn;
    rows.forEach((row, i) => {
      values[at + i] = from.values[row]!;
    });
  } else if ('offsets' in from) takeLists(from, rows, to as ListColumn, at);
  else {
    const { values, valid } = to as ScalarColumn<'uint53'>;
    rows.forEach((row, i) => {
      values[at + i] = from.values[row] as number;
      valid[at + i] = from.valid[row]!;
    });
  }
}

function takeTexts(from: TextColumn, rows: readonly number[], to: TextColumn, at: number): void {
  rows.forEach((row, i) => {
    const text = from.bytes.subarray(from.offsets[row], from.offsets[row + 1]);
    const start = to.offsets[at + i]!;
    reserveBytes(to, at + i, text.length).set(text, start);
    to.offsets[at + i + 1] = start + text.length;
    to.valid[at + i] = from.valid[row]!;
  });
}

function takeLists(from: ListColumn, rows: readonly number[], to: ListColumn, at: number): void {
  rows.forEach((row, i) => {
    const items = from.items.subarray(from.offsets[row], from.offsets[row + 1]);
    const start = reserveItems(to, at + i, items.length);
    to.items.set(items, start);
    to.offsets[at + i + 1] = start + items.length;
    to.valid[at + i] = from.valid[row]!;
  });
}
