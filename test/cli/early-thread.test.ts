/** A large capture is read in a thread that starts before the command itself is loaded. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { WORTH_BYTES } from '../../cli/jobs/job-thread.ts';
import { expectFailure, flowlamp, sample, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const large = folder.at('large.pcap');
const demo = readFileSync(sample('demo.pcap'));
const FILE_HEADER = 24;
const copies = Math.ceil(WORTH_BYTES / (demo.length - FILE_HEADER));
writeFileSync(large, Buffer.concat([demo, ...Array(copies).fill(demo.subarray(FILE_HEADER))]));

test('it gives the rows and the verdicts that are read without one', async () => {
  for (const command of ['extract', 'score']) {
    const args = [command, large, '--format', 'jsonl', '--quiet'];
    const [early, alone] = [await flowlamp(args), await flowlamp([...args, '--jobs', '1'])];
    expect(early).toEqual(alone);
    expect(early.code).toBe(0);
    expect(early.stdout.length).toBeGreaterThan(1000);
  }
});

test('it disturbs no error that comes before reading', async () => {
  expectFailure(await flowlamp(['extract', large, '--columns', 'nothing']), 'COLUMN_UNKNOWN');
  expectFailure(await flowlamp(['score', large, '-m', 'nothing']), 'MODEL_NOT_FOUND');
  expectFailure(await flowlamp(['score', large, '--only', 'nothing']), 'OPTION_INVALID');
  expect(await flowlamp(['extract', large, '--nothing'])).toMatchObject({ code: 2, stdout: '' });
});
