/** `--reveal` and `--salt`: what is shown of those who mine. */
import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { down, framesOf, segments, up } from '../features/protocol/clear-flow.ts';
import { pcap } from '../support/captures.ts';
import { EXCHANGES, line, MONERO } from '../support/mining-bytes.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, jsonRows, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const COLUMNS = ['--columns', 'mining_login,mining_login_length,mining_worker'];

beforeAll(() => {
  const { up: asked, down: told } = EXCHANGES['cryptonote']!;
  const said = asked.flatMap((one, i) => [up(line(one)), down(line(told[i]))]);
  const frames = framesOf(segments(said)).map((bytes, i) => ({ at: 1 + i, bytes }));
  writeFileSync(folder.at('mining.pcap'), pcap(frames));
  writeFileSync(folder.at('salt'), '0123456789abcdef'.repeat(4));
  writeFileSync(folder.at('other-salt'), 'fedcba9876543210'.repeat(4));
  writeFileSync(folder.at('short'), 'abc');
  for (const name of ['salt', 'other-salt']) chmodSync(folder.at(name), 0o600);
});
afterAll(() => folder.remove());

async function loginOf(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await flowlamp([
    'extract',
    folder.at('mining.pcap'),
    ...COLUMNS,
    ...args,
    '--quiet',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(jsonRows(stdout)).toMatchObject([{ mining_login_length: 95, mining_worker: 'rig1' }]);
  return jsonRows(stdout)[0]!['mining_login'];
}

describe('an account', () => {
  test('is hashed, the same in every run and with any --jobs', async () => {
    const [one, again, two] = await Promise.all([loginOf(), loginOf('--jobs', '1'), loginOf('--jobs', '2')]);
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect([again, two]).toEqual([one, one]);
  });

  test('is hashed otherwise under each salt, with any --jobs, and under the key of --anonymize', async () => {
    const salt = (name: string, jobs: string) => loginOf('--salt', folder.at(name), '--jobs', jobs);
    const [plain, salted, threads, other, anonymous] = await Promise.all([
      loginOf(),
      salt('salt', '1'),
      salt('salt', '2'),
      salt('other-salt', '1'),
      loginOf('--anonymize', folder.at('salt')),
    ]);
    expect(threads).toBe(salted);
    expect(new Set([plain, salted, other, anonymous]).size).toBe(4);
  });

  test('is shown as it is with --reveal, by score too', async () => {
    expect(await loginOf('--reveal')).toBe(MONERO);
    expect(await loginOf('--reveal', '--jobs', '2')).toBe(MONERO);
    const { stdout } = await flowlamp(['score', folder.at('mining.pcap'), '-f', 'jsonl', '--reveal', '--quiet']);
    expect(jsonRows(stdout)[0]).toMatchObject({ mining_login: MONERO });
    const hashed = await flowlamp(['score', folder.at('mining.pcap'), '-f', 'jsonl', '--quiet']);
    expect(hashed.stdout).not.toContain(MONERO.slice(0, 20));
  });
});

describe('refused', () => {
  test('a salt that is none', async () => {
    expectFailure(await flowlamp(['extract', folder.at('mining.pcap'), '--salt', folder.at('short')]), 'KEY_INVALID');
    expectFailure(await flowlamp(['score', folder.at('mining.pcap'), '--salt', folder.at('none')]), 'FILE_NOT_FOUND');
  });

  test.each([['--salt'], ['--anonymize']])('--reveal with %s', async (option) => {
    const { code, stderr } = await flowlamp([
      'extract',
      folder.at('mining.pcap'),
      '--reveal',
      option,
      folder.at('salt'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('--reveal');
  });
});

test('a flow table keeps what it was extracted with, and score says so', async () => {
  const table = folder.at('flows.arrow');
  await flowlamp(['extract', folder.at('mining.pcap'), '-o', table, '--quiet']);
  const { stdout, stderr } = await flowlamp(['score', table, '-f', 'jsonl', '--reveal']);
  expect(jsonRows(stdout)[0]!['mining_login']).toMatch(/^[0-9a-f]{12}$/);
  expect(stderr).toContain('--reveal and --salt change nothing');
});
