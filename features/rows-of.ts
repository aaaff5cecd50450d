/** Rows of tables as plain objects, and as JSON. */
import { type Column, isNull, type Table } from '../core/table.ts';
import { textAt } from '../core/text-column.ts';
import { textListAt } from '../core/text-list-column.ts';
import { timeText } from './text/cell.ts';

export type FlowValue = null | boolean | number | bigint | string | readonly unknown[];

/**
 * A row as an object: numbers, text, booleans, lists; times as nanoseconds since 1970 (bigint); null where not known. The
 * columns named here say which flow it is; `docs/features.md` lists all, with their units. A table may have fewer.
 */
export interface Flow {
  /** The capture that the flow was read from. */
  readonly capture?: string | null;
  /** Unsigned, 53 bits; the same in every run. */
  readonly flow_id?: number | null;
  readonly part?: number | null;
  readonly row_kind?: string | null;
  readonly community_id?: string | null;
  /** Nanoseconds since 1970, UTC. */
  readonly first_seen?: bigint | null;
  readonly last_seen?: bigint | null;
  /** The initiator. */
  readonly src_ip?: string | null;
  readonly src_port?: number | null;
  readonly dst_ip?: string | null;
  readonly dst_port?: number | null;
  /** `tcp`, `udp`, ... */
  readonly protocol?: string | null;
  readonly sni?: string | null;
  readonly label?: string | null;
  readonly [column: string]: FlowValue | undefined;
}

/** The rows of a table as objects. */
export function rowsOf(table: Table): Flow[] {
  const columns = [...table.columns];
  return Array.from({ length: table.length }, (_, row) =>
    Object.fromEntries(columns.map(([name, column]) => [name, cellValue(column, row)])),
  );
}

/** The row as JSON can carry it, and as `flowlamp extract -f jsonl` writes it: times as RFC 3339 text. */
export function toJson(flow: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(flow).map(([name, value]) => [name, typeof value === 'bigint' ? timeText(value) : value]),
  );
}

/** What a row has in a column, as an object has it. */
export function cellValue(column: Column, row: number): FlowValue {
  if (isNull(column, row)) return null;
  if (column.type === 'utf8') return textAt(column, row);
  if (column.type === 'list_utf8') return textListAt(column, row);
  if ('offsets' in column) return Array.from(column.items.subarray(column.offsets[row], column.offsets[row + 1]));
  const value = column.values[row] as FlowValue;
  return column.type === 'bool' ? value === 1 : value;
}
