import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { LinkType } from '../../../features/packet/link.ts';
import { Status } from '../../../features/packet/packet.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { ethernet, ip, tcp, udp } from '../../support/frames.ts';
import { decode, payloadText } from './decode.ts';

const A = hex('0a000001');
const B = hex('0a000002');
const FAILURES: readonly Status[] = [Status.Truncated, Status.Malformed];

describe('TCP', () => {
  /** SYN of port 40000 to 443 with four bytes of options and two of payload. */
  const SEGMENT = hex('9c40 01bb 01020304 f5060708 60 02 fde8 0000 0000 020405b4 6869');

  test('every field is read', () => {
    const decoded = decode(ethernet(ip(6, A, B, SEGMENT)));
    expect(decoded).toMatchObject({
      status: Status.Ok,
      packet: {
        ipVersion: 4,
        protocol: 6,
        sourcePort: 40000,
        destinationPort: 443,
        sequence: 0x01020304,
        acknowledgement: 0xf5060708,
        tcpFlags: 0x02,
        window: 65_000,
        payloadLength: 2,
      },
    });
    expect(payloadText(decoded)).toBe('hi');
  });

  test.each([
    ['a data offset below 20 bytes', 0x40],
    ['a data offset beyond the packet', 0x70],
  ])('%s is malformed', (_, offset) => {
    expect(decode(ethernet(ip(6, A, B, SEGMENT.slice().fill(offset, 12, 13)))).status).toBe(Status.Malformed);
  });

  test('options cut off by the snapshot length do not make payload', () => {
    const frame = ethernet(ip(6, A, B, SEGMENT));
    const { status, packet } = decode(frame.subarray(0, 14 + 20 + 20), LinkType.Ethernet, frame.length);
    expect(status).toBe(Status.Ok);
    expect(packet.payloadLength).toBe(2);
    expect(packet.payloadEnd - packet.payloadAt).toBe(0);
  });
});

describe('UDP', () => {
  const datagram = (length: string, payload: string) =>
    ethernet(ip(17, A, B, concat(hex(`0fa0 0035 ${length} 0000`), ascii(payload))));

  test.each([
    ['its own length', '000d', 'hello', 'hello'],
    ['a shorter length ends the datagram before the packet', '000a', 'hello', 'he'],
    ['a longer length ends at the packet', '0040', 'hello', 'hello'],
    ['length 0 means all of the packet', '0000', 'hello', 'hello'],
    ['length 8 means no payload', '0008', 'hello', ''],
  ])('%s', (_, length, payload, expected) => {
    const decoded = decode(datagram(length, payload));
    expect(decoded).toMatchObject({ status: Status.Ok, packet: { payloadLength: expected.length, tcpFlags: 0 } });
    expect(payloadText(decoded)).toBe(expected);
  });

  test.each(['0001', '0007'])('a length of %s is malformed', (length) => {
    expect(decode(datagram(length, 'hello')).status).toBe(Status.Malformed);
  });
});

describe('frames cut off at any length', () => {
  const text = ascii('payload');
  const options = hex('11 00 050200000000');
  const six = hex('fd000000000000000000000000000001');
  test.each([
    ['TCP over IPv4', tcp({ from: '10.0.0.1:1', to: '10.0.0.2:2', payload: text }), 54],
    ['TCP over IPv6', tcp({ from: '[fd00::1]:1', to: '[fd00::2]:2', payload: text }), 74],
    ['UDP over IPv4', udp('10.0.0.1:1', '10.0.0.2:2', text), 42],
    ['UDP behind two tags', ethernet(udp('10.0.0.1:1', '10.0.0.2:2', text).subarray(14), 1, 2), 50],
    ['UDP behind hop-by-hop options', ethernet(ip(0, six, six, concat(options, hex('0001 0002 000f 0000'), text))), 70],
  ])('%s', (_, frame, headers) => {
    for (let length = 0; length < frame.length; length++) {
      const decoded = decode(frame.subarray(0, length), LinkType.Ethernet, frame.length);
      if (length < headers) expect(decoded.status, `${length} bytes`).toBe(Status.Truncated);
      else {
        expect(decoded, `${length} bytes`).toMatchObject({ status: Status.Ok, packet: { payloadLength: 7 } });
        expect(payloadText(decoded)).toBe('payload'.slice(0, length - headers));
      }
    }
  });

  test('short frames that are whole never throw either', () => {
    const frame = tcp({ from: '10.0.0.1:1', to: '10.0.0.2:2', payload: text });
    for (let length = 0; length < 54; length++) {
      expect(FAILURES, `${length} bytes`).toContain(decode(frame.subarray(0, length)).status);
    }
  });
});

test('random frames of every link type never throw and never show payload from outside the frame', () => {
  const prng = new Prng('random frames');
  const good = [
    tcp({ from: '10.0.0.1:1', to: '10.0.0.2:2', payload: ascii('abc') }),
    udp('[fd00::1]:1', '[fd00::2]:2', ascii('abc')),
  ];
  let decoded = 0;
  for (let round = 0; round < 20_000; round++) {
    const frame = prng.chance(0.5) ? prng.pick(good).slice() : prng.bytes(new Uint8Array(prng.below(120)));
    for (let i = prng.below(4); i > 0; i--) frame[prng.below(frame.length)] = prng.below(256);
    const { status, packet } = decode(frame, prng.pick(Object.values(LinkType)), frame.length + prng.below(3) * 700);
    if (status !== Status.Ok) continue;
    decoded++;
    expect(packet.payloadAt).toBeGreaterThanOrEqual(64);
    expect(packet.payloadEnd).toBeGreaterThanOrEqual(packet.payloadAt);
    expect(packet.payloadEnd).toBeLessThanOrEqual(64 + frame.length);
    expect(packet.payloadEnd - packet.payloadAt).toBeLessThanOrEqual(packet.payloadLength);
    expect(packet.payloadLength).toBeLessThan(packet.ipLength);
  }
  expect(decoded).toBeGreaterThan(200);
});
