/** Flow tables from files or standard input, batch by batch, whatever their format. */
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { ArrowBounds } from '../arrow/limits.ts';
import { nameOf, type ReadProgress } from '../capture/input.ts';
import { emptyFile } from '../capture/reader.ts';
import { parseJsonLines, specsOfNames, tableOfCells, tableOfObjects } from '../text/text-reader.ts';
import { batchRows } from './batch-rows.ts';
import { isStream } from './inputs.ts';
import { knownSpecs, withKnownTypes } from './known-types.ts';
import { BATCH_CHARACTERS, csvRowsOf, linesOf, PAUSE } from './lines.ts';
import { holdAll, openFile, type RandomAccess } from './random-access.ts';
import { type IdleWatch, idleWatch, wholeInput } from './table-bytes.ts';

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

/** Where the bytes of a table come from; one of the two is asked for, once. */
export interface TableBytes {
  /** What to call the table in errors. */
  readonly name: string;
  /** From beginning to end; a piece is lent until the next is asked for. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
  /** Whether more is to come only later; without it, never. */
  readonly isIdle?: IdleWatch;
  /** From anywhere, for formats that are read from their end. */
  readonly anywhere: () => RandomAccess | Promise<RandomAccess>;
}

/** Rows of a table. */
export interface TableBatch {
  readonly batch: Table;
  /** The same list for all batches of a table. */
  readonly specs: readonly ColumnSpec[];
}

/**
 * Reads a table.
 *
 * @param path a file, a pipe, or `-` for standard input
 * @param wanted which columns to take; others may be handed on too, where leaving them out saves nothing
 * @param progress kept up to date where a table is read from its beginning to its end
 * @throws FlowlampError NOT_A_TABLE for bytes that do not parse
 */
export async function readTable(
  path: string,
  kind: TableKind,
  receive: TableReceiver,
  wanted?: (name: string) => boolean,
  progress?: ReadProgress,
): Promise<void> {
  const from = bytesOfFile(path, progress);
  for await (const { batch, specs } of tableBatches(from, kind, wanted)) await receive(batch, specs);
}

/** The bytes of a file or a pipe, decompressed. */
export function bytesOfFile(path: string, progress?: ReadProgress): TableBytes {
  const name = nameOf(path);
  const pieces = () => wholeInput(path, progress);
  const anywhere = () => (isStream(path) ? holdAll(name, pieces()) : openFile(path));
  return { name, pieces, isIdle: idleWatch(path), anywhere };
}

/**
 * The rows of a table, a batch at a time: at least one, empty if the table is. Columns of flows have the types that they
 * have here, where what they were kept as can be turned to them without loss.
 *
 * @param bounds of Arrow; default those of files
 * @throws FlowlampError NOT_A_TABLE for bytes that do not parse, and values that their columns cannot hold
 */
export async function* tableBatches(
  from: TableBytes,
  kind: TableKind,
  wanted?: (name: string) => boolean,
  bounds?: ArrowBounds,
): AsyncGenerator<TableBatch> {
  let [found, known]: (readonly ColumnSpec[])[] = [[], []];
  for await (const { batch, specs } of rawBatches(from, kind, wanted, bounds)) {
    if (specs !== found) [found, known] = [specs, knownSpecs(specs)];
    yield { batch: withKnownTypes(from.name, known!, batch), specs: known! };
  }
}

async function* rawBatches(
  from: TableBytes,
  kind: TableKind,
  wanted?: (name: string) => boolean,
  bounds?: ArrowBounds,
): AsyncGenerator<TableBatch> {
  switch (kind) {
    case 'arrow':
    case 'parquet': {
      const file = await from.anywhere();
      try {
        if (kind === 'arrow')
          yield* (await import('./arrow-batches.ts')).arrowFileBatches(from.name, file, wanted, bounds);
        else yield* (await import('./parquet-batches.ts')).parquetBatches(from.name, file);
      } finally {
        file.close();
      }
      return;
    }
    case 'arrows':
      yield* (await import('./arrow-batches.ts')).arrowStreamBatches(from.name, from.pieces(), wanted, bounds);
      return;
    case 'csv':
      yield* csvBatches(from);
      return;
    case 'jsonl':
      yield* jsonLineBatches(from);
  }
}

async function* csvBatches({ name, pieces, isIdle }: TableBytes): AsyncGenerator<TableBatch> {
  let specs: ColumnSpec[] | null = null;
  let characters = 0;
  const rows: string[][] = [];
  for await (const cells of csvRowsOf(name, pieces(), isIdle)) {
    if (cells === PAUSE) {
      if (specs === null || rows.length === 0) continue;
    } else if (specs === null) {
      specs = specsOfNames(cells, name);
      continue;
    } else {
      rows.push(cells);
      characters += cells.reduce((sum, { length }) => sum + length, cells.length);
      if (rows.length < batchRows(specs.length) && characters < BATCH_CHARACTERS) continue;
    }
    yield { batch: tableOfCells(name, specs, rows.splice(0)), specs };
    characters = 0;
  }
  if (specs === null) throw emptyFile(name);
  yield { batch: tableOfCells(name, specs, rows), specs };
}

async function* jsonLineBatches({ name, pieces, isIdle }: TableBytes): AsyncGenerator<TableBatch> {
  let specs: ColumnSpec[] | null = null;
  // The first line says which columns there are, and so how many rows are taken at a time.
  const most = () => (specs === null ? 1 : batchRows(specs.length));
  let waiting: Record<string, unknown>[] = [];
  for await (const lines of linesOf(name, pieces(), most, isIdle)) {
    const objects = parseJsonLines(name, lines);
    if (specs === null) {
      specs = specsOfNames(Object.keys(objects[0]!), name);
      waiting = objects;
      continue;
    }
    yield { batch: tableOfObjects(name, specs, [...waiting.splice(0), ...objects]), specs };
  }
  if (specs === null) throw emptyFile(name);
  if (waiting.length > 0) yield { batch: tableOfObjects(name, specs, waiting), specs };
}
