/**
 * Red Hat Linux 6.1 shipped a libpcap that wrote record headers of 24 bytes under the ordinary magic number: an interface
 * index, a protocol, a packet type and padding follow the usual 16.
 */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { concat, hex } from '../../support/bytes.ts';
import { type Frame, pcap } from '../../support/captures.ts';
import { readFrames } from './read-frames.ts';

const HEADER = hex('d4c3b2a1 0200 0400 00000000 00000000 00ff0000 01000000');
/** 22 October 1999, two records of 3 bytes and one of 1. */
const FIRST = hex('00a81038 02000000 03000000 03000000 02000000 0800 00 00 aabbcc');
const SECOND = hex('01a81038 04000000 03000000 05000000 02000000 0800 04 00 ddeeff');
const THIRD = hex('05a81038 00000000 01000000 01000000 02000000 0800 00 00 11');
const BIG = hex(`
  a1b2c3d4 0002 0004 00000000 00000000 0000ff00 00000001
  3810a800 00000002 00000003 00000003 00000002 0008 00 00 aabbcc
  3810a801 00000004 00000003 00000005 00000002 0008 04 00 ddeeff`);

const bytesOf = (capture: Uint8Array, pieceBytes?: number) =>
  readFrames(capture, pieceBytes).frames.map(({ bytes }) => Buffer.from(bytes).toString('hex'));

test.each([1, 2, 3, 7, 40, 1000])('it is settled by the second record, in pieces of %i bytes', (pieceBytes) => {
  const { frames, account } = readFrames(concat(HEADER, FIRST, SECOND, THIRD), pieceBytes);
  expect(account).toMatchObject({ format: 'pcap (little-endian, microseconds, modified)', damage: 'none', frames: 3 });
  expect(frames.map(({ wireLength }) => wireLength)).toEqual([3, 5, 1]);
  expect(frames.map(({ time }) => time % 1_000_000_000n)).toEqual([2000n, 4000n, 0n]);
  expect(bytesOf(concat(HEADER, FIRST, SECOND, THIRD), pieceBytes)).toEqual(['aabbcc', 'ddeeff', '11']);
});

test('so it is in the other byte order', () => {
  expect(bytesOf(BIG, 1)).toEqual(['aabbcc', 'ddeeff']);
  expect(readFrames(BIG).account.format).toBe('pcap (big-endian, microseconds, modified)');
});

test('one record alone cannot be told from an ordinary one, and is read as such', () => {
  const { frames, account } = readFrames(concat(HEADER, FIRST), 1);
  expect(frames).toHaveLength(1);
  expect(account.format).toBe('pcap (little-endian, microseconds)');
});

test('no records at all, or half of one, are an ordinary capture', () => {
  expect(readFrames(HEADER, 1).account).toMatchObject({ frames: 0, damage: 'none' });
  expect(readFrames(concat(HEADER, FIRST.subarray(0, 9)), 1).account.frames).toBe(0);
});

const zeros = new Uint8Array(60);
const local = concat(hex('020000000000 020000000001 0800'), new Uint8Array(46));
const STRANGE: readonly (readonly [string, readonly Frame[]])[] = [
  [
    'a first time of 0 before real ones',
    [
      { at: 0, bytes: local },
      { at: 1.5e9, bytes: local },
    ],
  ],
  [
    'frames of zeros near 1970',
    [
      { at: 1, bytes: zeros },
      { at: 2, bytes: zeros },
    ],
  ],
  [
    'a second record that claims less on the wire than it holds',
    [
      { at: 1, bytes: zeros },
      { at: 2, bytes: zeros, wireLength: 0 },
    ],
  ],
  [
    'an empty second frame',
    [
      { at: 1.5e9, bytes: local },
      { at: 1.5e9, bytes: new Uint8Array(0) },
      { at: 1.5e9, bytes: local },
    ],
  ],
  [
    'years between two frames',
    [
      { at: 1e9, bytes: local },
      { at: 1.5e9, bytes: local },
    ],
  ],
];

test.each(STRANGE)('an ordinary capture with %s is not mistaken', (_, frames) => {
  for (const little of [true, false]) {
    const read = readFrames(pcap(frames, { little }), 5);
    expect(read.frames.map(({ bytes }) => Uint8Array.from(bytes))).toEqual(frames.map(({ bytes }) => bytes));
    expect(read.account.format).not.toContain('modified');
  }
});

test('random ordinary captures are never mistaken', () => {
  const prng = new Prng('ordinary captures');
  for (let round = 0; round < 2000; round++) {
    const frames = Array.from({ length: prng.integer(1, 4) }, () => {
      const bytes = prng.bytes(new Uint8Array(prng.below(80)));
      if (prng.chance(0.5)) bytes.fill(0, 0, prng.below(80));
      return { at: prng.pick([0, 1, 1e9, prng.below(2 ** 31)]), bytes };
    });
    const { account } = readFrames(pcap(frames, { little: prng.chance(0.5), nanoseconds: prng.chance(0.5) }));
    expect(account).toMatchObject({ frames: frames.length, damage: 'none' });
    expect(account.format).not.toContain('modified');
  }
});
