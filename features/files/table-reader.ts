/** Flow tables from files or standard input, batch by batch, whatever their format. */
import { type FileHandle, open } from 'node:fs/promises';
import { RecordBatchReader } from 'apache-arrow';
import { LIMITS } from '../../core/limits.ts';
import { type ColumnSpec, createTable, type Table } from '../../core/table.ts';
import { brokenColumn } from '../arrow/check.ts';
import { fromRecordBatch, specsOfArrow } from '../arrow/from-arrow.ts';
import { STANDARD_INPUT, unreadable } from '../capture/input.ts';
import { emptyFile } from '../capture/reader.ts';
import { notATable, parseJsonLines, specsOfNames, tableOfCells, tableOfObjects } from '../text/text-reader.ts';
import { csvRows, readLines } from './lines.ts';

/** What a file is, by its first bytes. */
export const TableKind = { ArrowFile: 'arrow', ArrowStream: 'arrows', Csv: 'csv', JsonLines: 'jsonl' } as const;
export type TableKind = (typeof TableKind)[keyof typeof TableKind];

/** The table format whose file starts with these bytes (HEAD_BYTES of inputs.ts are enough), null if it looks like none. */
export function tableKind(head: Uint8Array): TableKind | null {
  const text = new TextDecoder('latin1').decode(head);
  if (text.startsWith('ARROW1')) return TableKind.ArrowFile;
  if (text.startsWith('\xff\xff\xff\xff')) return TableKind.ArrowStream;
  if (/^\s*\{/.test(text)) return TableKind.JsonLines;
  return /^(\xef\xbb\xbf)?["\w][\w" ]*,/.test(text) ? TableKind.Csv : null;
}

/** Receives the table's rows in batches, each its own; the next waits for the promise. */
export type TableReceiver = (batch: Table, specs: readonly ColumnSpec[]) => void | Promise<void>;

/**
 * Reads a table.
 *
 * @throws FlowlampError NOT_A_TABLE for bytes that do not parse
 */
export async function readTable(path: string, kind: TableKind, receive: TableReceiver): Promise<void> {
  switch (kind) {
    case 'arrow':
    case 'arrows':
      return readArrow(path, receive);
    case 'csv':
      return readCsv(path, receive);
    case 'jsonl':
      return readJsonLines(path, receive);
  }
}

async function readArrow(path: string, receive: TableReceiver): Promise<void> {
  for await (const { batch, specs } of arrowBatches(path)) await receive(batch, specs);
}

interface Batch {
  readonly batch: Table;
  readonly specs: readonly ColumnSpec[];
}

/** At least one batch, empty if the table is. A generator, so that what its user throws is not taken for damage. */
async function* arrowBatches(path: string): AsyncGenerator<Batch> {
  const file = path === STANDARD_INPUT ? null : await openTable(path);
  try {
    const reader = await (file === null ? RecordBatchReader.from(process.stdin) : RecordBatchReader.from(file));
    await reader.open();
    const { specs } = specsOfArrow(reader.schema);
    let batches = 0;
    for await (const batch of reader) {
      const broken = brokenColumn(batch);
      if (broken !== null) throw new Error(`the buffers of column ${broken} do not hold its rows`);
      yield { batch: fromRecordBatch(specs, batch), specs };
      batches++;
    }
    if (batches === 0) yield { batch: createTable(specs, 0), specs };
  } catch (cause) {
    throw notATable(path, `it is no whole Arrow table (${(cause as Error).message})`, cause);
  } finally {
    await file?.close().catch(() => undefined);
  }
}

async function openTable(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
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
