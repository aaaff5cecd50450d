/** --filter, --anonymize and --compress, as users give them. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, type Outcome, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
const key = folder.at('key');
let rows: Record<string, unknown>[];
let anonymous: Outcome;

beforeAll(async () => {
  writeFileSync(key, `${'c0ffee'.repeat(10)}0123`);
  chmodSync(key, 0o600);
  [rows, anonymous] = await Promise.all([
    flowlamp(['extract', demo]).then(({ stdout }) => jsonRows(stdout)),
    flowlamp(['extract', demo, '--anonymize', key]),
  ]);
});
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

test('extract --filter writes the rows that fit, and needs no column to be written', async () => {
  const { code, stdout } = await flowlamp(['extract', demo, '--filter', 'dst_port != 443', '--columns', 'flow_id']);
  expect(code).toBe(0);
  const expected = rows.filter((row) => row['dst_port'] !== 443);
  expect(expected.length).toBeGreaterThan(0);
  expect(expected.length).toBeLessThan(rows.length);
  expect(jsonRows(stdout)).toEqual(expected.map((row) => ({ flow_id: row['flow_id'] })));
});

test('score --filter asks for what scoring adds, of captures and of tables alike', async () => {
  await flowlamp(['extract', demo, '-o', folder.at('flows.parquet')]);
  const [all, some, ofTable] = await Promise.all([
    flowlamp(['score', demo, '-f', 'jsonl']),
    flowlamp(['score', demo, '-f', 'jsonl', '--filter', "verdict == 'mining' and score > 0.5"]),
    flowlamp(['score', folder.at('flows.parquet'), '-f', 'jsonl', '--filter', "verdict == 'mining' and score > 0.5"]),
  ]);
  const expected = jsonRows(all.stdout).filter((row) => row['verdict'] === 'mining');
  expect(expected.length).toBeGreaterThan(0);
  expect(jsonRows(some.stdout)).toEqual(expected);
  expect(jsonRows(ofTable.stdout)).toEqual(expected);
});

test('a filter that cannot be used is one line, and nothing is written', async () => {
  const path = folder.at('none.csv');
  const [syntax, column] = await Promise.all([
    flowlamp(['extract', demo, '--filter', 'dst_port = 443', '-o', path]),
    flowlamp(['extract', demo, '--filter', 'dst_prt == 443', '-o', path]),
  ]);
  expectFailure(syntax, 'OPTION_INVALID');
  expectFailure(column, 'COLUMN_UNKNOWN');
  expect(column.stderr).toContain('perhaps dst_port');
  expect(existsSync(path)).toBe(false);
});

test('--anonymize leaves no address, and gives the same rows in every format and with any --jobs', async () => {
  const expected = jsonRows(anonymous.stdout);
  expect(expected).toHaveLength(rows.length);
  const addresses = new Set(
    rows.flatMap((row) => [row['src_ip'], row['dst_ip'], row['community_id'], `${row['flow_id']}`]),
  );
  for (const text of addresses) expect(anonymous.stdout).not.toContain(`"${text}"`);
  const parquet = folder.at('anonymous.parquet');
  await flowlamp(['extract', demo, '--anonymize', key, '--jobs', '2', '-o', parquet, '--compress', 'zstd']);
  const scored = await flowlamp(['score', parquet, '-f', 'jsonl']);
  const bare = ({ predicted, score, verdict, risk, evidence, model, ...row }: Record<string, unknown>) => row;
  expect(jsonRows(scored.stdout).map(bare)).toEqual(expected);
});

test('rows are chosen by their true addresses, and community_id needs no other column to be written', async () => {
  const source = rows[0]!['src_ip'] as string;
  const args = ['extract', demo, '--anonymize', key, '--columns', 'community_id', '--filter', `src_ip == ${source}`];
  const found = jsonRows((await flowlamp(args)).stdout);
  const all = jsonRows(anonymous.stdout);
  const expected = all.filter((_, i) => rows[i]!['src_ip'] === source);
  expect(found).toEqual(expected.map((row) => ({ community_id: row['community_id'] })));
});

test('a key that is none, or that others may read', async () => {
  writeFileSync(folder.at('short'), 'abc');
  writeFileSync(folder.at('open'), readFileSync(key));
  chmodSync(folder.at('open'), 0o644);
  const [short, open] = await Promise.all([
    flowlamp(['extract', demo, '--anonymize', folder.at('short')]),
    flowlamp(['extract', demo, '--anonymize', folder.at('open'), '--quiet']),
  ]);
  expectFailure(short, 'KEY_INVALID');
  expect(open.stderr).toMatch(/^flowlamp: warning: the key file .*open can be read by other users; chmod 600 .*\n$/);
  expect(open.stdout).toBe(anonymous.stdout);
});

test('--compress makes Arrow smaller, is read again, and has no place in text', async () => {
  const [plain, packed] = [folder.at('plain.arrow'), folder.at('packed.arrow')];
  const [, , text] = await Promise.all([
    flowlamp(['extract', demo, '-o', plain]),
    flowlamp(['extract', demo, '-o', packed, '--compress', 'zstd']),
    flowlamp(['extract', demo, '-f', 'csv', '--compress', 'zstd']),
  ]);
  expect(readFileSync(packed).length).toBeLessThan(readFileSync(plain).length);
  const scores = await Promise.all([plain, packed].map((path) => flowlamp(['score', path, '-f', 'csv'])));
  expect(scores[0]!.code).toBe(0);
  expect(scores[1]!.stdout).toBe(scores[0]!.stdout);
  expectFailure(text!, 'OPTION_INVALID');
});

test('Parquet goes through pipes', async () => {
  await flowlamp(['extract', demo, '-o', folder.at('piped.parquet')]);
  const bytes = readFileSync(folder.at('piped.parquet'));
  const { code, stdout } = await flowlamp(['score', '-', '-f', 'jsonl', '--columns', 'flow_id'], { input: bytes });
  expect(code).toBe(0);
  expect(jsonRows(stdout)).toEqual(rows.map((row) => ({ flow_id: row['flow_id'] })));
});
