/** Cells of columns that evidence rests on; a table without the column has no such cell. */
import { numberCell, type Table } from '../../core/table.ts';

/** A truth value, null where there is none. */
export function boolCell(table: Table, name: string, row: number): boolean | null {
  const value = numberCell(table, name, row);
  return value === null ? null : value !== 0;
}

/** When the flow was last seen, seconds since 1970; null where the table does not say. */
export function lastSeenSeconds(table: Table, row: number): number | null {
  const column = table.columns.get('last_seen');
  if (column?.type !== 'timestamp_ns' || column.valid[row] === 0) return null;
  return Number(column.values[row]! / 1_000_000_000n);
}
