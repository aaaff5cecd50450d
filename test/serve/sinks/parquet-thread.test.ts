/** The thread that makes Parquet, as it is bundled. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTable } from '../../../features/files/table-reader.ts';
import { makeParquet } from '../../../serve/sinks/parquet-client.ts';
import { withFindingsAsText } from '../../../serve/sinks/table-form.ts';
import { endJournal, openJournal, TableJournal } from '../../../serve/sinks/table-journal.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { folder, rowsOf } from './items.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = temporaryFolder();
const thread = pathToFileURL(program.at('parquet-thread.js'));

beforeAll(async () => {
  writeFileSync(program.at('package.json'), '{ "type": "module" }');
  await build({
    entryPoints: [join(root, 'serve/sinks/parquet-thread.ts')],
    outfile: fileURLToPath(thread),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.11',
    banner: { js: "import{createRequire as nodeRequire}from'node:module';const require=nodeRequire(import.meta.url);" },
    logLevel: 'error',
  });
});
afterAll(() => program.remove());

async function journal(path: string): Promise<string> {
  const name = join(path, '.x.parquet.partial');
  const { rows } = rowsOf(1, 2, 3);
  const plain = withFindingsAsText(rows);
  const begun = await TableJournal.create(name, plain.specs, null, openJournal);
  await begun.append(plain);
  await begun.close();
  await endJournal(name, openJournal);
  return name;
}

test('makes a file of a journal', async () => {
  const path = folder();
  const to = join(path, 'x.parquet');
  await makeParquet({ journal: await journal(path), path: to, compression: 'none' }, thread);
  let rows = 0;
  await readTable(to, 'parquet', (batch) => {
    rows += batch.length;
  });
  expect(rows).toBe(3);
});

test('says what it failed of, and leaves no half of a file', async () => {
  const path = folder();
  writeFileSync(join(path, 'no-journal'), 'x');
  const to = join(path, 'x.parquet');
  const made = makeParquet({ journal: join(path, 'no-journal'), path: to, compression: 'none' }, thread);
  await expect(made).rejects.toThrow('no whole Arrow table');
  const nowhere = makeParquet(
    { journal: await journal(path), path: '/no/such/x.parquet', compression: 'none' },
    thread,
  );
  await expect(nowhere).rejects.toThrow('ENOENT');
  expect(existsSync(to)).toBe(false);
  expect(readdirSync(path)).toEqual(['.x.parquet.partial', 'no-journal']);
});
