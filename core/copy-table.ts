/** Copies of tables, for those who keep a table that is only lent. */
import { PackedColumns } from './packed-columns.ts';
import type { Table } from './table.ts';

/** A table of its own with the same rows. */
export function copyTable(table: Table): Table {
  const { specs, columns, length } = packTable(table);
  return { specs, columns: new Map(columns), length };
}

/** The same, of whose columns those are made that are asked for: for many small tables, which stay in this thread. */
export function packTable({ specs, columns, length }: Table): Table {
  return { specs, columns: PackedColumns.copyOf(columns, length), length };
}
