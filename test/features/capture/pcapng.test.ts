import { describe, expect, test } from 'vitest';
import { Damage } from '../../../features/capture/decoder.ts';
import { ascii, concat, fields, hex } from '../../support/bytes.ts';
import { block, interfaceBlock, packetBlock, sectionHeader } from '../../support/captures.ts';
import { readFrames } from './read-frames.ts';

const FRAME = hex('aa bb cc dd');
const TIME_RESOLUTION = 9;
const TIME_OFFSET = 14;

/** One packet whose clock reads `count` on an interface with these options. */
function timeOf(count: bigint, options: readonly (readonly [number, Uint8Array])[]): bigint {
  const capture = concat(sectionHeader(), interfaceBlock(1, options), packetBlock(count, FRAME));
  return readFrames(capture).frames[0]!.time;
}

test('the blocks of a small capture, byte by byte', () => {
  const capture = hex(`
    0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffff ffffffff 1c000000
    01000000 14000000 0100 0000 00000400 14000000
    06000000 24000000 00000000 00000000 40420f00 03000000 05000000 010203 00 24000000`);
  const { frames, account } = readFrames(capture);
  expect(frames).toEqual([{ bytes: [1, 2, 3], wireLength: 5, time: 1_000_000_000n, linkType: 1 }]);
  expect(account).toEqual({
    format: 'pcapng',
    interfaces: [expect.objectContaining({ linkType: 1, snapLength: 262_144, name: null })],
    frames: 1,
    cutFrames: 1,
    reportedDrops: 0,
    otherBlocks: 0,
    damage: Damage.None,
    bytes: capture.length,
  });
});

describe('interface clocks', () => {
  test.each([
    ['10^-3', 0x03, 1_700_000_000_123n, 1_700_000_000_123_000_000n],
    ['10^-6', 0x06, 1_700_000_000_123_456n, 1_700_000_000_123_456_000n],
    ['10^-9', 0x09, 1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n],
    ['10^-12', 0x0c, 1_700_000_000_123_456n, 1_700_000_000_123n],
    ['2^-10', 0x8a, 1_700_000_000n * 1024n + 1n, 1_700_000_000_000_976_562n],
    ['2^-20', 0x94, 1_700_000_000n * 1_048_576n + 3n, 1_700_000_000_000_002_861n],
    ['seconds', 0x00, 1_700_000_000n, 1_700_000_000_000_000_000n],
  ])('if_tsresol %s', (_, resolution, count, expected) => {
    expect(timeOf(count, [[TIME_RESOLUTION, Uint8Array.of(resolution)]])).toBe(expected);
  });

  test('without if_tsresol the clock counts microseconds', () => {
    expect(timeOf(1_700_000_000_123_456n, [])).toBe(1_700_000_000_123_456_000n);
  });

  test('if_tsoffset is added in seconds, before and after 1970', () => {
    expect(timeOf(5n, [[TIME_OFFSET, hex('0a00000000000000')]])).toBe(10_000_005_000n);
    expect(timeOf(60_000_007n, [[TIME_OFFSET, hex('f6ffffffffffffff')]])).toBe(50_000_007_000n);
    const nanoseconds = [
      [TIME_RESOLUTION, Uint8Array.of(9)],
      [TIME_OFFSET, hex('0a00000000000000')],
    ] as const;
    expect(timeOf(1_234n, nanoseconds)).toBe(10_000_001_234n);
  });

  test('counts and resolutions beyond all reason stop at the edge of what an Arrow timestamp holds', () => {
    for (const resolution of [0x00, 0x06, 0x09, 0x7f, 0x80, 0xff]) {
      const time = timeOf(0xffff_ffff_ffff_ffffn, [[TIME_RESOLUTION, Uint8Array.of(resolution)]]);
      expect(time).toBeGreaterThanOrEqual(0n);
      expect(time).toBeLessThan(1n << 63n);
    }
  });
});

test('sections of both byte orders follow each other, each with interfaces of its own', () => {
  const capture = concat(
    ...[sectionHeader(true), interfaceBlock(1, [], true), packetBlock(1n, FRAME, 0, true)],
    ...[sectionHeader(false), interfaceBlock(101, [], false), packetBlock(2n, FRAME, 0, false)],
    ...[sectionHeader(true), interfaceBlock(276, [], true), packetBlock(3n, FRAME, 0, true)],
  );
  const { frames, account } = readFrames(capture);
  expect(frames.map(({ linkType, time }) => [linkType, time])).toEqual([
    [1, 1000n],
    [101, 2000n],
    [276, 3000n],
  ]);
  expect(account.interfaces.map(({ linkType }) => linkType)).toEqual([1, 101, 276]);
});

test('a new section forgets the interfaces of the one before', () => {
  const capture = concat(sectionHeader(), interfaceBlock(), sectionHeader(), packetBlock(1n, FRAME));
  expect(readFrames(capture).account.damage).toBe(Damage.BadBlock);
});

test('each packet has the link type and the clock of its interface', () => {
  const capture = concat(
    sectionHeader(),
    interfaceBlock(1, [
      [2, ascii('eth0')],
      [TIME_RESOLUTION, Uint8Array.of(3)],
    ]),
    interfaceBlock(101, [[TIME_RESOLUTION, Uint8Array.of(9)]]),
    packetBlock(7n, FRAME, 1),
    packetBlock(7n, FRAME, 0),
  );
  const { frames, account } = readFrames(capture);
  expect(frames.map(({ linkType, time }) => [linkType, time])).toEqual([
    [101, 7n],
    [1, 7_000_000n],
  ]);
  expect(account.interfaces.map(({ name }) => name)).toEqual(['eth0', null]);
});

test('control characters in an interface name do not reach a terminal', () => {
  const capture = concat(sectionHeader(), interfaceBlock(1, [[2, ascii('\u001b[31meth\u00000\n')]]));
  expect(readFrames(capture).account.interfaces[0]!.name).toBe('[31meth0');
});

test('a simple packet has no time and the first interface; its captured length follows from the snapshot length', () => {
  const described = block(1, fields(true, [101, 2], [0, 2], [3, 4]));
  const simple = block(3, concat(fields(true, [1500, 4]), hex('010203')));
  const { frames, account } = readFrames(concat(sectionHeader(), described, simple));
  expect(frames).toEqual([{ bytes: [1, 2, 3], wireLength: 1500, time: 0n, linkType: 101 }]);
  expect(account.cutFrames).toBe(1);
});

test('an obsolete packet block has a 16-bit interface number and a drop count', () => {
  const body = concat(fields(true, [1, 2], [9, 2], [0, 4], [5, 4], [4, 4], [4, 4]), FRAME);
  const capture = concat(sectionHeader(), interfaceBlock(1), interfaceBlock(113), block(2, body));
  expect(readFrames(capture).frames).toEqual([{ bytes: [...FRAME], wireLength: 4, time: 5000n, linkType: 113 }]);
});

test('blocks of other types are skipped and counted', () => {
  const secrets = block(10, ascii('CLIENT_RANDOM'));
  const custom = block(0x0bad_cafe, hex('01'));
  const capture = concat(sectionHeader(), secrets, interfaceBlock(), custom, packetBlock(1n, FRAME));
  const { frames, account } = readFrames(capture);
  expect(frames).toHaveLength(1);
  expect(account.otherBlocks).toBe(2);
});

test('drops that the capturing program reports are added up over its statistics blocks', () => {
  const statistics = (drops: number) =>
    block(5, concat(fields(true, [0, 4], [0, 4], [0, 4], [5, 2], [8, 2], [drops, 4], [0, 4]), fields(true, [0, 4])));
  const { account } = readFrames(concat(sectionHeader(), interfaceBlock(), statistics(3), statistics(4)));
  expect(account.reportedDrops).toBe(7);
});

describe('damage', () => {
  const start = concat(sectionHeader(), interfaceBlock(), packetBlock(1n, FRAME));

  test.each([
    ['a packet of an interface that was never described', packetBlock(2n, FRAME, 1), Damage.BadBlock],
    [
      'a packet longer than its block',
      block(6, fields(true, [0, 4], [0, 4], [0, 4], [9, 4], [9, 4], [0, 4])),
      Damage.BadBlock,
    ],
    ['a packet block without room for its fields', block(6, new Uint8Array(16)), Damage.BadBlock],
    ['a section without a byte order', block(0x0a0d0d0a, new Uint8Array(16)), Damage.BadBlock],
    ['a block shorter than its own frame', hex('06000000 08000000 00000000'), Damage.BadLength],
    ['a block beyond 16 MiB', hex('06000000 04000001 00000000'), Damage.BadLength],
  ])('%s stops the reading', (_, bad, damage) => {
    const { frames, account } = readFrames(concat(start, bad, packetBlock(3n, FRAME)));
    expect(frames).toHaveLength(1);
    expect(account.damage).toBe(damage);
  });

  test('a file cut off at any length is read as far as it goes', () => {
    const capture = concat(start, packetBlock(2n, FRAME));
    const boundaries = [28, 48, 84];
    for (let length = 4; length < capture.length; length++) {
      const { frames, account } = readFrames(capture.subarray(0, length));
      expect(account.damage, `${length} bytes`).toBe(boundaries.includes(length) ? Damage.None : Damage.CutOff);
      expect(frames, `${length} bytes`).toHaveLength(length >= 84 ? 1 : 0);
    }
  });

  test('more interfaces than the limit are a damaged section, not more memory', () => {
    const many = new Array<Uint8Array>(4097).fill(interfaceBlock());
    const { account } = readFrames(concat(sectionHeader(), ...many));
    expect(account.damage).toBe(Damage.BadBlock);
    expect(account.interfaces).toHaveLength(4096);
  });
});
