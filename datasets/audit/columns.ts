/** What a single column alone would tell: each column of a table, forbidden or not, as numbers to rank flows by. */
import { type ColumnType, isNull, type ListColumn, type Table } from '../../core/table.ts';
import type { TextColumn } from '../../core/text-column.ts';
import { featureNamed } from '../../features/vector/schema.ts';

/** A number made of a column. */
export interface Scanned {
  /** The column's name, with what was taken of it: `sni (length)`, `payload_sizes[0]`. */
  readonly name: string;
  readonly column: string;
  /** Of the column: where a table has another, it cannot be read. */
  readonly type: ColumnType;
  /** Whether the numbers have no order: hashes of texts. */
  readonly isCategory: boolean;
  /** Whether a model may read it. */
  readonly isInput: boolean;
  /** NaN where it is null. */
  readonly read: (table: Table) => (row: number) => number;
}

/** Columns that are the label, or say how it was given. */
const NOT_SCANNED = new Set(['label_by', 'row_kind']);

/** All that can be made of the columns of a table. */
export function scannedOf(table: Table, target: string): Scanned[] {
  return [...table.columns.keys()]
    .filter((name) => name !== target && !NOT_SCANNED.has(name))
    .flatMap((name) => scannedColumn(name, table));
}

function scannedColumn(name: string, table: Table): Scanned[] {
  const isInput = featureNamed(name)?.input === true;
  const { type } = table.columns.get(name)!;
  const base = { column: name, type, isInput };
  switch (type) {
    case 'findings':
      return [];
    case 'utf8':
      return [
        { ...base, name, isCategory: true, read: (own) => hashReader(own.columns.get(name) as TextColumn) },
        { ...base, name: `${name} (length)`, isCategory: false, read: (own) => lengthReader(own, name) },
      ];
    case 'list_int32':
    case 'list_float64':
      return [
        { ...base, name: `${name} (length)`, isCategory: false, read: (own) => lengthReader(own, name) },
        {
          ...base,
          name: `${name}[0]`,
          isCategory: false,
          read: (own) => firstReader(own.columns.get(name) as ListColumn),
        },
      ];
    case 'list_utf8':
      return [{ ...base, name: `${name} (length)`, isCategory: false, read: (own) => lengthReader(own, name) }];
    default:
      return [{ ...base, name, isCategory: false, read: (own) => numberReader(own, name) }];
  }
}

function numberReader(table: Table, name: string): (row: number) => number {
  const column = table.columns.get(name)!;
  if (!('values' in column) || column.type === 'findings') return () => Number.NaN;
  const { values, valid } = column;
  if (values instanceof BigInt64Array) return (row) => (valid[row] === 0 ? Number.NaN : Number(values[row]!) / 1e9);
  return (row) => (valid[row] === 0 ? Number.NaN : values[row]!);
}

function lengthReader(table: Table, name: string): (row: number) => number {
  const column = table.columns.get(name)!;
  if (!('offsets' in column)) return () => Number.NaN;
  const { offsets } = column;
  return (row) => (isNull(column, row) ? Number.NaN : offsets[row + 1]! - offsets[row]!);
}

function firstReader({ offsets, items, valid }: ListColumn): (row: number) => number {
  return (row) => (valid[row] === 0 || offsets[row] === offsets[row + 1] ? Number.NaN : items[offsets[row]!]!);
}

/** FNV-1a of the bytes: texts that are equal stay equal, and none is kept. */
function hashReader({ offsets, bytes, valid }: TextColumn): (row: number) => number {
  return (row) => {
    if (valid[row] === 0) return Number.NaN;
    let hash = 0x811c9dc5;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    return hash >>> 0;
  };
}
