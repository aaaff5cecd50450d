/** What `score --hosts` finds of hosts in real captures. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';
import { keptProgram } from './kept.ts';
import { jsonRows, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Sentences of the view itself, about pairs and scanning clients. */
async function sayings(name: string, path: string): Promise<string[]> {
  const file = folder.at(`${name}.jsonl`);
  expect((await flowlamp(['score', sharedPath(path), '--hosts', file, '--quiet', '-f', 'csv'])).code).toBe(0);
  const hosts = jsonRows(readFileSync(file, 'utf8')) as {
    host_kind: string;
    evidence: { source: string; finding: string }[];
  }[];
  expect(hosts.length).toBeGreaterThan(0);
  return hosts
    .filter(({ host_kind }) => host_kind === 'pair')
    .flatMap(({ evidence }) => evidence.filter(({ source }) => source === 'host'))
    .map(({ finding }) => finding);
}

test.skipIf(!hasSharedData)('nothing is found of a smart speaker and of smart homes', async () => {
  expect(await sayings('speaker', 'labelled/alexa-voice')).toEqual([]);
  expect(await sayings('homes', 'labelled/iot-lifecycle')).toEqual([]);
});

test.skipIf(!hasSharedData)('a guesser of passwords comes back in a storm', async () => {
  expect(await sayings('guesser', 'oracle/zeek/Traces/ftp/bruteforce.pcap')).toEqual([
    expect.stringMatching(/^Reconnect storm: 30 short connections to port 21 /),
  ]);
});
