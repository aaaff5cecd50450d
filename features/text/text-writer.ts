/** Tables as CSV (RFC 4180, LF line ends, UTF-8) and as JSON lines, one object a row. */
import type { Column, ColumnSpec, Table } from '../../core/table.ts';
import { printable, visibleJson } from '../../core/visible.ts';
import { jsonCell, plainCell } from './cell.ts';

/** The text of a table's rows, each line ended. */
export function jsonLines(specs: readonly ColumnSpec[], table: Table, from = 0, to: number = table.length): string {
  const columns = specs.map((spec): [string, Column] => [
    visibleJson(JSON.stringify(spec.name)),
    table.columns.get(spec.name)!,
  ]);
  let text = '';
  for (let row = from; row < to; row++) {
    let line = '{';
    for (const [key, column] of columns) line += `${line.length > 1 ? ',' : ''}${key}:${jsonCell(column, row)}`;
    text += `${line}}\n`;
  }
  return text;
}

/** @param isShown on a terminal: CSV has no escapes, so that a file holds texts as they are */
export function csvHeader(specs: readonly ColumnSpec[], isShown = false): string {
  return `${specs.map((spec) => quoted(isShown ? printable(spec.name) : spec.name)).join(',')}\n`;
}

/** @param isShown as of `csvHeader` */
export function csvLines(specs: readonly ColumnSpec[], table: Table, isShown = false): string {
  const columns = specs.map((spec) => table.columns.get(spec.name)!);
  const cell = isShown ? (column: Column, row: number) => printable(plainCell(column, row)) : plainCell;
  let text = '';
  for (let row = 0; row < table.length; row++) {
    text += `${columns.map((column) => quoted(cell(column, row))).join(',')}\n`;
  }
  return text;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
