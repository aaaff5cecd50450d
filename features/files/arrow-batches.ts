/** Arrow tables from files or standard input, batch by batch. */
import { type FileHandle, open } from 'node:fs/promises';
import { RecordBatchReader } from 'apache-arrow';
import { type ColumnSpec, createTable, type Table } from '../../core/table.ts';
import { brokenColumn } from '../arrow/check.ts';
import { allowBatch } from '../arrow/codecs.ts';
import { fromRecordBatch, specsOfArrow } from '../arrow/from-arrow.ts';
import { STANDARD_INPUT, unreadable } from '../capture/input.ts';
import { notATable } from '../text/text-reader.ts';

/** Which columns to take. */
export type Wanted = (name: string) => boolean;

interface Batch {
  readonly batch: Table;
  readonly specs: readonly ColumnSpec[];
}

/** At least one batch, empty if the table is. A generator, so that what its user throws is not taken for damage. */
export async function* arrowBatches(path: string, wanted: Wanted = () => true): AsyncGenerator<Batch> {
  const file = path === STANDARD_INPUT ? null : await openTable(path);
  try {
    const reader = await (file === null ? RecordBatchReader.from(process.stdin) : RecordBatchReader.from(file));
    allowBatch();
    await reader.open();
    const specs = specsOfArrow(reader.schema).specs.filter(({ name }) => wanted(name));
    let batches = 0;
    for await (const batch of reader) {
      const broken = brokenColumn(batch);
      if (broken !== null) throw new Error(`the buffers of column ${broken} do not hold its rows`);
      yield { batch: fromRecordBatch(specs, batch), specs };
      batches++;
      allowBatch();
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
