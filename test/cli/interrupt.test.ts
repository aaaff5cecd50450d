import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flowlamp, sample, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
const HEADER_BYTES = 24;
/** Enough copies of a capture that reading them takes a while. */
const COPIES = 120;

beforeAll(() => {
  const capture = gunzipSync(readFileSync(sample('train-01.pcap.gz')));
  const packets = capture.subarray(HEADER_BYTES);
  writeFileSync(folder.at('large.pcap'), Buffer.concat([capture, ...new Array<Buffer>(COPIES).fill(packets)]));
});
afterAll(() => folder.remove());

/** Sends the signal once the output has been begun. */
function killWhileWriting(signal: NodeJS.Signals): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (readdirSync(folder.path).some((name) => name.endsWith('.partial'))) {
        clearInterval(timer);
        child.kill(signal);
      }
    }, 5);
    child.on('close', () => clearInterval(timer));
  };
}

describe.skipIf(process.platform === 'win32')('a signal during a run', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it soon, leaving neither output nor partial file', async (signal, code) => {
    const output = folder.at(`${signal}.csv`);
    const started = Date.now();
    const outcome = await flowlamp(['extract', folder.at('large.pcap'), '-o', output], {
      meddle: killWhileWriting(signal),
    });
    expect(outcome).toEqual({ code, stdout: '', stderr: '' });
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(folder.path)).toEqual(['large.pcap']);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('a reader that leaves early', () => {
  /** Closes our end of the child's output after the first piece, or at once. */
  const leave = (after: 'first piece' | 'nothing') => (child: ChildProcess) => {
    if (after === 'nothing') child.stdout!.destroy();
    else child.stdout!.once('data', () => child.stdout!.destroy());
  };

  test.each([
    ['extract', ['extract', folder.at('large.pcap')], 'first piece'],
    ['score', ['score', sample('train-01.pcap.gz'), '-f', 'jsonl'], 'nothing'],
    ['score as a table', ['score', sample('demo.pcap'), '-f', 'table'], 'nothing'],
    ['inspect', ['inspect', sample('demo.pcap')], 'nothing'],
  ] as const)('ends %s quietly', async (_, args, after) => {
    const { code, stderr } = await flowlamp(args, { meddle: leave(after) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('of messages does not disturb the data', async () => {
    const { code, stdout } = await flowlamp(['extract', sample('demo.pcap'), '--columns', 'flow_id'], {
      meddle: (child) => child.stderr!.destroy(),
    });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(16);
  });
});
