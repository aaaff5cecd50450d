/** What `score` reads: captures and flow tables of every kind, from files, folders and pipes that may never end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = temporaryFolder();
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

const demo = sample('demo.pcap');
const FORMATS = ['arrow', 'arrows', 'parquet', 'csv', 'jsonl'];
const JSONL = ['-f', 'jsonl', '--quiet'];
let direct = '';

beforeAll(async () => {
  direct = (await flowlamp(['score', demo, ...JSONL])).stdout;
  expect(jsonRows(direct)).toHaveLength(16);
  for (const format of FORMATS) {
    await flowlamp(['extract', demo, '-o', folder.at(`demo.${format}`)]);
    writeFileSync(folder.at(`demo.${format}.gz`), gzipSync(readFileSync(folder.at(`demo.${format}`))));
  }
}, 180_000);

test.each(FORMATS)(
  'a table as %s.gz gives the verdicts of its captures, as a file and through a pipe',
  async (format) => {
    const path = folder.at(`demo.${format}.gz`);
    expect((await flowlamp(['score', path, ...JSONL])).stdout).toBe(direct);
    expect((await flowlamp(['score', '-', ...JSONL], { input: readFileSync(path) })).stdout).toBe(direct);
  },
);

test.each(['csv', 'jsonl', 'arrows', 'parquet'])('a compressed %s that is cut off is no table', async (format) => {
  const path = folder.at(`cut.${format}.gz`);
  const whole = readFileSync(folder.at(`demo.${format}.gz`));
  writeFileSync(path, whole.subarray(0, whole.length - 20));
  const outcome = await flowlamp(['score', path, '-o', folder.at('cut.out.jsonl')]);
  expectFailure(outcome, 'NOT_A_TABLE');
  expect(existsSync(folder.at('cut.out.jsonl'))).toBe(false);
});

test('a folder may hold captures and flow tables, and other tables that are left alone', async () => {
  const mixed = folder.at('mixed');
  mkdirSync(`${mixed}/deeper`, { recursive: true });
  copyFileSync(demo, `${mixed}/a.pcap`);
  for (const format of FORMATS) copyFileSync(folder.at(`demo.${format}`), `${mixed}/deeper/demo.${format}`);
  writeFileSync(`${mixed}/labels.csv`, 'src_ip,dst_ip,label\n10.0.0.1,10.0.0.2,mining\n');
  writeFileSync(`${mixed}/notes.txt`, 'nothing, really');
  writeFileSync(`${mixed}/.verdicts.csv.1.partial`, 'fwd_packets,bwd_packets\n');
  const output = `${mixed}/verdicts.csv`;
  for (const _again of [1, 2]) {
    const { code, stderr } = await flowlamp(['score', mixed, '-o', output]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('96 flows judged by') });
  }
  expect(readFileSync(output, 'utf8').trimEnd().split('\n')).toHaveLength(97);
  const empty = folder.at('empty');
  mkdirSync(empty);
  writeFileSync(`${empty}/labels.csv`, 'src_ip,label\n');
  const nothing = await flowlamp(['score', empty]);
  expectFailure(nothing, 'NOTHING_FOUND');
  expect(nothing.stderr).toContain('holds no capture or flow table');
  rmSync(`${mixed}/.verdicts.csv.1.partial`);
});

test('what cannot be scored is refused before anything is read', async () => {
  writeFileSync(folder.at('noise'), 'nothing at all');
  const outcome = await flowlamp(['score', demo, folder.at('noise'), ...JSONL]);
  expectFailure(outcome, 'NOT_A_CAPTURE');
});

describe.skipIf(process.platform === 'win32')('pipes', () => {
  /** A command of the shell, `flowlamp` being this one. */
  const shell = (command: string) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn('bash', ['-c', `flowlamp() { '${process.execPath}' '${main}' "$@"; }; ${command}`], {
        cwd: folder.path,
      });
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].on('data', (piece: Buffer) => {
          texts[name] += piece;
        });
      }
      child.on('close', (code) => resolve({ code, ...texts }));
    });

  test('that the shell makes, and FIFOs, are read like standard input', async () => {
    const ids = (text: string) => jsonRows(text).map((row) => [row['flow_id'], row['verdict'], row['score']]);
    const expected = [...ids(direct), ...ids(direct)];
    const named = await shell(`flowlamp score <(gzip -c '${demo}') <(cat demo.parquet) -f jsonl --quiet`);
    expect({ code: named.code, stderr: named.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ids(named.stdout)).toEqual(expected);
    const fifo = await shell(
      `mkfifo fifo && (cat demo.csv > fifo &) && flowlamp score fifo '${demo}' -f jsonl --jobs 2 --quiet`,
    );
    expect(ids(fifo.stdout)).toEqual(expected);
  });

  test.each([
    ['/dev/full', 'of a full disk'],
    ['-', 'of a full disk behind standard output'],
  ])('%s: one line, no success, nothing half-written (%s)', async (output) => {
    const outcome = await shell(
      `flowlamp score '${demo}' -f jsonl --quiet -o ${output} ${output === '-' ? '> /dev/full' : ''}`,
    );
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^flowlamp: OUTPUT_UNWRITABLE: .* cannot be written \(ENOSPC\); expected [^\n]+\n$/);
  });

  test('a disk that fills up ends it with one line and no file, whatever the format', async () => {
    for (const format of ['jsonl', 'csv', 'arrow', 'parquet']) {
      const inputs = `'${demo}' '${sample('test-02.pcap.gz')}'`;
      const outcome = await shell(`ulimit -f 40; flowlamp score ${inputs} --jobs 1 -o filled.${format} --quiet`);
      expect(outcome).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^flowlamp: OUTPUT_UNWRITABLE: [^\n]+ \(EFBIG\); expected [^\n]+\n$/),
      });
      expect(existsSync(folder.at(`filled.${format}`))).toBe(false);
      expect(existsSync(folder.at(`filled.${format}.journal`))).toBe(false);
    }
    expectNoRemains(folder.path);
  }, 120_000);

  test('a reader who has seen enough ends it quietly, with the usual code', async () => {
    const outcome = await shell(
      `flowlamp score '${sample('test-01.pcap.gz')}' -f jsonl --quiet | head -n 1 | wc -l; echo "\${PIPESTATUS[0]}"`,
    );
    expect(outcome).toEqual({ code: 0, stdout: expect.stringMatching(/^ *1\n0\n$/), stderr: '' });
  });
});

describe('a source that does not end', () => {
  /** Gives a part of the bytes, waits for so many lines, then gives the rest. */
  function trickle(args: readonly string[], parts: readonly Uint8Array[], lines: number) {
    let seen = '';
    const meddle = (child: ChildProcess) => {
      child.stdin!.write(parts[0]!);
      child.stdout!.on('data', (piece: Buffer) => {
        seen += piece;
        if (seen.split('\n').length > lines && !child.stdin!.writableEnded) child.stdin!.end(parts[1]!);
      });
    };
    return new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [main, 'score', '-', ...args, '--quiet'], { stdio: 'pipe' });
      child.on('close', () => resolve(seen));
      meddle(child);
    });
  }
  const halves = (bytes: Uint8Array, at: number) => [bytes.subarray(0, at), bytes.subarray(at)];

  test.each([
    ['a capture', () => halves(readFileSync(demo), 400_000)],
    ['a compressed capture', () => halves(gzipSync(readFileSync(demo), { level: 0 }), 400_000)],
  ] as const)('%s is judged as its flows end and reach their prefixes, in the same order', async (_, parts) => {
    const emit = ['--emit', 'prefix:10', '--emit', 'end', '--idle-timeout', '30', '-f', 'jsonl'];
    const [first, rest] = parts();
    const whole = await flowlamp(['score', '-', ...emit, '--quiet'], { input: Buffer.concat([first!, rest!]) });
    // Ten rows come while the capture is still open: without that this would never end.
    expect(await trickle(emit, [first!, rest!], 10)).toBe(whole.stdout);
  });

  test.each(['csv', 'jsonl', 'arrows'])('a table as %s is judged as its rows come', async (format) => {
    // Half of the rows; of Arrow, two batches but not the end of the stream.
    const bytes = format === 'arrows' ? await twoBatches() : readFileSync(folder.at(`demo.${format}`));
    const cut = format === 'arrows' ? bytes.length - 16 : Math.floor(bytes.length / 2);
    const whole = await flowlamp(['score', '-', ...JSONL], { input: bytes });
    const [first, rest] = halves(bytes, cut);
    expect(await trickle(['-f', 'jsonl'], [first!, rest!], 4)).toBe(whole.stdout);
  });

  async function twoBatches(): Promise<Uint8Array> {
    const path = folder.at('two.arrows');
    await flowlamp(['extract', demo, demo, '-o', path]);
    return readFileSync(path);
  }
});

test('--fail-on meets what any row says, and flows are counted once', async () => {
  const emit = ['--emit', 'prefix:20', '--emit', 'end', '-f', 'jsonl'];
  const [met, spared] = await Promise.all([
    flowlamp(['score', demo, ...emit, '--fail-on', 'mining']),
    flowlamp(['score', demo, '--emit', 'prefix:1', '-f', 'jsonl', '--fail-on', 'mining,other']),
  ]);
  expect([met.code, spared.code]).toEqual([3, 0]);
  const rows = jsonRows(met.stdout);
  expect(new Set(rows.map((row) => row['row_kind']))).toEqual(new Set(['prefix', 'end']));
  expect(met.stderr).toMatch(new RegExp(`^16 flows in ${rows.length} rows judged by mining@\\S+: `, 'm'));
  for (const row of jsonRows(spared.stdout)) {
    expect(row).toMatchObject({
      verdict: 'unknown',
      evidence: [{ finding: expect.stringMatching(/ with payload so far; /) }],
    });
  }
});

test('gzip of nothing is said to be no capture', async () => {
  writeFileSync(folder.at('nothing.gz'), gzipSync(new Uint8Array(0)));
  expect(gunzipSync(readFileSync(folder.at('nothing.gz')))).toHaveLength(0);
  const { code, stdout, stderr } = await flowlamp(['score', folder.at('nothing.gz')]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^flowlamp: (FILE_EMPTY|NOT_A_CAPTURE): /);
});
