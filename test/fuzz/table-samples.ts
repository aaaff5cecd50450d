/** Flow tables in every format that is read: what flowlamp writes, and Arrow as other programs write it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Dictionary,
  Int32,
  Int64,
  LargeUtf8,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { TableKind } from '../../features/files/table-reader.ts';
import { type Compression, type TableFormat, TableWriter } from '../../features/files/table-writer.ts';
import { extract } from '../../features/flows.ts';
import { SPECS, someTable } from '../features/files/some-table.ts';
import type { TableSample } from './tables.ts';

const WRITTEN: readonly (readonly [TableFormat, Compression])[] = [
  ['arrow', 'none'],
  ['arrow', 'zstd'],
  ['arrows', 'none'],
  ['arrows', 'zstd'],
  ['parquet', 'none'],
  ['parquet', 'zstd'],
  ['csv', 'none'],
  ['jsonl', 'none'],
];

/** A table of twelve columns and one of the flows of a capture, in each format. */
export async function tableSamples(capture: string): Promise<TableSample[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-tables-'));
  const flows = [];
  for await (const table of extract(capture)) flows.push(table);
  try {
    const samples: TableSample[] = [...foreign()];
    for (const [format, compression] of WRITTEN) {
      for (const [name, tables] of [
        ['few', [someTable()]],
        ['all', flows],
      ] as const) {
        const path = join(folder, 'table');
        const writer = await TableWriter.open(path, format, name === 'few' ? SPECS : tables[0]!.specs, compression);
        for (const table of tables) writer.write(table);
        writer.finish();
        const bytes = new Uint8Array(readFileSync(path));
        samples.push({ name: `${name} columns, ${format}, ${compression}`, kind: format, bytes });
      }
    }
    return samples;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Types that others use: dictionaries, 64-bit offsets, signed counts, microseconds. */
function foreign(): TableSample[] {
  const table = new Table({
    label: vectorFromArray(['a', 'b', null, 'a'], new Dictionary(new Utf8(), new Int32(), 7)),
    sni: vectorFromArray(['x', null, 'ünï', ''], new LargeUtf8()),
    fwd_packets: vectorFromArray([1n, 2n, null, 4n], new Int64()),
    first_seen: vectorFromArray([1, 2, 3, 4], new TimestampMicrosecond('UTC')),
  });
  return (['file', 'stream'] as const).map((form) => {
    const kind: TableKind = form === 'file' ? 'arrow' : 'arrows';
    return { name: `foreign ${form}`, kind, bytes: tableToIPC(table, form) };
  });
}
