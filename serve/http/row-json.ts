/** Rows of tables as JSON, one at a time: as `flowlamp score -f jsonl` writes them. */
import type { Column, Table } from '../../core/table.ts';
import { jsonCell } from '../../features/text/cell.ts';

/** A column with its name as JSON has it. */
export type KeyedColumn = readonly [key: string, column: Column];

export function keyedColumns({ specs, columns }: Table): KeyedColumn[] {
  return specs.map(({ name }) => [JSON.stringify(name), columns.get(name)!]);
}

/** @param before members to stand in front, each with a comma behind it */
export function rowJson(columns: readonly KeyedColumn[], row: number, before = ''): string {
  let text = `{${before}`;
  let comma = '';
  for (const [key, column] of columns) {
    text += `${comma}${key}:${jsonCell(column, row)}`;
    comma = ',';
  }
  return `${text}}`;
}
