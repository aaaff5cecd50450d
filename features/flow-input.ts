/**
 * What a program may hand over to have its flows extracted or scored: a path, bytes, a stream of them, rows or tables. All
 * become batches of flow rows, by the code that the command line uses.
 */
import { copyTable } from '../core/copy-table.ts';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { PackedColumns } from '../core/packed-columns.ts';
import type { ColumnSpec, Table } from '../core/table.ts';
import { inOrderOfTime } from './capture/in-order.ts';
import { CaptureChain } from './capture-chain.ts';
import { CustomColumns, type CustomFeature } from './custom-feature.ts';
import { nodeDigests } from './digests-node.ts';
import { type CaptureSummary, captureTables, tablesOf } from './extract.ts';
import { type ExtractOptions, Extractor } from './extractor.ts';
import { batchRows } from './files/batch-rows.ts';
import { kindOfHead, type SourceKind, sourceKind } from './files/flow-source.ts';
import { expandInputs, pathOfUrl } from './files/inputs.ts';
import { knownSpecs, withKnownTypes } from './files/known-types.ts';
import { holdAll, inMemory } from './files/random-access.ts';
import { bytesOfFile, type TableBytes, tableBatches } from './files/table-reader.ts';
import { specsOfNames, tableOfObjects } from './text/text-reader.ts';

/** A flow row as plain JSON has it (times as RFC 3339 text), or as `flows` yields it (times as nanoseconds). */
export type FlowRow = Readonly<Record<string, unknown>>;

/** A table of the package apache-arrow, whatever its version: its bytes are what is read. */
export interface ArrowTable {
  readonly schema: { readonly fields: readonly unknown[] };
  readonly batches: readonly unknown[];
}

/**
 * Where flows come from:
 *
 * - a path: a capture (pcap, pcapng; also gzip or zstd), a flow table (Arrow, Parquet, CSV, JSONL), a folder of captures, a
 *   glob, or `-` for standard input; a `file:` URL is the path that it names
 * - the bytes of a capture or of a flow table: whole, or an async iterable of pieces (a Node or web stream, a request's body)
 * - a table: of this package, or of apache-arrow
 * - rows as JSON objects: any iterable of them, async or not. The first batch of rows says which columns there are
 */
export type FlowInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Table
  | ArrowTable
  | Iterable<FlowRow>
  | AsyncIterable<Uint8Array | FlowRow>;

export interface FlowInputOptions extends ExtractOptions {
  /** What the input is called in errors and, for a capture in bytes, in the column `capture`. Default `input`. */
  readonly name?: string;
  /** Bytes of a stream that are taken before it is refused with LIMIT_EXCEEDED. Default no bound. */
  readonly maxBytes?: number;
  /**
   * Whether flows go on from one capture to the next of a folder or a glob, such as the ring of files that a sensor writes.
   * They are read in the order of their first packets, and `capture` names the one with a flow's first packet. Default no.
   */
  readonly continue?: boolean;
  /** Columns of one's own, behind those of flowlamp. */
  readonly features?: readonly CustomFeature[];
  /** Ends reading with its reason. */
  readonly signal?: AbortSignal;
  /** Told at the end of each capture what was read: packets, drops, damage. */
  readonly onCapture?: (name: string, summary: CaptureSummary) => void;
}

/** Rows of one input. */
export interface FlowBatch {
  /** The path, or `options.name`. */
  readonly name: string;
  /** Its own: it may be kept. `table.specs` is the same list for all batches of one input. */
  readonly table: Table;
}

const DEFAULT_NAME = 'input';

/**
 * The flow rows of any input, a batch at a time.
 *
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY, NOTHING_FOUND, NOT_A_CAPTURE, NOT_A_TABLE,
 *   LIMIT_EXCEEDED, OPTION_INVALID for what is none of these inputs, and as CustomColumns
 */
export async function* flowBatches(input: FlowInput, options: FlowInputOptions = {}): AsyncGenerator<FlowBatch> {
  const { signal, features = [] } = options;
  const own = features.length === 0 ? null : new CustomColumns(features);
  for await (const { name, table } of batchesOf(input, options)) {
    signal?.throwIfAborted();
    yield { name, table: own === null ? table : own.addTo(name, table) };
  }
}

function batchesOf(input: FlowInput, options: FlowInputOptions): AsyncGenerator<FlowBatch> {
  const name = options.name ?? DEFAULT_NAME;
  if (typeof input === 'string') return pathBatches(input, options);
  if (input instanceof URL) return pathBatches(pathOfUrl(input), options);
  if (input instanceof Uint8Array) return wholeBatches(name, input, options);
  if (input instanceof ArrayBuffer) return wholeBatches(name, new Uint8Array(input), options);
  if (typeof input !== 'object' || input === null) throw wrongInput(name, input);
  if (isTable(input)) return one(name, input);
  if (isArrowTable(input)) return arrowBatches(name, input, options);
  if (isAsyncIterable(input)) return streamBatches(name, input, options);
  if (isIterable(input)) return rowBatches(name, input);
  throw wrongInput(name, input);
}

async function* pathBatches(input: string, options: FlowInputOptions): AsyncGenerator<FlowBatch> {
  const paths = expandInputs([input]);
  if (options.continue === true && paths.length > 1) return yield* continuedBatches(paths, options);
  for (const path of paths) {
    yield* kindBatches(path, await sourceKind(path), path, bytesOfFile(path), options);
  }
}

/** Of captures in which flows go on from one to the next. */
async function* continuedBatches(found: readonly string[], options: FlowInputOptions): AsyncGenerator<FlowBatch> {
  const paths = await inOrderOfTime(found);
  const waiting: Table[] = [];
  const receive = (batch: Table) => void waiting.push(copyTable(batch));
  const chain = new CaptureChain(new Extractor(paths[0]!, nodeDigests, receive, options));
  for (const [i, path] of paths.entries()) {
    yield* captureBatches(path, tablesOf(chain.pieces(path, i === paths.length - 1), waiting), options);
  }
}

/** @param capture the path of a capture, or its bytes */
async function* kindBatches(
  name: string,
  kind: SourceKind,
  capture: string | AsyncIterable<Uint8Array>,
  bytes: TableBytes,
  options: FlowInputOptions,
): AsyncGenerator<FlowBatch> {
  if (kind !== 'capture') {
    for await (const { batch } of tableBatches(bytes, kind)) yield { name, table: batch };
    return;
  }
  yield* captureBatches(name, captureTables(name, capture, options), options);
}

async function* captureBatches(
  name: string,
  tables: AsyncGenerator<Table, CaptureSummary>,
  options: FlowInputOptions,
): AsyncGenerator<FlowBatch> {
  try {
    for (;;) {
      const next = await tables.next();
      if (next.done === true) {
        options.onCapture?.(name, next.value);
        return;
      }
      yield { name, table: next.value };
    }
  } finally {
    // Whoever stops early closes the file.
    await tables.return(undefined as never);
  }
}

/** Enough for the magic of every format, and for the first column name of a CSV file. */
const HEAD_BYTES = 128;
const PIECE_BYTES = 1 << 20;

function wholeBatches(name: string, bytes: Uint8Array, options: FlowInputOptions): AsyncGenerator<FlowBatch> {
  const pieces = () => slices(bytes);
  const table = { name, pieces, anywhere: () => inMemory(bytes) };
  return kindBatches(name, kindOfHead(name, bytes.subarray(0, HEAD_BYTES)), pieces(), table, options);
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Bytes or rows, as the first item says. */
async function* streamBatches(
  name: string,
  source: AsyncIterable<Uint8Array | FlowRow>,
  options: FlowInputOptions,
): AsyncGenerator<FlowBatch> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done !== true && !isBytes(first.value)) {
      yield* rowBatches(
        name,
        withFirst(first.value, iterator as AsyncIterator<FlowRow>, (item) => item),
      );
      return;
    }
    const pieces = bounded(name, withFirst(first.done === true ? null : first.value, iterator, bytesOf), options);
    const head: Uint8Array[] = [];
    for (let length = 0; length < HEAD_BYTES; ) {
      const next = await pieces.next();
      if (next.done === true) break;
      head.push(next.value.slice());
      length += next.value.length;
    }
    const start = joined(head);
    const all = async function* () {
      yield* slices(start);
      yield* pieces;
    };
    const bytes = { name, pieces: all, anywhere: () => holdAll(name, all()) };
    yield* kindBatches(name, kindOfHead(name, start), all(), bytes, options);
  } finally {
    await iterator.return?.();
  }
}

async function* withFirst<T, U>(first: T | null, iterator: AsyncIterator<T>, take: (item: T) => U): AsyncGenerator<U> {
  if (first !== null) yield take(first);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield take(next.value);
}

async function* bounded(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: FlowInputOptions,
): AsyncGenerator<Uint8Array> {
  let left = maxBytes;
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    left -= piece.length;
    if (left < 0) throw tooLong(name, maxBytes);
    yield piece;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Columns are those of the rows of the first batch; what later rows have besides is left out. */
async function* rowBatches(name: string, rows: Iterable<FlowRow> | AsyncIterable<FlowRow>): AsyncGenerator<FlowBatch> {
  let specs: ColumnSpec[] | null = null;
  let waiting: FlowRow[] = [];
  const take = (): Table => {
    specs ??= specsOfNames([...new Set(waiting.flatMap((row) => Object.keys(row)))], name);
    const table = tableOfObjects(name, specs, waiting);
    waiting = [];
    return table;
  };
  for await (const row of rows) {
    if (typeof row !== 'object' || row === null || Array.isArray(row) || isBytes(row)) throw wrongRow(name, row);
    waiting.push(row);
    if (waiting.length >= batchRows(specs === null ? ROW_COLUMNS : (specs as ColumnSpec[]).length)) {
      yield { name, table: take() };
    }
  }
  if (waiting.length > 0) yield { name, table: take() };
}

/** Columns that rows are taken to have until the first of them are there: so many that few rows wait. */
const ROW_COLUMNS = 4096;

async function* one(name: string, table: Table): AsyncGenerator<FlowBatch> {
  const specs = knownSpecs(table.specs);
  yield { name, table: withKnownTypes(name, specs, copyTable(table)) };
}

async function* arrowBatches(name: string, table: ArrowTable, options: FlowInputOptions): AsyncGenerator<FlowBatch> {
  const { tableToIPC } = await import('apache-arrow');
  yield* wholeBatches(name, tableToIPC(table as never, 'stream'), options);
}

function isTable(input: object): input is Table {
  if (!('specs' in input && 'columns' in input)) return false;
  return input.columns instanceof Map || input.columns instanceof PackedColumns;
}

function isArrowTable(input: object): input is ArrowTable {
  return 'schema' in input && 'batches' in input && Array.isArray(input.batches);
}

function isAsyncIterable(input: object): input is AsyncIterable<Uint8Array | FlowRow> {
  return Symbol.asyncIterator in input;
}

function isIterable(input: object): input is Iterable<FlowRow> {
  return Symbol.iterator in input;
}

function isBytes(item: unknown): item is Uint8Array {
  return item instanceof Uint8Array;
}

/** Pieces of a stream must stay what the first one was. */
function bytesOf(item: Uint8Array | FlowRow): Uint8Array {
  if (isBytes(item)) return item;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `a stream of bytes goes on with a ${typeof item}`,
    expected: 'Uint8Array in every piece',
    action: 'set no encoding on the stream',
  });
}

function wrongInput(name: string, input: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${name} is ${input === null ? 'null' : `a ${typeof input}`}`,
    expected: 'a path, bytes or a stream of them, a table, or an iterable of rows',
    action: 'put a single row in a list',
  });
}

function wrongRow(name: string, row: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.NotATable, {
    happened: `${name} holds a row that is ${Array.isArray(row) ? 'a list' : row === null ? 'null' : `a ${typeof row}`}`,
    expected: 'an object with columns of flows for each row',
    action: 'give what `flows` yields, or lines of JSONL parsed one by one',
  });
}

function tooLong(name: string, maxBytes: number): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${name} has more than ${maxBytes} bytes`,
    expected: 'at most that (maxBytes)',
    action: 'send less, or allow more',
  });
}
