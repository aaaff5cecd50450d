import { describe, expect, test } from 'vitest';
import { Damage } from '../../../features/capture/decoder.ts';
import { concat, hex } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { readFrames } from './read-frames.ts';

/** Two records at 1.000002 s and 3.000004 s (or 1.000000002 s and 3.000000004 s), of 2 and 1 bytes. */
const LITTLE_MICROSECONDS = hex(`
  d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000
  01000000 02000000 02000000 02000000 aabb
  03000000 04000000 01000000 01000000 cc`);
const BIG_MICROSECONDS = hex(`
  a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001
  00000001 00000002 00000002 00000002 aabb
  00000003 00000004 00000001 00000001 cc`);
const LITTLE_NANOSECONDS = hex(`
  4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000
  01000000 02000000 02000000 02000000 aabb
  03000000 04000000 01000000 01000000 cc`);
const BIG_NANOSECONDS = hex(`
  a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000001
  00000001 00000002 00000002 00000002 aabb
  00000003 00000004 00000001 00000001 cc`);
/** Kuznetzov's variant: interface index, protocol, packet type and padding follow the usual record header. */
const LITTLE_MODIFIED = hex(`
  34cdb2a1 0200 0400 00000000 00000000 ffff0000 01000000
  01000000 02000000 02000000 02000000 05000000 0008 00 00 aabb
  03000000 04000000 01000000 01000000 05000000 0008 00 00 cc`);
const BIG_MODIFIED = hex(`
  a1b2cd34 0002 0004 00000000 00000000 0000ffff 00000001
  00000001 00000002 00000002 00000002 00000005 0800 00 00 aabb
  00000003 00000004 00000001 00000001 00000005 0800 00 00 cc`);

describe('every variant of the file header', () => {
  test.each([
    ['little-endian, microseconds', LITTLE_MICROSECONDS, 1000n],
    ['big-endian, microseconds', BIG_MICROSECONDS, 1000n],
    ['little-endian, nanoseconds', LITTLE_NANOSECONDS, 1n],
    ['big-endian, nanoseconds', BIG_NANOSECONDS, 1n],
    ['little-endian, modified', LITTLE_MODIFIED, 1000n],
    ['big-endian, modified', BIG_MODIFIED, 1000n],
  ])('%s', (name, capture, unit) => {
    const { frames, account } = readFrames(capture);
    expect(frames).toEqual([
      { bytes: [0xaa, 0xbb], wireLength: 2, time: 1_000_000_000n + 2n * unit, linkType: 1 },
      { bytes: [0xcc], wireLength: 1, time: 3_000_000_000n + 4n * unit, linkType: 1 },
    ]);
    expect(account).toEqual({
      format: `pcap (${name})`,
      interfaces: [{ linkType: 1, snapLength: 65535, name: null }],
      frames: 2,
      cutFrames: 0,
      reportedDrops: 0,
      otherBlocks: 0,
      damage: Damage.None,
      bytes: capture.length,
    });
  });
});

test('nanoseconds survive next to times of today', () => {
  const capture = concat(LITTLE_NANOSECONDS.subarray(0, 24), hex('00f15365 15cd5b07 00000000 00000000'));
  expect(readFrames(capture).frames[0]!.time).toBe(1_700_000_000_123_456_789n);
});

test('a frame cut by the snapshot length is handed on with its length on the wire, and counted', () => {
  const { frames, account } = readFrames(
    pcap([
      { at: 1, bytes: hex('01 02 03'), wireLength: 1500 },
      { at: 2, bytes: hex('04') },
    ]),
  );
  expect(frames.map((frame) => [frame.bytes.length, frame.wireLength])).toEqual([
    [3, 1500],
    [1, 1],
  ]);
  expect(account.cutFrames).toBe(1);
});

test('a wire length below the captured length is not believed', () => {
  const { frames, account } = readFrames(pcap([{ at: 1, bytes: hex('01 02 03'), wireLength: 1 }]));
  expect(frames[0]!.wireLength).toBe(3);
  expect(account.cutFrames).toBe(0);
});

test('the bits of the link type field that tell of frame check sequences are no part of the type', () => {
  const capture = hex('d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000024 00000000 00000000 01000000 01000000 aa');
  expect(readFrames(capture).frames[0]!.linkType).toBe(1);
});

test('a header without records is a whole capture', () => {
  const { frames, account } = readFrames(pcap([]));
  expect(frames).toEqual([]);
  expect(account.damage).toBe(Damage.None);
});

test.each([
  ['little-endian', LITTLE_MICROSECONDS, [24, 42]],
  ['modified', BIG_MODIFIED, [24, 50]],
])('a %s file cut off at any length is read as far as it goes', (_, capture, boundaries) => {
  for (let length = 4; length < capture.length; length++) {
    const { frames, account } = readFrames(capture.subarray(0, length));
    expect(account.damage, `${length} bytes`).toBe(boundaries.includes(length) ? Damage.None : Damage.CutOff);
    expect(frames, `${length} bytes`).toHaveLength(length >= boundaries[1]! ? 1 : 0);
  }
});

test.each([1, 2, 3])('%i bytes are no capture', (length) => {
  expect(() => readFrames(LITTLE_MICROSECONDS.subarray(0, length))).toThrow(
    expect.objectContaining({ code: 'NOT_A_CAPTURE' }),
  );
});

test('no bytes at all are an empty file', () => {
  expect(() => readFrames(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'FILE_EMPTY' }));
});

test('a record with an impossible length ends the reading; what came before it stays', () => {
  const tooLong = hex('05000000 00000000 01000400 01000400');
  const { frames, account } = readFrames(concat(LITTLE_MICROSECONDS, tooLong, LITTLE_MICROSECONDS));
  expect(frames).toHaveLength(2);
  expect(account.damage).toBe(Damage.BadLength);
  expect(account.bytes).toBe(2 * LITTLE_MICROSECONDS.length + 16);
});

test('the longest frame that is accepted is 262144 bytes', () => {
  const { frames, account } = readFrames(pcap([{ at: 1, bytes: new Uint8Array(262_144) }]));
  expect(frames[0]!.bytes).toHaveLength(262_144);
  expect(account.damage).toBe(Damage.None);
});
