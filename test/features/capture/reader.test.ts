import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { looksLikeCapture } from '../../../features/capture/reader.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { block, interfaceBlock, packetBlock, pcap, sectionHeader } from '../../support/captures.ts';
import { ethernet, Flag, tcp, udp } from '../../support/frames.ts';
import { extractRows } from '../../support/rows.ts';
import { readFrames } from './read-frames.ts';

const A = '10.0.0.1:40000';
const B = '10.0.0.2:443';

const FRAMES = [
  tcp({ from: A, to: B, flags: Flag.SYN, seq: 1 }),
  tcp({ from: B, to: A, flags: Flag.SYN | Flag.ACK, seq: 9, ack: 2 }),
  tcp({ from: A, to: B, flags: Flag.ACK, seq: 2, payload: ascii('hello') }),
  udp('[2001:db8::1]:5000', '[2001:db8::2]:53', ascii('query')),
  udp('[2001:db8::2]:53', '[2001:db8::1]:5000', ascii('an answer')),
  tcp({ from: B, to: A, flags: Flag.RST, seq: 10 }),
];

const AS_PCAP = pcap(FRAMES.map((bytes, i) => ({ at: 10 + i, bytes })));
const AS_NANOSECOND_PCAP = pcap(
  FRAMES.map((bytes, i) => ({ at: 10 + i, bytes })),
  { little: false, nanoseconds: true },
);
const AS_PCAPNG = concat(
  sectionHeader(),
  interfaceBlock(),
  block(10, ascii('a block of another type')),
  ...FRAMES.map((bytes, i) => packetBlock(BigInt(10 + i) * 1_000_000n, bytes)),
);

test.each([
  ['pcap', AS_PCAP],
  ['pcap with nanoseconds', AS_NANOSECOND_PCAP],
  ['pcapng', AS_PCAPNG],
])('%s gives the same rows in pieces of any size', (_, capture) => {
  const whole = extractRows(capture);
  expect(whole.rows).toHaveLength(2);
  expect(whole.counters.packets).toBe(6);
  for (const pieceBytes of [1, 2, 7, 65536]) {
    const pieces = extractRows(capture, {}, pieceBytes);
    expect(pieces.rows, `pieces of ${pieceBytes}`).toEqual(whole.rows);
    expect(pieces.counters).toEqual(whole.counters);
  }
});

test('all three formats tell the same story', () => {
  const { rows } = extractRows(AS_PCAP);
  expect(extractRows(AS_NANOSECOND_PCAP).rows).toEqual(rows);
  expect(extractRows(AS_PCAPNG).rows).toEqual(rows);
});

test('records longer than the first buffer make it grow', () => {
  const secrets = block(10, new Uint8Array(5 * 1024 * 1024));
  const capture = concat(sectionHeader(), interfaceBlock(), secrets, packetBlock(1n, hex('aabbccdd')));
  for (const pieceBytes of [65536, 1_000_003, capture.length]) {
    const { frames, account } = readFrames(capture, pieceBytes);
    expect(frames).toHaveLength(1);
    expect(account).toMatchObject({ damage: 'none', bytes: capture.length });
  }
});

test('a capture is known by its first four bytes', () => {
  for (const magic of ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '34cdb2a1', 'a1b2cd34', '0a0d0d0a']) {
    expect(looksLikeCapture(hex(magic)), magic).toBe(true);
  }
  for (const other of ['1f8b0800', '28b52ffd', '7b226361', 'd4c3b2']) {
    expect(looksLikeCapture(hex(other)), other).toBe(false);
  }
});

/** Changes a few bytes, cuts, repeats or inserts. */
function mutate(capture: Uint8Array, prng: Prng): Uint8Array {
  const changed = capture.slice();
  for (let i = prng.integer(1, 6); i > 0; i--) {
    const at = prng.below(changed.length);
    changed[at] = prng.chance(0.3) ? prng.pick([0, 1, 0x7f, 0x80, 0xff]) : prng.below(256);
  }
  const from = prng.below(changed.length);
  switch (prng.below(4)) {
    case 0:
      return changed.subarray(0, from);
    case 1:
      return concat(changed.subarray(0, from), prng.bytes(new Uint8Array(prng.below(40))), changed.subarray(from));
    case 2:
      return concat(changed, changed.subarray(from));
    default:
      return changed;
  }
}

test('a hostile capture never throws anything but that it is none', () => {
  const prng = new Prng('hostile captures');
  const vlan = ethernet(FRAMES[0]!.subarray(14), 7, 8);
  const originals = [AS_PCAP, AS_NANOSECOND_PCAP, AS_PCAPNG, pcap([{ at: 1, bytes: vlan }]), sectionHeader(false)];
  let read = 0;
  for (let round = 0; round < 1000; round++) {
    const capture = mutate(prng.pick(originals), prng);
    try {
      const { rows, counters } = extractRows(capture, {}, prng.pick([3, 64, 4096]));
      read++;
      const packets = rows.reduce((sum, row) => sum + Number(row['fwd_packets']) + Number(row['bwd_packets']), 0);
      expect(packets).toBe(counters.packets);
    } catch (error) {
      expect(error).toMatchObject({ name: 'FlowlampError', code: expect.stringMatching(/^NOT_A_CAPTURE|FILE_EMPTY$/) });
    }
  }
  expect(read).toBeGreaterThan(750);
});
