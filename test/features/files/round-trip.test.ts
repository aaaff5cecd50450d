import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../../core/limits.ts';
import type { ColumnSpec, Table } from '../../../core/table.ts';
import { CaptureReader } from '../../../features/capture/reader.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { Extractor } from '../../../features/extractor.ts';
import { headOf } from '../../../features/files/inputs.ts';
import { readTable, tableKind } from '../../../features/files/table-reader.ts';
import {
  chooseColumns,
  formatOfPath,
  TABLE_FORMATS,
  type TableFormat,
  TableWriter,
} from '../../../features/files/table-writer.ts';
import { jsonCell } from '../../../features/text/cell.ts';
import { FEATURES } from '../../../features/vector/schema.ts';
import { ascii } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { ROWS, SPECS, someTable } from './some-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function written(
  format: TableFormat,
  batches: readonly (readonly Row[])[],
  specs: readonly ColumnSpec[] = SPECS,
): Promise<string> {
  const path = join(folder, `table.${format}`);
  const writer = await TableWriter.open(path, format, specs);
  for (const rows of batches) writer.write(someTable(rows));
  writer.finish();
  return path;
}

async function readBack(path: string): Promise<{ rows: Row[]; specs: readonly ColumnSpec[] }> {
  const rows: Row[] = [];
  let specs: readonly ColumnSpec[] = [];
  await readTable(path, tableKind(headOf(path))!, (batch, found) => {
    rows.push(...rowsOf(batch));
    specs = found;
  });
  return { rows, specs };
}

/** Rows as text: making objects of thousands of them, and comparing those, takes seconds. */
function textsOf(table: Table): string[] {
  const columns = [...table.columns].map(([name, column]) => [JSON.stringify(name), column] as const);
  return Array.from({ length: table.length }, (_, row) =>
    columns.map(([name, column]) => `${name}:${jsonCell(column, row)}`).join(),
  );
}

/** More flows than a batch has rows. */
const FLOWS = LIMITS.batchRows + 8;
const capture = pcap(
  Array.from({ length: FLOWS }, (_, i) => ({
    at: i / 100,
    bytes: udp(`10.0.0.1:${i + 1}`, '10.0.0.2:53', ascii('q')),
  })),
  { nanoseconds: true },
);
function extractInto(receive: (batch: Table) => void): void {
  const extractor = new Extractor('test.pcap', nodeDigests, receive);
  const reader = new CaptureReader('test.pcap', extractor);
  reader.write(capture);
  reader.finish();
  extractor.finish();
}

const extracted: string[] = [];
beforeAll(() => extractInto((batch) => void extracted.push(...textsOf(batch))));

describe.each(TABLE_FORMATS)('%s', (format) => {
  test('is recognised by its first bytes', async () => {
    expect(tableKind(headOf(await written(format, [ROWS])))).toBe(format);
  });

  test('gives back every value, and null for null', async () => {
    const { rows, specs } = await readBack(await written(format, [ROWS]));
    expect(rows).toEqual(ROWS);
    expect(specs.map(({ name, type, unit }) => ({ name, type, unit }))).toEqual(
      SPECS.map(({ name, type, unit }) => ({ name, type, unit })),
    );
  });

  test('holds any number of batches', async () => {
    const { rows } = await readBack(await written(format, [ROWS.slice(0, 5), ROWS.slice(5, 6), [], ROWS.slice(6)]));
    expect(rows).toEqual(ROWS);
  });

  test('of real flows gives back what was extracted', async () => {
    const path = join(folder, `real.${format}`);
    const writer = await TableWriter.open(path, format, FEATURES);
    extractInto((batch) => writer.write(batch));
    writer.finish();
    const read: string[] = [];
    await readTable(path, tableKind(headOf(path))!, (batch) => void read.push(...textsOf(batch)));
    expect(read).toHaveLength(FLOWS);
    expect(read.every((text, i) => text === extracted[i])).toBe(true);
  });
});

test.each(['arrow', 'arrows', 'parquet', 'csv'] as const)('an empty %s table keeps its columns', async (format) => {
  const path = await written(format, []);
  const { rows, specs } = await readBack(path);
  expect(rows).toEqual([]);
  expect(specs.map(({ name }) => name)).toEqual(SPECS.map(({ name }) => name));
});

test('the text of CSV is RFC 4180 and that of JSONL one object a line', async () => {
  const rows = [ROWS[1]!, ROWS[2]!];
  const csv = readFileSync(await written('csv', [rows]), 'utf8');
  expect(csv.split('\n')[0]).toBe(SPECS.map(({ name }) => name).join(','));
  expect(csv.split('\n')[1]).toBe(
    'dir/file 1.pcap,1,4294967295,2024-02-29T23:59:51.999999998Z,0,6,0.5,"[1,-1,2147483647,-2147483648]","[0,0.001,1000000000000000]",,true,"with, comma"',
  );
  expect(csv.split('\n')[2]).toMatch(/,\[\],false,"with ""quotes"""$/);
  const lines = readFileSync(await written('jsonl', [rows]), 'utf8')
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
});

test.each(['csv', 'jsonl'] as const)(
  '%s may be compressed, have CRLF line ends and a byte order mark',
  async (format) => {
    const rows = ROWS.slice(0, 3);
    const text = `\ufeff${readFileSync(await written(format, [rows]), 'utf8').replaceAll('\n', '\r\n')}`;
    const path = join(folder, `foreign.${format}`);
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      writeFileSync(path, bytes);
      const found: Row[] = [];
      await readTable(path, format, (batch) => void found.push(...rowsOf(batch)));
      expect(found).toEqual(rows);
    }
  },
);

test('a CSV file is recognised however long the name of its first column is', async () => {
  const specs = chooseColumns(FEATURES, ['fwd_packet_size_std', 'label']);
  const { rows } = await readBack(await written('csv', [ROWS.slice(1, 3)], specs));
  expect(rows.map((row) => row['label'])).toEqual(['with, comma', 'with "quotes"']);
});

test('a format goes by the ending of the file name', () => {
  expect(
    ['a.arrow', 'a.FEATHER', 'a.b.arrows', 'a.csv', 'a.jsonl', 'a.ndjson', 'a.txt', 'a'].map(formatOfPath),
  ).toEqual(['arrow', 'arrow', 'arrows', 'csv', 'jsonl', 'jsonl', null, null]);
});

test('columns are chosen in the order named; others are COLUMN_UNKNOWN', () => {
  expect(chooseColumns(SPECS, ['label', 'part']).map(({ name }) => name)).toEqual(['label', 'part']);
  const refusal = (name: string, expected: string) =>
    expect(() => chooseColumns(FEATURES, ['part', name])).toThrow(
      expect.objectContaining({ code: 'COLUMN_UNKNOWN', expected: expect.stringMatching(expected) }),
    );
  refusal('dstport', '^perhaps dst_port');
  refusal('x'.repeat(80), '^a column, such as capture, flow_id');
});
