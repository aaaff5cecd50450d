/** The snippets of docs/integrating.md do what stands below them, where their programs are installed. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Table } from '../../core/table.ts';
import { TableWriter } from '../../features/files/table-writer.ts';
import { loadModel } from '../../index.ts';
import { Metrics } from '../../serve/metrics/metrics.ts';
import { recordLines } from '../../serve/records/formats.ts';
import { sample, temporaryFolder } from '../cli/run.ts';
import { type Bench, startBench } from '../serve/http/server.ts';
import { snapshot } from '../serve/metrics/snapshot.ts';
import { PYTHON } from '../support/python.ts';

const folder = temporaryFolder();
let bench: Bench;

beforeAll(async () => {
  copyFileSync(sample('demo.pcap'), folder.at('demo.pcap'));
  const model = await loadModel('mining');
  const tables: Table[] = [];
  for await (const table of model.scoreTables(folder.at('demo.pcap'))) tables.push(table);
  await model.close();
  for (const format of ['parquet', 'csv', 'arrow'] as const) {
    const writer = await TableWriter.open(folder.at(`verdicts.${format}`), format, tables[0]!.specs, 'none');
    for (const table of tables) writer.write(table);
    writer.finish();
  }
  const lines = (format: 'eve' | 'ecs') => tables.map((table) => recordLines(format, table, model.card)).join('');
  writeFileSync(folder.at('eve.json'), lines('eve'));
  writeFileSync(folder.at('ecs.ndjson'), lines('ecs'));
  bench = await startBench({}, { metrics: await Metrics.open(() => snapshot()) });
});
afterAll(async () => {
  await bench.close();
  folder.remove();
});

interface Snippet {
  readonly language: string;
  readonly needs: readonly string[];
  readonly text: string;
  readonly output: string;
}

const page = readFileSync(new URL('../../docs/integrating.md', import.meta.url), 'utf8');
const SNIPPET = /<!-- run: (\w+)(.*) -->\n```\w+\n([\s\S]*?)```\n```text\n([\s\S]*?)```/g;
const snippets = [...page.matchAll(SNIPPET)].map(
  ([, language, needs, text, output]): Snippet => ({
    language: language!,
    needs: needs!.trim().split(' ').filter(Boolean),
    text: text!,
    output: output!,
  }),
);
const of = (language: string) =>
  snippets
    .filter((snippet) => snippet.language === language)
    .map((snippet, i): [string, Snippet] => [`${snippet.needs.join(', ') || language} ${i + 1}`, snippet]);

/** Asynchronously: the server that curl asks lives in this process. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (piece) => (stdout += piece));
    child.stderr.on('data', (piece) => (stderr += piece));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`exit code ${code}: ${stderr}`))));
  });
}

test('every snippet that is marked is found, with its output', () => {
  expect(snippets).toHaveLength([...page.matchAll(/<!-- run: /g)].length);
  expect(snippets.length).toBeGreaterThan(5);
});

const hasProgram = (name: string) => spawnSync(name, ['--version']).error === undefined;
const python = process.env['FLOWLAMP_PYTHON'] ?? PYTHON;
const hasModule = (name: string) => spawnSync(python, ['-c', `import ${name}`]).status === 0;

describe('in a shell', () => {
  for (const [name, { needs, text, output }] of of('sh')) {
    test.skipIf(!needs.every(hasProgram))(`with ${name}`, async () => {
      const command = text.replaceAll('http://127.0.0.1:9477', bench.url);
      expect(await outputOf('sh', ['-c', command])).toBe(output);
    });
  }
});

describe('in Python', () => {
  for (const [name, { needs, text, output }] of of('python')) {
    test.skipIf(!needs.every(hasModule))(`with ${name}`, async () => {
      expect(await outputOf(python, ['-c', text])).toBe(output);
    });
  }
});

/** DuckDB's package for Node is no dependency: `FLOWLAMP_DUCKDB` names a folder where it is installed. */
interface DuckDb {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
}
interface Connection {
  runAndReadAll(sql: string): Promise<{ columnNames(): string[]; getRowsJson(): unknown[][] }>;
  closeSync(): void;
}

function loadDuckDb(): DuckDb | null {
  try {
    return createRequire(join(process.env['FLOWLAMP_DUCKDB'] ?? '.', 'any.js'))('@duckdb/node-api') as DuckDb;
  } catch {
    return null;
  }
}
const duckDb = loadDuckDb();

describe.skipIf(duckDb === null)('in DuckDB', () => {
  test.each(of('sql'))('%s', async (_, { text, output }) => {
    const connection = await (await duckDb!.DuckDBInstance.create(':memory:')).connect();
    const answer = await connection.runAndReadAll(text.replaceAll('verdicts.', folder.at('verdicts.')));
    connection.closeSync();
    const lines = [answer.columnNames(), ...answer.getRowsJson()].map((cells) => `${cells.join('\t')}\n`);
    expect(lines.join('')).toBe(output);
  });
});
