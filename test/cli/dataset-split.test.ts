import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Forty flows of eight captures, each of two flows with the same name. */
const rows = Array.from({ length: 40 }, (_, i) => ({
  capture: `c${i % 8}.pcap`,
  flow_id: i,
  sni: `s${i >> 1}.example`,
  label: i % 3 === 0 ? 'mining' : 'other',
  payload_sizes: [i, -i - 1, i],
}));
const table = folder.at('train.jsonl');
writeFileSync(table, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);

const split = (...words: string[]) => flowlamp(['dataset', 'split', table, '-f', 'jsonl', '--quiet', ...words]);

test.each(['row', 'flow_id', 'capture,row'])(
  'by row, whatever it is called (%s), only for those who know',
  async (by) => {
    const outcome = await split('-o', folder.at('rows'), '--by', by);
    expectFailure(outcome, 'OPTION_INVALID');
    expect(outcome.stderr).toMatch(/--i-know/);
    expect(existsSync(folder.at('rows'))).toBe(false);
  },
  120_000,
);

test('by a column of groups, and by row for those who know', async () => {
  expect((await split('-o', folder.at('sni'), '--by', 'sni')).code).toBe(0);
  expect((await split('-o', folder.at('known'), '--by', 'flow_id', '--i-know')).code).toBe(0);
});

test('what is split is never written over', async () => {
  const outcome = await split('-o', folder.path);
  expectFailure(outcome, 'OUTPUT_UNWRITABLE');
  expect(readFileSync(table, 'utf8').split('\n').length).toBe(rows.length + 1);
});

test('each group a fold: a line for each', async () => {
  const words = ['dataset', 'split', table, '-f', 'jsonl', '--leave-one-out', '-o', folder.at('each')];
  const { stderr } = await flowlamp(words);
  expect(stderr).toMatch(/groups +other +mining|groups +mining +other/);
  expect(stderr.match(/^c\d\.pcap +1 +\d +\d$/gm)?.length).toBe(8);
});
