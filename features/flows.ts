/** The friendly door: flows one by one as plain objects. It costs an object a flow; batches (`extractCapture`) cost none. */
import { type Column, isNull, type Table } from '../core/table.ts';
import { textAt } from '../core/text-column.ts';
import { textListAt } from '../core/text-list-column.ts';
import { extractPieces } from './extract.ts';
import type { ExtractOptions } from './extractor.ts';

/** A row as an object: numbers, text, booleans, lists; times as nanoseconds since 1970 (bigint); null where not known. */
export type Flow = Readonly<Record<string, FlowValue>>;
export type FlowValue = null | boolean | number | bigint | string | readonly unknown[];

/**
 * The flows of a capture, in the order in which they end.
 *
 * @param path a capture file, or `-` for standard input
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY or NOT_A_CAPTURE
 */
export async function* flows(path: string, options: ExtractOptions = {}): AsyncGenerator<Flow> {
  const waiting: Flow[] = [];
  const receive = (batch: Table) => void waiting.push(...rowsOf(batch));
  for await (const _bytes of extractPieces(path, receive, options)) yield* waiting.splice(0);
  yield* waiting.splice(0);
}

/** The rows of a table as objects. */
export function rowsOf(table: Table): Flow[] {
  const columns = [...table.columns];
  return Array.from({ length: table.length }, (_, row) =>
    Object.fromEntries(columns.map(([name, column]) => [name, cellValue(column, row)])),
  );
}

function cellValue(column: Column, row: number): FlowValue {
  if (isNull(column, row)) return null;
  if (column.type === 'utf8') return textAt(column, row);
  if (column.type === 'list_utf8') return textListAt(column, row);
  if ('offsets' in column) return Array.from(column.items.subarray(column.offsets[row], column.offsets[row + 1]));
  const value = column.values[row] as FlowValue;
  return column.type === 'bool' ? value === 1 : value;
}
