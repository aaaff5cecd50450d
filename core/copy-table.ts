/** Copies of tables. */
import { PackedColumns } from './packed-columns.ts';
import type { Table } from './table.ts';

/** A table of its own with the same rows: for those who keep a table that is only lent. */
export function copyTable({ specs, columns, length }: Table): Table {
  return { specs, columns: PackedColumns.copyOf(columns, length), length };
}
