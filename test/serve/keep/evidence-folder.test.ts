import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { verifyEvidence } from '../../../serve/keep/evidence-files.ts';
import { EvidenceFolder, type FolderOptions } from '../../../serve/keep/evidence-folder.ts';
import { FILE_NAME, LOG_NAME, NO_LINE, readLine, sha256Of } from '../../../serve/keep/evidence-log.ts';
import type { EvidenceBundle } from '../../../serve/keep/packet-keeper.ts';

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'flowlamp-')), 'evidence');
const opened: EvidenceFolder[] = [];
afterEach(() => Promise.all(opened.splice(0).map((folder) => folder.close())));

const now = () => Date.UTC(2026, 1, 3, 5);

function bundle(
  flowId: number | null,
  more: { bytes?: number; verdict?: string; first_seen?: string } = {},
): EvidenceBundle {
  const { bytes = 100, verdict = 'mining', first_seen = '2026-02-03T04:05:06.000000789Z' } = more;
  return {
    flow: { src_ip: '10.0.0.1', src_port: 1, dst_ip: '192.0.2.9', dst_port: 2, protocol: 'tcp' },
    facts: {
      verdict,
      score: 0.99,
      risk: 10,
      model: 'mining@7',
      flow_id: flowId,
      community_id: null,
      first_seen,
      last_seen: first_seen,
      lastUs: 0,
      evidence: [],
    },
    stretch: 'first',
    packets: 1,
    bytes: new Uint8Array(bytes).fill(flowId ?? 0),
  };
}

async function withFolder(options: FolderOptions, ...bundles: readonly EvidenceBundle[]): Promise<EvidenceFolder> {
  const folder = await EvidenceFolder.open({ now, ...options });
  opened.push(folder);
  for (const each of bundles) folder.store(each);
  await folder.drain();
  return folder;
}

const linesOf = (folder: string) => readFileSync(join(folder, LOG_NAME), 'utf8').split('\n').slice(0, -1);
const captures = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcapng'))
    .sort();

test('each file has a line in the log with its hash and that of the line before', async () => {
  const folder = newFolder();
  const open = await withFolder({ folder }, bundle(7), bundle(8));
  await open.close();
  const lines = linesOf(folder);
  const hash = sha256Of(new Uint8Array(100).fill(7));
  expect(lines[0]).toBe(
    `2026-02-03T05:00:00.000Z kept ${hash} 100 20260203T040506Z-mining-7-first.pcapng 7 ${NO_LINE}`,
  );
  expect(readLine(lines[1]!)).toMatchObject({ event: 'kept', flowId: 8, previous: sha256Of(lines[0]!) });
  expect(open.counters).toMatchObject({ files: 2, bytes: 200, written: 2, dropped: 0, head: sha256Of(lines[1]!) });
  expect(verifyEvidence(folder)).toMatchObject({ isWhole: true, faults: [], files: 2, log: { lines: 2, torn: 0 } });
});

test('names are of safe characters, whatever the verdict is called, and no two are the same', async () => {
  const folder = newFolder();
  const hostile = '../../etc/\u0000pass wd\u202e';
  await withFolder(
    { folder },
    bundle(1, { verdict: hostile }),
    bundle(1, { verdict: hostile }),
    bundle(null, { verdict: '\u00fc' }),
    bundle(2, { first_seen: '+275760-09-13' }),
  );
  const names = captures(folder);
  expect(names).toEqual([
    '00000000T000000Z-mining-2-first.pcapng',
    '20260203T040506Z-_-0-first.pcapng',
    '20260203T040506Z-_etc_pass_wd_-1-first-2.pcapng',
    '20260203T040506Z-_etc_pass_wd_-1-first.pcapng',
  ]);
  for (const name of names) expect(name).toMatch(FILE_NAME);
});

test('when there is no more space the oldest are deleted, and the log says so', async () => {
  const folder = newFolder();
  const open = await withFolder(
    { folder, maxBytes: 350 },
    ...[1, 2, 3, 4, 5].map((id) => bundle(id)),
    bundle(9, { bytes: 351 }),
  );
  expect(captures(folder).map((name) => name.split('-')[2])).toEqual(['3', '4', '5']);
  expect(open.counters).toMatchObject({ files: 3, bytes: 300, written: 5, deleted: 2, dropped: 1 });
  expect(open.counters.trouble).toBeNull();
  expect(linesOf(folder).map((line) => readLine(line)!.event)).toEqual([
    'kept',
    'kept',
    'kept',
    'deleted',
    'kept',
    'deleted',
    'kept',
  ]);
  expect(verifyEvidence(folder).isWhole).toBe(true);
  const fewer = await withFolder({ folder, maxFiles: 2 }, bundle(6));
  expect(fewer.counters.files).toBe(2);
});

test.each<[string, (folder: string) => void, string]>([
  [
    'another content',
    (folder) => writeFileSync(join(folder, captures(folder)[0]!), new Uint8Array(100)),
    'another content',
  ],
  ['a file that is cut', (folder) => truncateSync(join(folder, captures(folder)[0]!), 9), 'has 9 bytes, not 100'],
  ['a file that is gone', (folder) => rmSync(join(folder, captures(folder)[0]!)), 'is missing'],
  [
    'a file that was put in',
    (folder) => writeFileSync(join(folder, '20260203T040506Z-mining-99-first.pcapng'), ''),
    'is in no line of the log',
  ],
  [
    'a line that was changed',
    (folder) => edit(folder, (lines) => [lines[0]!.replace(' 1 ', ' 2 '), ...lines.slice(1)]),
    'line 2 does not follow',
  ],
  ['a line that was left out', (folder) => edit(folder, (lines) => [lines[0]!, lines[2]!]), 'line 2 does not follow'],
  ['lines that were exchanged', (folder) => edit(folder, ([a, b, c]) => [a!, c!, b!]), 'line 2 does not follow'],
  [
    'a line that is none',
    (folder) => edit(folder, (lines) => [...lines, 'kept ../../etc/passwd']),
    'line 4 is no line',
  ],
])('%s shows', async (_, change, fault) => {
  const folder = newFolder();
  await (await withFolder({ folder }, bundle(1), bundle(2), bundle(3))).close();
  change(folder);
  const { isWhole, faults } = verifyEvidence(folder);
  expect(isWhole).toBe(false);
  expect(faults.join('\n')).toContain(fault);
});

function edit(folder: string, change: (lines: readonly string[]) => readonly string[]): void {
  writeFileSync(
    join(folder, LOG_NAME),
    change(linesOf(folder))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

test('a restart goes on with the log and the space of the run before', async () => {
  const folder = newFolder();
  await (await withFolder({ folder, maxBytes: 350 }, bundle(1), bundle(2), bundle(3))).close();
  const again = await withFolder({ folder, maxBytes: 350 }, bundle(4));
  expect(again.counters).toMatchObject({ files: 3, bytes: 300, written: 1, deleted: 1 });
  expect(verifyEvidence(folder)).toMatchObject({ isWhole: true, log: { lines: 5 } });
});

test('what a killed run left is put in order: unfinished files go, a file without a line gets one, a torn line is ended', async () => {
  const folder = newFolder();
  await (await withFolder({ folder }, bundle(1), bundle(2))).close();
  const [whole] = linesOf(folder);
  writeFileSync(join(folder, '.20260203T040506Z-mining-3-first.pcapng.part'), 'half');
  writeFileSync(join(folder, '20260203T040506Z-mining-4-first.pcapng'), 'all of it');
  appendFileSync(join(folder, LOG_NAME), whole!.slice(0, 50));
  expect(verifyEvidence(folder).isWhole).toBe(false);
  const again = await withFolder({ folder }, bundle(5));
  expect(again.counters).toMatchObject({ files: 4, trouble: null });
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(
    linesOf(folder)
      .slice(3)
      .map((line) => readLine(line)!.event),
  ).toEqual(['resumed', 'found', 'kept']);
  expect(verifyEvidence(folder)).toMatchObject({ isWhole: true, files: 4, log: { torn: 1 } });
});

test('a log that was changed cannot make the program delete anything else', async () => {
  const folder = newFolder();
  await (await withFolder({ folder }, bundle(1))).close();
  const outside = join(folder, '..', 'precious.pcapng');
  writeFileSync(outside, 'x');
  symlinkSync(outside, join(folder, '20260203T040506Z-mining-77-first.pcapng'));
  const [line] = linesOf(folder);
  for (const name of ['../precious.pcapng', '20260203T040506Z-mining-77-first.pcapng']) {
    appendFileSync(join(folder, LOG_NAME), `${line!.replace(/\S+\.pcapng/, name)}\n`);
  }
  const open = await withFolder({ folder, maxFiles: 1 }, bundle(2), bundle(3));
  expect(open.counters).toMatchObject({ files: 1, written: 2 });
  expect(readFileSync(outside, 'utf8')).toBe('x');
});

test('a disk that refuses is counted and gone on with when it does not any more', async () => {
  const folder = newFolder();
  const open = await withFolder({ folder }, bundle(1));
  renameSync(folder, `${folder}-away`);
  open.store(bundle(2));
  open.store(bundle(3));
  await open.drain();
  expect(open.counters).toMatchObject({ written: 1, dropped: 2, trouble: expect.stringContaining('ENOENT') });
  renameSync(`${folder}-away`, folder);
  open.store(bundle(4));
  await open.drain();
  expect(open.counters).toMatchObject({ written: 2, dropped: 2, waiting: 0, trouble: null });
  expect(verifyEvidence(folder)).toMatchObject({ isWhole: true, files: 2 });
});

test('what waits is bounded, and what does not fit is counted', async () => {
  const folder = newFolder();
  const open = await withFolder({ folder, maxWaitingBytes: 250 });
  for (let id = 1; id <= 5; id++) open.store(bundle(id));
  expect(open.counters).toMatchObject({ waiting: 2, dropped: 3 });
  await open.drain();
  expect(open.counters).toMatchObject({ waiting: 0, written: 2 });
});

test('logs are bounded, too: the oldest lines go, and the rest still follow from each other', async () => {
  const folder = newFolder();
  const open = await withFolder(
    { folder, maxFiles: 3, logBytes: 1_000 },
    ...Array.from({ length: 60 }, (_, i) => bundle(i + 1)),
  );
  await open.close();
  const logs = readdirSync(folder).filter((name) => name.startsWith(LOG_NAME));
  expect(logs).toHaveLength(8);
  expect(verifyEvidence(folder)).toMatchObject({ isWhole: true, files: 3, log: { isFromTheStart: false } });
  const again = await withFolder({ folder, maxFiles: 3 }, bundle(99));
  expect(again.counters).toMatchObject({ files: 3, trouble: null });
  expect(verifyEvidence(folder).isWhole).toBe(true);
});

test('a folder that cannot be one is refused in a sentence', async () => {
  const parent = newFolder();
  mkdirSync(parent);
  const path = join(parent, 'file');
  writeFileSync(path, '');
  await expect(EvidenceFolder.open({ folder: path })).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE' });
  expect(existsSync(path)).toBe(true);
});
