/**
 * Rows as another flow meter writes them: its columns, under its names and in its units, made of ours. What is wrong in what
 * it writes is not copied; `difference` says where that shows (docs/migrating.md is made of these tables).
 */
import {
  type Column,
  type ColumnSpec,
  type ColumnType,
  createTable,
  type ListColumn,
  reserveItems,
  type ScalarColumn,
  type Table,
} from '../../../core/table.ts';
import { appendText } from '../../../core/text-column.ts';
import { FlowCells } from './flow-cells.ts';

/** Null where we do not know it. */
export type PeerValue = number | bigint | string | readonly number[] | null;

export interface PeerColumn extends ColumnSpec {
  /** The columns of ours that it is made of; none where we have nothing to make it of. */
  readonly from: readonly string[];
  /** Where our value is another than theirs, in one sentence; '' where it is the same. */
  readonly difference: string;
  readonly value: (flow: FlowCells) => PeerValue;
}

export interface PeerSchema {
  readonly name: string;
  /** The program and its version. */
  readonly tool: string;
  readonly columns: readonly PeerColumn[];
  /** Whether its header has a place for the label of a flow. */
  readonly hasLabel: boolean;
}

/** What is said of a column beside its name. */
interface Told {
  readonly type?: Exclude<ColumnType, 'bool' | 'list_utf8' | 'findings'>;
  readonly unit?: string;
  readonly difference?: string;
}

export function peerColumn(
  name: string,
  from: string,
  value: PeerColumn['value'],
  { type = 'float64', unit = '', difference = '' }: Told = {},
): PeerColumn {
  return { name, type, unit, revision: 1, from: from.split(' '), difference, value };
}

/** A column of theirs that we have nothing to make of. */
export function lackingColumn(name: string, why: string, { type = 'float64', unit = '' }: Told = {}): PeerColumn {
  return { name, type, unit, revision: 1, from: [], difference: `Null: ${why}`, value: () => null };
}

/** The columns of ours that these are made of. */
export function sourcesOf(columns: readonly PeerColumn[]): string[] {
  return [...new Set(columns.flatMap(({ from }) => from))];
}

/**
 * @param before rows that were made already: some number their rows
 * @returns a table of its own
 */
export function peerTable(columns: readonly PeerColumn[], table: Table, before: number): Table {
  const made = createTable(columns, table.length);
  const flow = new FlowCells(table, before);
  const places = columns.map(({ name, value }) => ({ value, column: made.columns.get(name)! }));
  for (let row = 0; row < table.length; row++) {
    flow.turnTo(row);
    for (const { value, column } of places) putValue(column, row, value(flow));
  }
  made.length = table.length;
  return made;
}

function putValue(column: Column, row: number, value: PeerValue): void {
  switch (column.type) {
    case 'utf8':
      appendText(column, row, value as string | null);
      return;
    case 'list_int32':
    case 'list_float64':
      putList(column, row, value as readonly number[] | null);
      return;
    case 'timestamp_ns':
      if (value === null) return;
      column.values[row] = value as bigint;
      column.valid[row] = 1;
      return;
    default:
      if (value === null || Number.isNaN(value)) return;
      (column as ScalarColumn<'float64'>).values[row] = value as number;
      (column as ScalarColumn<'float64'>).valid[row] = 1;
  }
}

function putList(column: ListColumn, row: number, items: readonly number[] | null): void {
  const start = reserveItems(column, row, items?.length ?? 0);
  column.items.set(items ?? [], start);
  column.offsets[row + 1] = start + (items?.length ?? 0);
  column.valid[row] = items === null ? 0 : 1;
}
