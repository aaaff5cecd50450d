/** Parquet tables from files or standard input, batch by batch. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type ColumnSpec, createTable, type Table } from '../../core/table.ts';
import { unpackZstd } from '../arrow/zstd.ts';
import { newInputAccount, readInput, STANDARD_INPUT, unreadable } from '../capture/input.ts';
import type { PageSource, ReadAt } from '../parquet/column-reader.ts';
import { columnsOfParquet, tablesOfRowGroup } from '../parquet/from-parquet.ts';
import { PARQUET_LIMITS } from '../parquet/limits.ts';
import { type FileMetadata, readFileMetadata } from '../parquet/metadata.ts';
import { ParquetDamage } from '../parquet/thrift.ts';
import type { Decompressors } from '../parquet/unpack.ts';
import { notATable } from '../text/text-reader.ts';

const MAGIC = 'PAR1';
/** Length and magic, at the end. */
const TAIL_BYTES = 8;
/** A pipe cannot be read from its end, so all of it is held. */
const MAX_PIPED_BYTES = 1 << 30;

/** Each gives the length asked for or throws: none makes more of a page than it says. */
const DECOMPRESSORS: Decompressors = {
  gzip: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }),
  brotli: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  zstd: unpackZstd,
};

interface Batch {
  readonly batch: Table;
  readonly specs: readonly ColumnSpec[];
}

interface Opened {
  readonly size: number;
  readonly readAt: ReadAt;
  close(): void;
}

/** At least one batch, empty if the table is. A generator, so that what its user throws is not taken for damage. */
export async function* parquetBatches(path: string): AsyncGenerator<Batch> {
  const file = path === STANDARD_INPUT ? await readAll(path) : openFile(path);
  try {
    const metadata = damageNamed(path, () => metadataOf(file));
    const columns = damageNamed(path, () => columnsOfParquet(metadata));
    const specs = columns.map(({ spec }) => spec);
    const source = sourceOf(file);
    let batches = 0;
    for (const group of metadata.rowGroups) {
      const tables = tablesOfRowGroup(columns, group, source, LIMITS.batchRows);
      for (;;) {
        const next = damageNamed(path, () => tables.next());
        if (next.done === true) break;
        yield { batch: next.value, specs };
        batches++;
      }
    }
    if (batches === 0) yield { batch: createTable(specs, 0), specs };
  } finally {
    file.close();
  }
}

function damageNamed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ParquetDamage)) throw cause;
    throw notATable(path, `it is no whole Parquet table (${cause.message})`, cause);
  }
}

function metadataOf({ size, readAt }: Opened): FileMetadata {
  const tail = readAt(Math.max(0, size - TAIL_BYTES), size);
  const magic = String.fromCharCode(...tail.subarray(4));
  if (magic === 'PARE') throw new ParquetDamage('its footer is encrypted');
  if (tail.length < TAIL_BYTES || magic !== MAGIC) throw new ParquetDamage('its end is missing');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length > Math.min(size - TAIL_BYTES, PARQUET_LIMITS.footerBytes)) {
    throw new ParquetDamage('its footer is longer than the file, or than is read');
  }
  return readFileMetadata(readAt(size - TAIL_BYTES - length, size - TAIL_BYTES));
}

function sourceOf({ size, readAt }: Opened): PageSource {
  const valuesLeft = PARQUET_LIMITS.values + PARQUET_LIMITS.valuesPerByte * size;
  return { readAt, decompressors: DECOMPRESSORS, heldBytes: 0, valuesLeft };
}

function openFile(path: string): Opened {
  try {
    const file = openSync(path, 'r');
    const readAt = (start: number, end: number) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      let filled = 0;
      while (filled < bytes.length) {
        const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    };
    const { size } = fstatSync(file);
    return { size, readAt, close: () => closeSync(file) };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readAll(path: string): Promise<Opened> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of readInput(path, newInputAccount())) {
    pieces.push(piece.slice());
    size += piece.length;
    if (size > MAX_PIPED_BYTES) throw tooMuchPiped();
  }
  const all = Buffer.concat(pieces);
  return { size, readAt: (start, end) => all.subarray(start, end), close: () => undefined };
}

function tooMuchPiped(): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: 'the Parquet table on standard input is larger than 1 GiB',
    expected: 'less, since Parquet is read from its end',
    action: 'name it as a file',
  });
}
