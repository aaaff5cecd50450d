/** What is refused before any work is done, and what standard input may be. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, manifest, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

test('a folder with anything but a model is refused before training, and left as it is', async () => {
  writeFileSync(folder.at('notes.txt'), 'mine');
  const outcome = await flowlamp(['train', manifest, '-o', folder.path]);
  expectFailure(outcome, 'OUTPUT_UNWRITABLE');
  expect(outcome.stderr).toContain('notes.txt');
  expect(readFileSync(folder.at('notes.txt'), 'utf8')).toBe('mine');
});

test('one fold is no cross-validation', async () => {
  const { code, stderr } = await flowlamp(['train', manifest, '-o', folder.at('model'), '--folds', '1']);
  expect(code).toBe(2);
  expect(stderr).toContain('expected 2 or more');
});

test('columns cannot be chosen for the table that people read', async () => {
  expectFailure(await flowlamp(['score', sample('demo.pcap'), '-f', 'table', '--columns', 'sni']), 'OPTION_INVALID');
});

test('standard input may be a capture or any flow table, and gives the same verdicts', async () => {
  const columns = ['--columns', 'flow_id,predicted,verdict,risk', '--quiet'];
  const direct = await flowlamp(['score', sample('demo.pcap'), ...columns]);
  expect(direct.stdout.split('\n')).toHaveLength(17);
  const piped = await flowlamp(['score', '-', ...columns], { input: readFileSync(sample('demo.pcap')) });
  expect(piped).toEqual(direct);
  for (const format of ['arrow', 'arrows', 'csv', 'jsonl']) {
    const table = folder.at(`demo.${format}`);
    await flowlamp(['extract', sample('demo.pcap'), '-o', table, '--quiet']);
    expect(await flowlamp(['score', '-', ...columns], { input: readFileSync(table) }), format).toEqual(direct);
  }
  expectFailure(await flowlamp(['score', '-']), 'FILE_EMPTY');
  expectFailure(await flowlamp(['score', '-'], { input: new Uint8Array(64) }), 'NOT_A_CAPTURE');
});
