/** Flow tables from files or standard input, batch by batch, whatever their format. */
import { LIMITS } from '../../core/limits.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { emptyFile } from '../capture/reader.ts';
import { parseJsonLines, specsOfNames, tableOfCells, tableOfObjects } from '../text/text-reader.ts';
import { csvRows, readLines } from './lines.ts';

/** What a file is, by its first bytes. */
export const TableKind = {
  ArrowFile: 'arrow',
  ArrowStream: 'arrows',
  Parquet: 'parquet',
  Csv: 'csv',
  JsonLines: 'jsonl',
} as const;
export type TableKind = (typeof TableKind)[keyof typeof TableKind];

/** The table format whose file starts with these bytes (HEAD_BYTES of inputs.ts are enough), null if it looks like none. */
export function tableKind(head: Uint8Array): TableKind | null {
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith('ARROW1')) return TableKind.ArrowFile;
  if (text.startsWith('\xff\xff\xff\xff')) return TableKind.ArrowStream;
  if (text.startsWith('PAR1')) return TableKind.Parquet;
  if (/^\s*\{/.test(text)) return TableKind.JsonLines;
  return /^(\xef\xbb\xbf)?["\w][\w" ]*,/.test(text) ? TableKind.Csv : null;
}

/** Receives the table's rows in batches, each its own; the next waits for the promise. */
export type TableReceiver = (batch: Table, specs: readonly ColumnSpec[]) => void | Promise<void>;

/**
 * Reads a table.
 *
 * @param wanted which columns to take; others may be handed on too, where leaving them out saves nothing
 * @throws FlowlampError NOT_A_TABLE for bytes that do not parse
 */
export async function readTable(
  path: string,
  kind: TableKind,
  receive: TableReceiver,
  wanted?: (name: string) => boolean,
): Promise<void> {
  switch (kind) {
    case 'arrow':
    case 'arrows':
      return readArrow(path, receive, wanted);
    case 'parquet':
      return readParquet(path, receive);
    case 'csv':
      return readCsv(path, receive);
    case 'jsonl':
      return readJsonLines(path, receive);
  }
}

/** Arrow's library is loaded only where it is asked for: that takes a tenth of a second. */
async function readArrow(path: string, receive: TableReceiver, wanted?: (name: string) => boolean): Promise<void> {
  const { arrowBatches } = await import('./arrow-batches.ts');
  for await (const { batch, specs } of arrowBatches(path, wanted)) await receive(batch, specs);
}

async function readParquet(path: string, receive: TableReceiver): Promise<void> {
  const { parquetBatches } = await import('./parquet-batches.ts');
  for await (const { batch, specs } of parquetBatches(path)) await receive(batch, specs);
}

async function readCsv(path: string, receive: TableReceiver): Promise<void> {
  let specs: ColumnSpec[] | null = null;
  const rows: string[][] = [];
  for await (const cells of csvRows(path)) {
    if (specs === null) specs = specsOfNames(cells);
    else if (rows.push(cells) === LIMITS.batchRows) await receive(tableOfCells(path, specs, rows.splice(0)), specs);
  }
  if (specs === null) throw emptyFile(path);
  await receive(tableOfCells(path, specs, rows), specs);
}

async function readJsonLines(path: string, receive: TableReceiver): Promise<void> {
  let specs: ColumnSpec[] | null = null;
  for await (const lines of readLines(path, LIMITS.batchRows)) {
    const objects = parseJsonLines(path, lines);
    specs ??= specsOfNames(Object.keys(objects[0] ?? {}));
    await receive(tableOfObjects(path, specs, objects), specs);
  }
  if (specs === null) throw emptyFile(path);
}
