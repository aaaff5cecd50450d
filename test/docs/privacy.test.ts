/** The commands of docs/privacy.md: evidence is checked with them, and old tables go. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { EvidenceFolder } from '../../serve/keep/evidence-folder.ts';
import { temporaryFolder } from '../cli/run.ts';

const page = readFileSync(new URL('../../docs/privacy.md', import.meta.url), 'utf8');
const command = (name: string) => new RegExp(`<!-- run: ${name} -->\n\`\`\`sh\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;
const run = (name: string, cwd: string) => {
  const { status, stdout } = spawnSync('sh', ['-c', command(name)], { cwd, encoding: 'utf8' });
  return { status, stdout };
};

const root = temporaryFolder();
afterAll(() => root.remove());

describe('evidence', () => {
  let folder: string;
  let head: string;
  let runs = 0;
  const at = (name: string) => `${folder}/${name}`;
  const log = () => readFileSync(at('evidence.log'), 'utf8');

  /** Four files, of which there was room for two in the end. */
  beforeEach(async () => {
    folder = root.at(`evidence-${runs++}`);
    const now = () => Date.UTC(2026, 1, 3, 5);
    const kept = await EvidenceFolder.open({ folder, now, maxBytes: 250 });
    for (const flowId of [1, 2, 3, 4]) {
      kept.store(bundle(flowId));
      await kept.drain();
    }
    head = kept.counters.head;
    await kept.close();
  });

  test('that is whole says nothing, and the hash of its last line is the one that the sidecar tells', () => {
    expect(log()).toMatch(/ deleted /);
    expect(run('files', folder)).toEqual({ status: 0, stdout: '' });
    expect(run('chain', folder)).toEqual({ status: 0, stdout: '' });
    expect(run('head', folder).stdout).toBe(`${head}\n`);
  });

  test('of which a file was changed', () => {
    appendFileSync(at('20260203T040506Z-mining-4-first.pcapng'), 'x');
    expect(run('files', folder).status).toBe(1);
    expect(run('files', folder).stdout).toContain('20260203T040506Z-mining-4-first.pcapng: FAILED');
  });

  test('of which a line was changed, left out or put in', () => {
    const lines = log().split('\n');
    const forged = [
      log().replace(' kept ', ' found '),
      lines.filter((_, i) => i !== 1).join('\n'),
      [...lines.slice(0, 2), lines[0], ...lines.slice(2)].join('\n'),
    ];
    for (const text of forged) {
      writeFileSync(at('evidence.log'), text);
      expect(run('chain', folder).stdout, text).toMatch(/^does not follow: 2026/);
    }
  });

  test('whose log was cut off at the end shows by the hash that was told elsewhere, and by nothing else', () => {
    writeFileSync(at('evidence.log'), log().split('\n').slice(0, 2).join('\n'));
    expect(run('chain', folder).stdout).toBe('');
    expect(run('head', folder).stdout).not.toBe(`${head}\n`);
  });
});

function bundle(flowId: number): Parameters<EvidenceFolder['store']>[0] {
  const seen = '2026-02-03T04:05:06.000000789Z';
  return {
    flow: { src_ip: '10.0.0.1', src_port: 1, dst_ip: '192.0.2.9', dst_port: 2, protocol: 'tcp' },
    facts: {
      verdict: 'mining',
      score: 0.99,
      risk: 10,
      model: 'mining@7',
      flow_id: flowId,
      community_id: null,
      first_seen: seen,
      last_seen: seen,
      lastUs: 0,
      evidence: [],
    },
    stretch: 'first',
    packets: 1,
    bytes: new Uint8Array(100).fill(flowId),
  };
}

test('tables go when they are older than was said', () => {
  mkdirSync(root.at('rows'));
  const days = (n: number) => Date.now() / 1000 - n * 86_400;
  for (const [name, age] of [
    ['old.parquet', 40],
    ['new.parquet', 3],
    ['old.txt', 40],
  ] as const) {
    writeFileSync(root.at(`rows/${name}`), '');
    utimesSync(root.at(`rows/${name}`), days(age), days(age));
  }
  expect(run('retention', root.path).status).toBe(0);
  expect(['old.parquet', 'new.parquet', 'old.txt'].map((name) => existsSync(root.at(`rows/${name}`)))).toEqual([
    false,
    true,
    true,
  ]);
});
