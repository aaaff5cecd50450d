/** Values as text: the same in CSV and JSONL. JSON is written in letters that can be looked at. */
import { type Column, isNull } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { textListAt } from '../../core/text-list-column.ts';
import { visibleJson } from '../../core/visible.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 in UTC with nine decimals. */
export function timeText(ns: bigint): string {
  // Rounded down, for times before 1970 too, so that the fraction is never negative.
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (ns - fraction) / NS_PER_SECOND;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${String(fraction).padStart(9, '0')}Z`;
}

/** The inverse of `timeText`, for any number of decimals; null if the text is no such time. */
export function parseTime(text: string): bigint | null {
  const match = /^(\d{4,}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return null;
  const milliseconds = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(milliseconds)) return null;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** The cell as a JSON value; null where it has none. */
export function jsonCell(column: Column, row: number): string {
  if (isNull(column, row)) return 'null';
  switch (column.type) {
    case 'utf8':
      return visibleJson(JSON.stringify(textAt(column, row)));
    case 'list_utf8':
      return visibleJson(JSON.stringify(textListAt(column, row)));
    case 'findings':
      return visibleJson(JSON.stringify(column.values[row]));
    case 'bool':
      return column.values[row] === 0 ? 'false' : 'true';
    case 'timestamp_ns':
      return `"${timeText(column.values[row]!)}"`;
    case 'list_int32':
    case 'list_float64':
      return `[${column.items.subarray(column.offsets[row], column.offsets[row + 1]).join(',')}]`;
    default:
      return String(column.values[row]);
  }
}

/** The cell as it stands in CSV before quoting; empty for null, lists as JSON arrays. */
export function plainCell(column: Column, row: number): string {
  if (isNull(column, row)) return '';
  if (column.type === 'utf8') return textAt(column, row)!;
  if (column.type === 'timestamp_ns') return timeText(column.values[row]!);
  return jsonCell(column, row);
}
