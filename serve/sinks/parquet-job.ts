/** A finished journal becomes a Parquet file, which appears whole or not at all. */
import { arrowFileBatches } from '../../features/files/arrow-batches.ts';
import { openFile } from '../../features/files/random-access.ts';
import { type Compression, TableWriter } from '../../features/files/table-writer.ts';
import { withFindings } from './table-form.ts';

export interface ParquetJob {
  readonly journal: string;
  readonly path: string;
  readonly compression: Compression;
}

export async function writeParquet({ journal, path, compression }: ParquetJob): Promise<void> {
  const file = openFile(journal);
  let writer: TableWriter | null = null;
  try {
    for await (const { batch } of arrowFileBatches(journal, file)) {
      const table = withFindings(batch);
      writer ??= await TableWriter.open(path, 'parquet', table.specs, compression);
      writer.write(table);
    }
    writer?.finish();
  } finally {
    writer?.abandon();
    file.close();
  }
}
