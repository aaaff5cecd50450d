/** Tables as CSV (RFC 4180, LF line ends, UTF-8) and as JSON lines, one object a row. */
import type { Column, ColumnSpec, Table } from '../../core/table.ts';
import { jsonCell, plainCell } from './cell.ts';

/** The text of a table's rows, each line ended. */
export function jsonLines(specs: readonly ColumnSpec[], table: Table): string {
  const columns = specs.map((spec): [string, Column] => [JSON.stringify(spec.name), table.columns.get(spec.name)!]);
  let text = '';
  for (let row = 0; row < table.length; row++) {
    let line = '{';
    for (const [key, column] of columns) line += `${line.length > 1 ? ',' : ''}${key}:${jsonCell(column, row)}`;
    text += `${line}}\n`;
  }
  return text;
}

export function csvHeader(specs: readonly ColumnSpec[]): string {
  return `${specs.map((spec) => quoted(spec.name)).join(',')}\n`;
}

export function csvLines(specs: readonly ColumnSpec[], table: Table): string {
  const columns = specs.map((spec) => table.columns.get(spec.name)!);
  let text = '';
  for (let row = 0; row < table.length; row++) {
    text += `${columns.map((column) => quoted(plainCell(column, row))).join(',')}\n`;
  }
  return text;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
