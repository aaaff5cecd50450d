import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { Damage } from '../../../features/capture/decoder.ts';
import { newInputAccount, readInput } from '../../../features/capture/input.ts';
import { extractCapture } from '../../../features/extract.ts';
import { ascii, concat, fields, hex } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string) {
  const account = newInputAccount();
  const pieces: Uint8Array[] = [];
  for await (const piece of readInput(path, account)) pieces.push(new Uint8Array(piece));
  return { bytes: Buffer.from(concat(...pieces)), account };
}

/** A zstd frame (RFC 8878 3.1.1) of raw blocks, at most 128 KiB each: one-segment header, 4-byte content size. */
function zstd(content: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < content.length; at += 0x20000) {
    const part = content.subarray(at, at + 0x20000);
    const head = (part.length << 3) | (at + part.length >= content.length ? 1 : 0);
    blocks.push(fields(true, [head & 0xff, 1], [head >> 8, 2]), part);
  }
  return concat(hex('28b52ffd a0'), fields(true, [content.length, 4]), ...blocks);
}

const CAPTURE = pcap([1, 2, 3].map((at) => ({ at, bytes: udp('10.0.0.1:4000', '10.0.0.2:53', ascii(`query ${at}`)) })));
/** More than one piece in and out, and random, so that it does not shrink. */
const LARGE = new Prng('large input').bytes(new Uint8Array(3_500_000));

describe('plain files', () => {
  test('come as they are', async () => {
    const { bytes, account } = await read(file('plain', LARGE));
    expect(bytes.equals(LARGE)).toBe(true);
    expect(account).toEqual({ compression: 'none', damage: Damage.None });
  });

  test('may be shorter than the bytes that tell formats apart', async () => {
    expect((await read(file('short', hex('1f')))).bytes).toEqual(Buffer.from([0x1f]));
    expect((await read(file('none', hex('')))).bytes).toEqual(Buffer.alloc(0));
  });
});

describe('gzip', () => {
  test('is unpacked', async () => {
    const { bytes, account } = await read(file('large.gz', gzipSync(LARGE)));
    expect(bytes.equals(LARGE)).toBe(true);
    expect(account).toEqual({ compression: 'gzip', damage: Damage.None });
  });

  test('of several members is one input', async () => {
    const members = concat(gzipSync(CAPTURE.subarray(0, 30)), gzipSync(CAPTURE.subarray(30)));
    expect(await read(file('members.gz', members))).toEqual({
      bytes: Buffer.from(CAPTURE),
      account: { compression: 'gzip', damage: Damage.None },
    });
  });

  test('that is cut off gives what came before the cut, and says so', async () => {
    const { bytes, account } = await read(file('cut.gz', gzipSync(LARGE).subarray(0, 3_000_000)));
    expect(bytes.length).toBeGreaterThan(2_900_000);
    expect(bytes.equals(LARGE.subarray(0, bytes.length))).toBe(true);
    expect(account.damage).toBe(Damage.CutOff);
  });

  test('that is cut off at any length never hangs and never throws', async () => {
    const packed = gzipSync(CAPTURE);
    for (let length = 2; length < packed.length; length += 5) {
      const { account } = await read(file('cut.gz', packed.subarray(0, length)));
      expect(account, `${length} bytes`).toEqual({ compression: 'gzip', damage: Damage.CutOff });
    }
  });

  test.each([40_000, 3_000_000])('that is damaged after %i bytes gives most of what came before', async (at) => {
    const members = concat(gzipSync(LARGE.subarray(0, at)), gzipSync('').fill(0xff, 10), gzipSync(LARGE));
    const { bytes, account } = await read(file('damaged.gz', members));
    expect(bytes.length).toBeGreaterThan(at / 3);
    expect(bytes.equals(LARGE.subarray(0, bytes.length))).toBe(true);
    expect(account.damage).toBe(Damage.CutOff);
  });

  test('may be left in the middle', async () => {
    for await (const piece of readInput(file('large.gz', gzipSync(LARGE)), newInputAccount())) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe('zstd', () => {
  test('is unpacked', async () => {
    const { bytes, account } = await read(file('large.zst', zstd(LARGE)));
    expect(bytes.equals(LARGE)).toBe(true);
    expect(account).toEqual({ compression: 'zstd', damage: Damage.None });
  });

  test('of several frames is one input', async () => {
    const frames = concat(zstd(CAPTURE.subarray(0, 30)), zstd(CAPTURE.subarray(30)));
    expect(await read(file('frames.zst', frames))).toEqual({
      bytes: Buffer.from(CAPTURE),
      account: { compression: 'zstd', damage: Damage.None },
    });
  });

  test('that is cut off gives the whole blocks before the cut, and says so', async () => {
    const { bytes, account } = await read(file('cut.zst', zstd(LARGE).subarray(0, 3_000_000)));
    expect(bytes.length).toBe(22 * 0x20000);
    expect(bytes.equals(LARGE.subarray(0, bytes.length))).toBe(true);
    expect(account.damage).toBe(Damage.CutOff);
  });

  test('that is cut off at any length never hangs and never throws', async () => {
    const packed = zstd(CAPTURE);
    for (let length = 4; length < packed.length; length++) {
      const { account } = await read(file('cut.zst', packed.subarray(0, length)));
      expect(account, `${length} bytes`).toEqual({ compression: 'zstd', damage: Damage.CutOff });
    }
  });
});

describe('from file to rows', () => {
  const nothing = () => undefined;

  test.each([
    ['none', CAPTURE],
    ['gzip', gzipSync(CAPTURE)],
    ['zstd', zstd(CAPTURE)],
  ])('compression %s makes no difference', async (compression, bytes) => {
    const rows: number[] = [];
    const path = file(`capture-${compression}`, bytes);
    const summary = await extractCapture(path, (batch) => rows.push(batch.length));
    expect(rows).toEqual([1]);
    expect(summary).toMatchObject({ compression, counters: { packets: 3 }, capture: { damage: Damage.None } });
  });

  test('a cut-off compressed capture is damaged', async () => {
    const path = file('cut.pcap.gz', gzipSync(CAPTURE).subarray(0, 60));
    expect((await extractCapture(path, nothing)).capture.damage).toBe(Damage.CutOff);
  });

  test.each([
    ['FILE_NOT_FOUND', () => join(folder, 'missing.pcap')],
    ['FILE_UNREADABLE', () => folder],
    ['NOT_A_CAPTURE', () => file('notes.txt', ascii('no capture, only words\n'))],
    ['NOT_A_CAPTURE', () => file('notes.txt.gz', gzipSync(ascii('no capture, only words\n')))],
    ['NOT_A_CAPTURE', () => file('two.pcap', hex('d4c3'))],
    ['FILE_EMPTY', () => file('empty.pcap', hex(''))],
    ['FILE_EMPTY', () => file('empty.pcap.gz', gzipSync(''))],
  ])('%s', async (code, path) => {
    await expect(extractCapture(path(), nothing)).rejects.toMatchObject({ name: 'FlowlampError', code });
  });

  test.skipIf(process.getuid?.() === 0)('FILE_UNREADABLE for a file without permission', async () => {
    const path = file('secret.pcap', CAPTURE);
    chmodSync(path, 0);
    await expect(extractCapture(path, nothing)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });

  test('an error names the capture', async () => {
    const path = file('notes.txt', ascii('words'));
    await expect(extractCapture(path, nothing)).rejects.toThrow(`${path} is no capture`);
  });
});
