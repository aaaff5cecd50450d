/** Parquet tables from files or standard input, batch by batch. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { type ColumnSpec, createTable, type Table } from '../../core/table.ts';
import { unpackZstd } from '../arrow/zstd.ts';
import type { PageSource } from '../parquet/column-reader.ts';
import { columnsOfParquet, tablesOfRowGroup } from '../parquet/from-parquet.ts';
import { PARQUET_LIMITS } from '../parquet/limits.ts';
import { type FileMetadata, readFileMetadata } from '../parquet/metadata.ts';
import { ParquetDamage } from '../parquet/thrift.ts';
import type { Decompressors } from '../parquet/unpack.ts';
import { notATable } from '../text/text-reader.ts';
import { batchRows } from './batch-rows.ts';
import type { RandomAccess } from './random-access.ts';

const MAGIC = 'PAR1';
/** Length and magic, at the end. */
const TAIL_BYTES = 8;

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

/**
 * At least one batch, empty if the table is. A generator, so that what its user throws is not taken for damage.
 *
 * @param name what to call the table in errors
 */
export function* parquetBatches(name: string, file: RandomAccess): Generator<Batch> {
  const metadata = damageNamed(name, () => metadataOf(file));
  const columns = damageNamed(name, () => columnsOfParquet(metadata));
  const specs = columns.map(({ spec }) => spec);
  const source = sourceOf(file);
  let batches = 0;
  for (const group of metadata.rowGroups) {
    const tables = tablesOfRowGroup(columns, group, source, batchRows(columns.length));
    for (;;) {
      const next = damageNamed(name, () => tables.next());
      if (next.done === true) break;
      yield { batch: next.value, specs };
      batches++;
    }
  }
  if (batches === 0) yield { batch: createTable(specs, 0), specs };
}

function damageNamed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ParquetDamage)) throw cause;
    throw notATable(path, `it is no whole Parquet table (${cause.message})`, cause);
  }
}

function metadataOf({ size, readAt }: RandomAccess): FileMetadata {
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

function sourceOf({ size, readAt }: RandomAccess): PageSource {
  const valuesLeft = PARQUET_LIMITS.values + PARQUET_LIMITS.valuesPerByte * size;
  return { readAt, decompressors: DECOMPRESSORS, heldBytes: 0, valuesLeft };
}
