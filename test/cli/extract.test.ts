import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FEATURES } from '../../features/vector/schema.ts';
import { keptProgram } from './kept.ts';
import { expectNoRemains, jsonRows, manifest, type Outcome, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const COLUMN_NAMES = FEATURES.map(({ name }) => name);
const DEMO_FLOWS = 16;

let onPipe: Outcome;
beforeAll(async () => {
  onPipe = await flowlamp(['extract', demo]);
});
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

test('without -o and -f, rows go to standard output as JSON lines with every column in order', () => {
  const rows = jsonRows(onPipe.stdout);
  expect(onPipe.code).toBe(0);
  expect(rows).toHaveLength(DEMO_FLOWS);
  expect(Object.keys(rows[0]!)).toEqual(COLUMN_NAMES);
});

test('the summary goes to standard error, in words and units', () => {
  expect(onPipe.stderr).toMatch(/^1 capture: 2,245 packets; 16 flows; \d+\.\d\d s\n$/);
});

test('every format holds the same rows', async () => {
  const rows = jsonRows(onPipe.stdout);
  const [arrow, arrows, csv, jsonl] = await Promise.all(
    ['arrow', 'arrows', 'csv', 'jsonl'].map(async (ending) => {
      const path = folder.at(`flows.${ending}`);
      expect((await flowlamp(['extract', demo, '-o', path])).code).toBe(0);
      return readFileSync(path);
    }),
  );
  expect(jsonRows(jsonl!.toString())).toEqual(rows);

  expect(arrow!.subarray(0, 6).toString()).toBe('ARROW1');
  expect(arrows!.subarray(0, 4)).toEqual(Buffer.from([255, 255, 255, 255]));
  for (const bytes of [arrow!, arrows!]) {
    const table = tableFromIPC(bytes);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(COLUMN_NAMES);
    expect([...table.getChild('flow_id')!].map(Number)).toEqual(rows.map((row) => row['flow_id']));
    expect([...table.getChild('sni')!]).toEqual(rows.map((row) => row['sni']));
    expect([...table.getChild('flow_iat_mean_us')!]).toEqual(rows.map((row) => row['flow_iat_mean_us']));
  }

  const [header, ...cells] = parse(csv!.toString()) as string[][];
  expect(header).toEqual(COLUMN_NAMES);
  const asText = (value: unknown) =>
    value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  expect(cells).toEqual(rows.map((row) => COLUMN_NAMES.map((name) => asText(row[name]))));
});

test('-f wins over the ending of -o', async () => {
  const path = folder.at('named.arrow');
  await flowlamp(['extract', demo, '-o', path, '-f', 'csv']);
  expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(COLUMN_NAMES.join(','));
});

test('-o - is standard output', async () => {
  const { stdout, code } = await flowlamp(['extract', demo, '-f', 'csv', '-o', '-', '--columns', 'src_port,dst_port']);
  expect(code).toBe(0);
  expect(stdout.split('\n')[0]).toBe('src_port,dst_port');
});

test('--columns chooses columns and their order', async () => {
  const { stdout } = await flowlamp(['extract', demo, '--columns', 'protocol, src_ip']);
  expect(jsonRows(stdout).map((row) => Object.keys(row))).toEqual(new Array(DEMO_FLOWS).fill(['protocol', 'src_ip']));
});

test('a capture on standard input gives the rows that its file gives', async () => {
  const { stdout } = await flowlamp(['extract', '-'], { input: readFileSync(demo) });
  const nameless = (row: Record<string, unknown>) => ({ ...row, capture: null });
  expect(jsonRows(stdout).map(nameless)).toEqual(jsonRows(onPipe.stdout).map(nameless));
});

test('several inputs are read in the order given, each standing alone', async () => {
  const { stdout, stderr } = await flowlamp([
    'extract',
    sample('test-02.pcap.gz'),
    demo,
    '--columns',
    'capture,flow_id',
  ]);
  const rows = jsonRows(stdout);
  const captures = rows.map((row) => row['capture']);
  expect([...new Set(captures)]).toEqual([sample('test-02.pcap.gz'), demo]);
  expect(captures.lastIndexOf(sample('test-02.pcap.gz'))).toBeLessThan(captures.indexOf(demo));
  expect(rows.slice(-DEMO_FLOWS).map((row) => row['flow_id'])).toEqual(
    jsonRows(onPipe.stdout).map((row) => row['flow_id']),
  );
  expect(stderr).toMatch(/^2 captures: /);
});

test('a folder stands for the captures in it and below, sorted, and a glob for its matches', async () => {
  mkdirSync(folder.at('captures/below'), { recursive: true });
  writeFileSync(folder.at('captures/b.bin'), readFileSync(demo));
  writeFileSync(folder.at('captures/below/a.pcap'), readFileSync(demo));
  writeFileSync(folder.at('captures/notes.txt'), 'no capture');
  const [whole, matched] = await Promise.all([
    flowlamp(['extract', folder.at('captures'), '--columns', 'capture']),
    flowlamp(['extract', 'captures/**/*.pcap', '--columns', 'capture'], { cwd: folder.path }),
  ]);
  const capturesOf = ({ stdout }: Outcome) => [...new Set(jsonRows(stdout).map((row) => row['capture']))];
  expect(capturesOf(whole)).toEqual([folder.at('captures/b.bin'), folder.at('captures/below/a.pcap')]);
  expect(capturesOf(matched)).toEqual(['captures/below/a.pcap']);
});

test('--label labels every row', async () => {
  const { stdout } = await flowlamp(['extract', demo, '--label', 'mining', '--columns', 'label']);
  expect(jsonRows(stdout)).toEqual(new Array(DEMO_FLOWS).fill({ label: 'mining' }));
});

test('--labels gives each flow the label that the manifest has for it', async () => {
  const { stdout } = await flowlamp([
    ...['extract', demo, '--labels', manifest],
    ...['--columns', 'src_ip,src_port,dst_ip,dst_port,label'],
  ]);
  const { captures } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    captures: { file: string; flows: Record<string, unknown>[] }[];
  };
  const truth = captures.find(({ file }) => file === 'demo.pcap')!.flows;
  const rows = jsonRows(stdout);
  expect(rows).toHaveLength(truth.length);
  for (const row of rows) expect(truth).toContainEqual(expect.objectContaining(row));
});

test('--labels warns of captures that the manifest does not name, and refuses when it names none', async () => {
  writeFileSync(folder.at('stranger.pcap'), readFileSync(demo));
  const [some, none] = await Promise.all([
    flowlamp(['extract', demo, folder.at('stranger.pcap'), '--labels', manifest, '-o', folder.at('some.csv')]),
    flowlamp(['extract', folder.at('stranger.pcap'), '--labels', manifest, '-o', folder.at('none.csv')]),
  ]);
  expect(some.code).toBe(0);
  expect(some.stderr).toContain('warning: 1 capture not in ');
  expect(some.stderr).toContain('stranger.pcap');
  expect(none.code).toBe(1);
  expect(none.stderr).toContain('MANIFEST_INVALID');
  expect(existsSync(folder.at('none.csv'))).toBe(false);
});

test('--quiet says nothing', async () => {
  const { code, stdout, stderr } = await flowlamp(['extract', demo, '--quiet', '-o', folder.at('quiet.csv')]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('an output that is an input, or ends like a format that is not written, is refused and the input kept', async () => {
  writeFileSync(folder.at('mine.pcap'), readFileSync(demo));
  const [own, parquet] = await Promise.all([
    flowlamp(['extract', folder.at('mine.pcap'), '-f', 'csv', '-o', folder.at('mine.pcap')]),
    flowlamp(['extract', demo, '-o', folder.at('flows.xlsx')]),
  ]);
  expect(own.code).toBe(1);
  expect(own.stderr).toMatch(/^flowlamp: OUTPUT_UNWRITABLE: .*mine\.pcap is one of the inputs; /);
  expect(readFileSync(folder.at('mine.pcap')).equals(readFileSync(demo))).toBe(true);
  expect(parquet.stderr).toMatch(/^flowlamp: FORMAT_UNKNOWN: /);
  expect(existsSync(folder.at('flows.xlsx'))).toBe(false);
});
