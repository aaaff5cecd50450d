/** Bodies to tables: rows of JSON, Arrow tables and captures, each within its bounds. */
import type { IncomingMessage } from 'node:http';
import { ErrorCode } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { Damage } from '../../features/capture/decoder.ts';
import { newInputAccount, unpacked } from '../../features/capture/input.ts';
import { batchRows } from '../../features/files/batch-rows.ts';
import { holdAll } from '../../features/files/random-access.ts';
import { tableBatches } from '../../features/files/table-reader.ts';
import { notATable, specsOfNames, tableOfObjects } from '../../features/text/text-reader.ts';
import { JsonRefused, measureJson, parseBoundedJson } from '../intelligence/bounded-json.ts';
import { announcedLength, BODY_NAME, bodyPieces, wholeBody } from './body.ts';
import { tablesApart } from './capture-apart.ts';
import { FIXED_LIMITS, type HttpLimits } from './limits.ts';
import { Media, type ScoredMedia } from './media.ts';
import { busy, Refusal, tooLarge } from './refusal.ts';

/** What was read besides rows; filled while it is read. */
export interface BodyAccount {
  /** Whether nobody waits for the rows any more; reading then ends. */
  isOver: boolean;
  /** In words, null where a capture was read to its end. */
  damage: string | null;
  /** JSON: whether the rows stood in a member of that name. */
  isWrapped: boolean;
}

/** Bytes that a body of the type may have. */
export function mostBytes(media: ScoredMedia, { captureBytes, arrowBytes, jsonBytes }: HttpLimits): number {
  switch (media) {
    case Media.Capture:
      return captureBytes;
    case Media.ArrowStream:
    case Media.ArrowFile:
      return arrowBytes;
    default:
      return jsonBytes;
  }
}

/** Memory that it is taken to need to score a body, by the length that it announces. */
export function memoryOf(media: ScoredMedia, request: IncomingMessage, limits: HttpLimits): number {
  const length = announcedLength(request) ?? mostBytes(media, limits);
  const { leastMemory, captureMemory, jsonFactor } = FIXED_LIMITS;
  if (media === Media.Capture) return captureMemory;
  if (media === Media.Json || media === Media.JsonLines) return leastMemory + jsonFactor * length;
  const { unpackedBytes, tableBytes, dictionaryBytes } = arrowBounds(length);
  return leastMemory + length + unpackedBytes + tableBytes + dictionaryBytes;
}

/** The rows of a body, a table at a time. */
export async function* bodyTables(
  media: ScoredMedia,
  request: IncomingMessage,
  limits: HttpLimits,
  account: BodyAccount,
): AsyncGenerator<Table> {
  const most = mostBytes(media, limits);
  let rows = 0;
  for await (const table of tablesOf(media, request, most, limits, account)) {
    rows += table.length;
    if (rows > FIXED_LIMITS.rows) throw tooManyRows();
    yield table;
  }
}

async function* tablesOf(
  media: ScoredMedia,
  request: IncomingMessage,
  most: number,
  limits: HttpLimits,
  account: BodyAccount,
): AsyncGenerator<Table> {
  switch (media) {
    case Media.Json:
      yield* rowTables(listOfRows(parsed(await wholeBody(request, most, limits)), account));
      return;
    case Media.JsonLines:
      yield* rowTables(rowsOfLines(await wholeBody(request, most, limits)));
      return;
    case Media.Capture:
      yield* capture(bodyPieces(request, most, limits), limits, account);
      return;
    default: {
      const bounds = arrowBounds(announcedLength(request) ?? most);
      const pieces = () => bodyPieces(request, most, limits);
      const from = { name: BODY_NAME, pieces, anywhere: () => holdAll(BODY_NAME, pieces()) };
      const kind = media === Media.ArrowFile ? 'arrow' : 'arrows';
      for await (const { batch } of tableBatches(from, kind, countedColumns(), bounds)) yield batch;
    }
  }
}

/** Takes every column, as long as they are not too many. */
function countedColumns(): () => boolean {
  let columns = 0;
  return () => {
    if (++columns > FIXED_LIMITS.columns) throw tooManyColumns();
    return true;
  };
}

/** Of the length of a table: a few bytes can stand for any number of zeros. */
function arrowBounds(length: number) {
  const { arrowFactor, arrowLeast, arrowMost } = FIXED_LIMITS;
  const bytes = Math.min(arrowMost, Math.max(arrowLeast, arrowFactor * length));
  return { unpackedBytes: bytes, tableBytes: bytes, dictionaryBytes: bytes };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseBoundedJson(bytes, FIXED_LIMITS);
  } catch (cause) {
    throw refusedJson(cause);
  }
}

function refusedJson(cause: unknown): unknown {
  return cause instanceof JsonRefused ? notATable(BODY_NAME, `it ${cause.message}`) : cause;
}

function listOfRows(value: unknown, account: BodyAccount): unknown[] {
  if (Array.isArray(value)) return value;
  const { rows, ...rest } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(rows) || Object.keys(rest).length > 0) {
    throw new Refusal(400, ErrorCode.OptionInvalid, {
      happened: 'the body is no list of rows',
      expected: 'a list of objects, or an object with such a list in its member rows and nothing else',
      action: 'put a single row in a list',
    });
  }
  account.isWrapped = true;
  return rows;
}

function rowsOfLines(bytes: Uint8Array): unknown[] {
  try {
    measureJson(bytes, FIXED_LIMITS);
  } catch (cause) {
    throw refusedJson(cause);
  }
  const lines = new TextDecoder().decode(bytes).split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw notATable(BODY_NAME, `line ${i + 1} is no JSON`);
    }
  });
}

/** Columns by the names that rows have: the same list for the same names, so that it is checked once. */
const knownNames = new Map<string, ColumnSpec[]>();
const MOST_KNOWN = 32;

function specsOf(names: readonly string[]): ColumnSpec[] {
  const key = JSON.stringify(names);
  const known = knownNames.get(key);
  if (known !== undefined) return known;
  const specs = specsOfNames(names, BODY_NAME);
  if (knownNames.size >= MOST_KNOWN) knownNames.delete(knownNames.keys().next().value!);
  knownNames.set(key, specs);
  return specs;
}

function* rowTables(rows: readonly unknown[]): Generator<Table> {
  const names = new Set<string>();
  for (const row of rows) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw notATable(BODY_NAME, 'a row is no object');
    for (const name of Object.keys(row)) names.add(name);
    if (names.size > FIXED_LIMITS.columns) throw tooManyColumns();
  }
  const specs = specsOf([...names]);
  const most = batchRows(specs.length);
  for (let from = 0; from < rows.length; from += most) {
    yield tableOfObjects(BODY_NAME, specs, rows.slice(from, from + most) as Record<string, unknown>[]);
  }
}

async function* capture(
  pieces: AsyncGenerator<Uint8Array>,
  { unpackedBytes }: HttpLimits,
  account: BodyAccount,
): AsyncGenerator<Table> {
  const input = newInputAccount();
  // fzstd takes as much memory as the first bytes of a frame ask for.
  const outer = unpacked(
    withHead(pieces, (head) => refuse(head, ZSTD, 'zstd')),
    input,
  );
  const inner = withHead(outer, (head) => {
    refuse(head, ZSTD, 'zstd');
    if (input.compression !== 'none') refuse(head, GZIP, 'gzip within gzip');
  });
  const tables = tablesApart(BODY_NAME, boundedBytes(inner, unpackedBytes, account));
  try {
    for (;;) {
      const next = await tables.next();
      if (next.done !== true) {
        yield next.value;
        continue;
      }
      const damage = input.damage === Damage.None ? next.value : input.damage;
      account.damage = damage === Damage.None ? null : damage;
      return;
    }
  } finally {
    await tables.return(undefined as never);
  }
}

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/** The same pieces, once their first bytes have been looked at. */
async function* withHead(
  pieces: AsyncIterable<Uint8Array>,
  check: (head: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const piece of pieces) {
    if (head === null) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < ZSTD.length) continue;
    check(head);
    yield head;
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}

function refuse(head: Uint8Array, magic: readonly number[], packed: string): void {
  if (!magic.every((byte, i) => head[i] === byte)) return;
  throw new Refusal(415, ErrorCode.Unsupported, {
    happened: `the capture is compressed with ${packed}`,
    expected: 'a capture as it is, or gzip',
    action: 'unpack it first',
  });
}

async function* boundedBytes(
  pieces: AsyncIterable<Uint8Array>,
  most: number,
  account: BodyAccount,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of pieces) {
    if (account.isOver) throw tooLate();
    bytes += piece.length;
    if (bytes > most) throw tooLarge('the capture, once unpacked,', most);
    yield piece;
  }
}

export function tooLate(): Refusal {
  return busy('the request took too long to score', 1);
}

function tooManyColumns(): Refusal {
  return tooMany('columns', FIXED_LIMITS.columns);
}

function tooManyRows(): Refusal {
  return tooMany('rows', FIXED_LIMITS.rows);
}

function tooMany(what: string, most: number): Refusal {
  return new Refusal(413, ErrorCode.LimitExceeded, {
    happened: `${BODY_NAME} has more than ${most} ${what}`,
    expected: 'at most that',
    action: 'send less at a time, or score a file with `flowlamp score`',
  });
}
