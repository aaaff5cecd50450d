/** `score --resume`: a run that is stopped, however, is gone on with to the bytes that an undisturbed one writes. */
import type { ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Captures, and a table among them. */
const inputs = ['demo.pcap', 'test-01.pcap.gz', 'table.csv', 'test-02.pcap.gz', 'test-03.pcap.gz'].map((name) =>
  folder.at(`in/${name}`),
);
const FORMATS = ['jsonl', 'csv', 'arrow', 'arrows', 'eve'];
/** What no ending asks for. */
const formatOf = (format: string) => (format === 'eve' ? ['-f', 'eve', '--min-score', '0.6'] : []);
const EMIT = ['--emit', 'prefix:20', '--emit', 'end'];

beforeAll(async () => {
  mkdirSync(folder.at('in'));
  for (const path of inputs) {
    const name = path.slice(folder.at('in/').length);
    if (name.startsWith('table')) await flowlamp(['extract', sample('demo.pcap'), '-o', path]);
    else copyFileSync(sample(name), path);
  }
  const runs = FORMATS.map((format) =>
    flowlamp(['score', ...inputs, ...EMIT, '-o', folder.at(`whole.${format}`), ...formatOf(format)]),
  );
  for (const { code } of await Promise.all(runs)) expect(code).toBe(0);
}, 120_000);

const journalLines = (output: string) => {
  const path = `${output}.journal`;
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
};

/** Sends the signal some time after so many inputs have been noted. */
function killAfter(output: string, notes: number, signal: NodeJS.Signals, delay = 0): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (journalLines(output) < notes + 1) return;
      clearInterval(timer);
      setTimeout(() => child.kill(signal), delay);
    }, 2);
    child.on('close', () => clearInterval(timer));
  };
}

const score = (output: string, more: readonly string[] = [], meddle?: (child: ChildProcess) => void) =>
  flowlamp(['score', ...inputs, ...EMIT, '-o', output, ...more], meddle === undefined ? {} : { meddle });

const beside = (output: string) =>
  readdirSync(folder.path).filter((name) => folder.at(name).includes(output.slice(folder.path.length + 1)));

describe.skipIf(process.platform === 'win32')('a scoring run that is stopped', () => {
  test.each(FORMATS)(
    'by SIGKILL at any moment, again and again, ends in the same %s',
    async (format) => {
      const output = folder.at(`killed.${format}`);
      const random = new Prng(`moments ${format}`);
      let kills = 0;
      for (let attempt = 0; attempt < 3; attempt++) {
        const notes = Math.max(1, journalLines(output));
        const resume = [...formatOf(format), ...(attempt === 0 ? [] : ['--resume'])];
        const { code } = await score(output, resume, killAfter(output, notes, 'SIGKILL', random.below(200)));
        if (code !== null) break;
        kills++;
        expect(existsSync(output)).toBe(false);
      }
      expect(kills).toBeGreaterThan(0);
      if (!existsSync(output)) {
        const { code, stderr } = await score(output, ['--resume', '--jobs', '2', ...formatOf(format)]);
        expect(code).toBe(0);
        expect(stderr).toMatch(/^going on after [1-4] of 5 inputs\n/);
      }
      expect(readFileSync(output).equals(readFileSync(folder.at(`whole.${format}`)))).toBe(true);
      expect(beside(output)).toEqual([`killed.${format}`]);
    },
    120_000,
  );

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'by %s says how to go on, and the run that does tells of all flows',
    async (signal, status) => {
      const output = folder.at(`${signal}.jsonl`);
      const stopped = await score(output, [], killAfter(output, 1, signal));
      expect(stopped.code).toBe(status);
      expect(stopped.stderr).toMatch(/^stopped after [1-4] of 5 inputs; to go on: flowlamp score .* --resume\n$/);
      expect(existsSync(output)).toBe(false);
      const [resumed, whole] = [await score(output, ['--resume']), await score(folder.at('other.jsonl'))];
      const masked = (text: string) => text.replace(/^going on.*\n/, '').replace(/\d+\.\d\d s/, '');
      expect(masked(resumed.stderr)).toBe(masked(whole.stderr));
      expect(readFileSync(output).equals(readFileSync(folder.at('whole.jsonl')))).toBe(true);
    },
    180_000,
  );

  test('before an input is done leaves nothing', async () => {
    const output = folder.at('early.csv');
    const { code } = await score(output, [], (child) => void setTimeout(() => child.kill('SIGTERM'), 150));
    expect(code).not.toBe(0);
    expect(beside(output)).toEqual([]);
  });

  describe('with two inputs done', () => {
    const output = folder.at('stopped.csv');
    beforeAll(async () => {
      expect((await score(output, [], killAfter(output, 2, 'SIGKILL'))).code).toBeNull();
    }, 180_000);

    test('is not gone on with under other options or another model', async () => {
      const partial = readdirSync(folder.path).find((name) => name.startsWith('.stopped.csv'))!;
      const before = readFileSync(folder.at(partial));
      const minScore = await score(output, ['--resume', '--min-score', '0.5']);
      expectFailure(minScore, 'OPTION_INVALID');
      expect(minScore.stderr).toContain('--min-score not given, not 0.5');
      const format = await score(output, ['--resume', '-f', 'jsonl']);
      expect(format.stderr).toContain('--format csv, not jsonl');
      const model = folder.at('model');
      cpSync(new URL('../../models/zoo/mining/', import.meta.url), model, { recursive: true });
      const card = readFileSync(`${model}/card.json`, 'utf8');
      writeFileSync(`${model}/card.json`, card.replace(/"version": "[^"]+"/, '"version": "9.9.9"'));
      const other = await score(output, ['--resume', '-m', model]);
      expectFailure(other, 'OPTION_INVALID');
      expect(other.stderr).toMatch(/the model mining@\S+ \(\w{12}\), not mining@9\.9\.9/);
      expect(readFileSync(folder.at(partial)).equals(before)).toBe(true);
    }, 180_000);

    test('reads inputs again that have changed, and what stands behind them', async () => {
      const journal = readFileSync(`${output}.journal`, 'utf8');
      const partial = readdirSync(folder.path).find((name) => name.startsWith('.stopped.csv'))!;
      writeFileSync(inputs[1]!, readFileSync(inputs[1]!)); // of another time
      // A line that was being written, and rows that nobody noted.
      writeFileSync(`${output}.journal`, `${journal}{"input":"${inputs[2]}","si`);
      writeFileSync(folder.at(partial), 'half a row', { flag: 'a' });
      const { code, stderr } = await score(output, ['--resume']);
      expect({ code, first: stderr.split('\n')[0] }).toEqual({ code: 0, first: 'going on after 1 of 5 inputs' });
      expect(readFileSync(output).equals(readFileSync(folder.at('whole.csv')))).toBe(true);
      expect(beside(output)).toEqual(['stopped.csv']);
    }, 180_000);
  });

  test('whose output has gone or shrunk begins anew, and says so', async () => {
    const output = folder.at('shrunk.jsonl');
    await score(output, [], killAfter(output, 1, 'SIGKILL'));
    truncateSync(folder.at(readdirSync(folder.path).find((name) => name.startsWith('.shrunk'))!), 10);
    const { code, stderr } = await score(output, ['--resume']);
    expect({ code, first: stderr.split('\n')[0] }).toEqual({
      code: 0,
      first: expect.stringContaining('beginning anew'),
    });
    expect(readFileSync(output).equals(readFileSync(folder.at('whole.jsonl')))).toBe(true);
    expect(beside(output)).toEqual(['shrunk.jsonl']);
  }, 180_000);

  test('by an error keeps what is done under --resume, and leaves nothing without', async () => {
    const cut = folder.at('cut.pcap');
    writeFileSync(cut, readFileSync(sample('demo.pcap')).subarray(0, -5));
    const run = (output: string, more: string[]) =>
      flowlamp(['score', inputs[0]!, cut, inputs[1]!, '--strict', '-o', output, ...more, '--quiet']);
    const [without, kept] = [folder.at('without.csv'), folder.at('kept.csv')];
    expectFailure(await run(without, []), 'CAPTURE_DAMAGED');
    expect(beside(without)).toEqual([]);
    expectFailure(await run(kept, ['--resume']), 'CAPTURE_DAMAGED');
    expect(journalLines(kept)).toBe(2);
    copyFileSync(sample('demo.pcap'), cut);
    const mended = await flowlamp(['score', inputs[0]!, cut, inputs[1]!, '--strict', '-o', kept, '--resume']);
    expect(mended.stderr).toMatch(/^going on after 1 of 3 inputs\n/);
    expectNoRemains(folder.path);
  }, 180_000);
});

test('--resume without a run to go on with is an ordinary run', async () => {
  const output = folder.at('fresh.jsonl');
  const { code, stderr } = await score(output, ['--resume']);
  expect({ code, first: stderr.split('\n')[0] }).toEqual({ code: 0, first: 'no run to go on with; beginning anew' });
  expect(readFileSync(output).equals(readFileSync(folder.at('whole.jsonl')))).toBe(true);
});

test.each([
  ['standard output', []],
  ['a table for people', ['-o', folder.at('people.txt'), '-f', 'table']],
  ['Parquet', ['-o', folder.at('x.parquet')]],
  ['the riskiest rows', ['-o', folder.at('x.csv'), '--top', '3']],
  ['the view of hosts', ['-o', folder.at('x.csv'), '--hosts', folder.at('hosts.csv')]],
])('--resume is refused for %s', async (_, args) => {
  expectFailure(await flowlamp(['score', ...inputs, '--resume', ...args]), 'OPTION_INVALID');
});

test('--resume is refused for what is no journal, and while another process writes', async () => {
  const output = folder.at('held.csv');
  writeFileSync(`${output}.journal`, 'notes of my own\n');
  expectFailure(await score(output, ['--resume']), 'OPTION_INVALID');
  expect(readFileSync(`${output}.journal`, 'utf8')).toBe('notes of my own\n');
  writeFileSync(
    `${output}.journal`,
    `${JSON.stringify({ journal: 1, process: { pid: process.pid, started: null }, identity: {} })}\n`,
  );
  const held = await score(output, ['--resume']);
  expectFailure(held, 'OUTPUT_UNWRITABLE');
  expect(held.stderr).toContain(`still being written by process ${process.pid}`);
});
