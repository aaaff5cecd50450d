/** The program itself, fed through a pipe in pieces, writes the rows that it writes for the file. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hasSharedData, sharedPath } from '../../../support/shared-data.ts';

const MAIN = fileURLToPath(new URL('../../../../dist/cli/main.js', import.meta.url));
const CAPTURES = [
  'oracle/community-id/pcaps/sctp.pcap',
  'oracle/zeek/Traces/radiotap.pcap',
  'oracle/zeek/Traces/pcapng-multi-interface.pcapng',
] as const;
const LARGE = 'oracle/zeek/Traces/wikipedia.pcap';

/** JSON lines of `extract`, without the name of the capture. */
async function extracted(input: string, pieces: Iterable<Uint8Array> = []): Promise<string> {
  const child = spawn(process.execPath, [MAIN, 'extract', input, '--quiet'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => lines.push(piece));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  for (const piece of pieces) {
    // Waits, so that the pieces do not become one.
    await new Promise((resolve) => child.stdin.write(piece, resolve));
    await setImmediate();
  }
  child.stdin.end();
  expect(await ended).toBe(0);
  return Buffer.concat(lines)
    .toString()
    .replaceAll(/"capture":"[^"]*",/g, '');
}

function* piecesOf(capture: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < capture.length; at += bytes) yield capture.subarray(at, at + bytes);
}

describe.skipIf(!hasSharedData)('standard input', () => {
  test.each(CAPTURES)('%s in pieces of 1 byte, and as gzip in pieces of 11', async (name) => {
    const path = sharedPath(name);
    const capture = readFileSync(path);
    const rows = await extracted(path);
    expect(rows).not.toBe('');
    expect(await extracted('-', piecesOf(capture, 1))).toBe(rows);
    expect(await extracted('-', piecesOf(gzipSync(capture), 11))).toBe(rows);
  });

  test.each([997, 4096, 65_536])('a larger capture in pieces of %i bytes', async (bytes) => {
    const path = sharedPath(LARGE);
    expect(await extracted('-', piecesOf(readFileSync(path), bytes))).toBe(await extracted(path));
  });
});
