import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keptProgram } from './kept.ts';
import { expectNoRemains, manifest, type Outcome, sample, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const QUICK = ['--quick', '--no-audit', '--name', 'tested'];
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

beforeAll(async () => {
  const captures = [1, 2, 3, 4].map((i) => sample(`train-0${i}.pcap.gz`));
  await flowlamp(['extract', ...captures, '--labels', manifest, '-o', folder.at('flows.arrow')]);
});
afterAll(() => folder.remove());

function train(output: string, more: readonly string[], meddle?: (child: ChildProcess) => void): Promise<Outcome> {
  const args = ['train', folder.at('flows.arrow'), '-o', folder.at(output), ...QUICK, ...more];
  return flowlamp(args, meddle === undefined ? {} : { meddle });
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Sends the signal once so much of a training has been noted. */
function killAfter(bytes: number, file: string, signal: NodeJS.Signals): (child: ChildProcess) => void {
  return killOnce(() => sizeOf(file) >= bytes, signal);
}

/** Whether the first entry of a journal is whole: its length comes first, and 16 bytes of header belong to it. */
function hasEntry(file: string): boolean {
  return sizeOf(file) > 16 && sizeOf(file) >= 16 + readFileSync(file).readUInt32LE(0);
}

function killOnce(isTime: () => boolean, signal: NodeJS.Signals): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (!isTime()) return;
      clearInterval(timer);
      child.kill(signal);
    }, 2);
    child.on('close', () => clearInterval(timer));
  };
}

describe.skipIf(process.platform === 'win32')('a training that is stopped', () => {
  const LONG = ['--rounds', '200', '--early-stopping', '0', '--folds', '2'];
  const onnx = (name: string) => readFileSync(folder.at(`${name}/model.onnx`));

  beforeAll(async () => {
    const whole = await train('whole', LONG);
    expect(whole).toMatchObject({ code: 0, stderr: expect.not.stringContaining('going on') });
  });

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s leaves no model, and the next run goes on to the same model',
    async (signal) => {
      const output = `by-${signal}`;
      const journal = folder.at(`${output}.checkpoint/fold-2.journal`);
      const stopped = await train(output, LONG, killAfter(5000, journal, signal));
      expect(stopped.code).toBeNull();
      expect(existsSync(folder.at(output))).toBe(false);
      expectNoRemains(folder.path);
      const resumed = await train(output, LONG);
      expect(resumed.stderr).toMatch(/^going on after [23]\d\d rounds/m);
      expect(onnx(output).equals(onnx('whole'))).toBe(true);
      expect(readdirSync(folder.path).filter((name) => name.endsWith('.checkpoint'))).toEqual([]);
    },
    180_000,
  );

  test('goes on to the same net, too', async () => {
    const LIST = ['--learner', 'cnn', '--epochs', '20', '--early-stopping', '0', '--folds', '2'];
    // A net notes its whole state, at the latest when a fold is done.
    const journal = folder.at('net.checkpoint/fold-1.journal');
    const stopped = await train(
      'net',
      LIST,
      killOnce(() => hasEntry(journal), 'SIGINT'),
    );
    expect(stopped.code).toBeNull();
    expect(existsSync(folder.at('net'))).toBe(false);
    const resumed = await train('net', LIST);
    expect(resumed.stderr).toContain('going on with a run that was stopped');
    await train('whole-net', LIST);
    expect(onnx('net').equals(onnx('whole-net'))).toBe(true);
  }, 120_000);

  test('is not gone on with when an option differs', async () => {
    const journal = folder.at('other.checkpoint/fold-1.journal');
    await train('other', LONG, killAfter(2000, journal, 'SIGINT'));
    const { code, stderr } = await train('other', ['--rounds', '5', '--folds', '2']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('going on');
  }, 180_000);
});

describe.skipIf(process.platform === 'win32')('a disk that fills', () => {
  /** The largest file that may be written, in KiB. */
  const within = (kib: number, args: readonly string[]) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn('bash', ['-c', `ulimit -f ${kib}; exec "$0" "$@"`, process.execPath, main, ...args]);
      let stderr = '';
      child.stderr.on('data', (piece: Buffer) => {
        stderr += piece;
      });
      child.on('close', (code) => resolve({ code, stderr }));
    });

  test('ends the checkpoint with a warning, and the run with an error and no model', async () => {
    const args = ['train', folder.at('flows.arrow'), '-o', folder.at('full'), ...QUICK, '--rounds', '60'];
    const { code, stderr } = await within(6, args);
    expect(code).toBe(1);
    expect(stderr.match(/warning: no checkpoint is kept in .*\(EFBIG\)/g)).toHaveLength(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^flowlamp: OUTPUT_UNWRITABLE: the model folder .* could not be written \(EFBIG\); expected a place with room/,
    );
    expect(existsSync(folder.at('full'))).toBe(false);
    expectNoRemains(folder.path);
  }, 180_000);
});
