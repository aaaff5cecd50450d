/** `extract --schema`: rows as other flow meters write them, in every format and with the other options. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExtractCommandOptions, runExtract } from '../../cli/commands/extract.ts';
import { importTable } from '../../datasets/import/import.ts';
import { readTable, TableKind } from '../../features/files/table-reader.ts';
import { CICFLOWMETER } from '../../features/rows/peers/cicflowmeter.ts';
import { NFSTREAM } from '../../features/rows/peers/nfstream.ts';
import { PEER_SCHEMAS } from '../../features/rows/peers/schemas.ts';
import { type Row, rowsOf } from '../support/rows.ts';
import { flowlamp, jsonRows, manifest, sample, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const demo = sample('demo.pcap');
const FLOWS = { idleTimeout: 120, activeTimeout: 1800, maxFlows: 1e6, quiet: true, jobs: 1 };
const BINARY = [
  ['arrow', TableKind.ArrowFile],
  ['arrows', TableKind.ArrowStream],
  ['parquet', TableKind.Parquet],
] as const;
let files = 0;
let theirs: Row[];

/** Runs the command into a file; its text. */
async function extracted(options: Partial<ExtractCommandOptions>, inputs = [demo]): Promise<string> {
  const output = folder.at(`${files++}`);
  await runExtract(inputs, { ...FLOWS, format: 'jsonl', output, ...options });
  return readFileSync(output, 'utf8');
}

const rowsFrom = async (options: Partial<ExtractCommandOptions>, inputs?: string[]) =>
  jsonRows(await extracted(options, inputs));

beforeAll(async () => {
  theirs = await rowsFrom({ schema: 'nfstream' });
});
afterAll(() => folder.remove());

test.each(PEER_SCHEMAS.map(({ name, columns }) => [name, columns] as const))(
  '--schema %s has the same rows in every format',
  async (schema, columns) => {
    const lines = await rowsFrom({ schema });
    expect(lines).toHaveLength(16);
    expect(Object.keys(lines[0]!)).toEqual(columns.map(({ name }) => name));
    const [header, ...rest] = (await extracted({ schema, format: 'csv' })).trimEnd().split('\n');
    expect(header).toBe(columns.map(({ name }) => name).join(','));
    expect(rest).toHaveLength(16);
    for (const [format, kind] of BINARY) {
      const output = folder.at(`${schema}.${format}`);
      await runExtract([demo], { ...FLOWS, output, schema });
      const rows: Row[] = [];
      await readTable(output, kind, (batch) => void rows.push(...rowsOf(batch)));
      expect(rows, format).toEqual(lines);
    }
  },
  60_000,
);

test('--columns speaks of their columns, --filter of ours', async () => {
  const options = { schema: 'nfstream', columns: ['bidirectional_bytes', 'dst_port'], filter: 'fwd_bytes > 5000' };
  const found = await rowsFrom(options);
  const expected = theirs
    .filter((row) => (row['src2dst_bytes'] as number) > 5000)
    .map((row) => ({ bidirectional_bytes: row['bidirectional_bytes'], dst_port: row['dst_port'] }));
  expect(expected.length).toBeGreaterThan(0);
  expect(expected.length).toBeLessThan(theirs.length);
  expect(found).toEqual(expected);
  await expect(extracted({ schema: 'nfstream', columns: ['fwd_bytes'] })).rejects.toThrow(
    /nfstream 6.5 has no column fwd_bytes; expected --columns in the words of --schema nfstream: id, .*; correct --columns/,
  );
  await expect(extracted({ schema: 'nfstream', filter: 'src2dst_bytes > 1' })).rejects.toThrow(
    /the filter asks for src2dst_bytes, a column of nfstream; expected columns of flowlamp in --filter/,
  );
  // A column that nothing is known of needs nothing to be read, and still has its rows.
  expect(await rowsFrom({ schema: 'nfstream', columns: ['src_mac'] })).toEqual(theirs.map(() => ({ src_mac: null })));
});

test('addresses are replaced before columns are made of them', async () => {
  const anonymize = folder.at('key');
  writeFileSync(anonymize, 'c0ffee42'.repeat(8));
  chmodSync(anonymize, 0o600);
  const columns = ['Flow ID', 'Src IP', 'Src Port', 'Dst IP', 'Dst Port', 'Protocol'];
  const rows = await rowsFrom({ schema: 'cicflowmeter', columns, anonymize });
  for (const [i, row] of rows.entries()) {
    expect(row['Src IP']).not.toBe(theirs[i]!['src_ip']);
    const [src, dst, ...rest] = [row['Src IP'], row['Dst IP'], row['Src Port'], row['Dst Port'], row['Protocol']];
    expect(row['Flow ID']).toBe([src, dst, ...rest].join('-'));
  }
});

test('labels stand where the schema has a place, or at the end', async () => {
  const [inCic, inNfstream] = await Promise.all([
    rowsFrom({ schema: 'cicflowmeter', label: 'mining' }),
    rowsFrom({ schema: 'nfstream', labels: manifest }),
  ]);
  expect(new Set(inCic.map((row) => row['Label']))).toEqual(new Set(['mining']));
  expect(Object.keys(inNfstream[0]!).at(-1)).toBe('label');
  expect(new Set(inNfstream.map((row) => row['label']))).toEqual(new Set(['mining', 'other']));
  const bare = ({ label, ...row }: Row) => row;
  expect(inNfstream.map(bare)).toEqual(theirs);
});

test('ids go on over several captures', async () => {
  const rows = await rowsFrom({ schema: 'nfstream', columns: ['id'] }, [demo, demo]);
  expect(rows.map((row) => row['id'])).toEqual(Array.from({ length: 32 }, (_, i) => i));
});

/** Columns that an importer takes as they are; the others it reckons anew from what it was given. */
const SAME = /^(src|dst)_(ip|port)$|^protocol$|_(packets|bytes)$|_iat_(min|mean|max)_us$|_packet_size_(min|mean|max)$/;

test.each(['cicflowmeter', 'nfstream'])(
  'what --schema %s writes is read by dataset import as what it was',
  async (schema) => {
    const output = folder.at(`${schema}.csv`);
    await runExtract([demo], { ...FLOWS, output, schema });
    const back: Row[] = [];
    const { importer, refused } = await importTable(
      output,
      { format: null, label: null },
      (table) => void back.push(...rowsOf(table)),
    );
    expect([importer.name, refused]).toEqual([schema, 0]);
    const ours = await rowsFrom({});
    let compared = 0;
    for (const [i, row] of back.entries()) {
      for (const [name, value] of Object.entries(row).filter(([each, given]) => SAME.test(each) && given !== null)) {
        compared++;
        const expected = ours[i]![name] ?? 0;
        if (typeof value === 'number') expect(value, name).toBeCloseTo(expected as number, 6);
        else expect(value, name).toBe(expected);
      }
    }
    expect(compared).toBeGreaterThan(16 * 15);
  },
);

test('an unknown schema is a usage error that names those there are; a known one says what it lacks', async () => {
  const [unknown, known] = await Promise.all([
    flowlamp(['extract', demo, '--schema', 'cic']),
    flowlamp(['extract', demo, '--schema', 'cicflowmeter', '-f', 'csv']),
  ]);
  expect(unknown.code).toBe(2);
  expect(unknown.stdout).toBe('');
  expect(unknown.stderr).toContain("argument 'cic' is invalid. Allowed choices are cicflowmeter, nfstream.");
  const lacking = CICFLOWMETER.columns.filter(({ from }) => from.length === 0).length;
  expect(known.code).toBe(0);
  expect(known.stderr).toContain(`columns of CICFlowMeter V4: 84 columns, ${lacking} of them null`);
  expect(NFSTREAM.columns).toHaveLength(89);
});
