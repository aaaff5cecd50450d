import { describe, expect, test } from 'vitest';
import { LinkType } from '../../../features/packet/link.ts';
import { Status } from '../../../features/packet/packet.ts';
import { ascii, concat, fields, hex } from '../../support/bytes.ts';
import { decode, payloadText } from './decode.ts';

/** Ports 4000 and 53, two bytes of payload. */
const UDP = concat(hex('0fa0 0035 000a 0000'), ascii('hi'));
const ADDRESSES4 = hex('0a000001 0a000002');
const ADDRESSES6 = hex('fd000000000000000000000000000001 fd000000000000000000000000000002');

function ipv4({ headerBytes = 20, totalLength = -1, fragment = 0, protocol = 17, payload = UDP }) {
  const length = totalLength < 0 ? headerBytes + payload.length : totalLength;
  const head = fields(false, [0x40 | (headerBytes / 4), 1], [0, 1], [length, 2], [7, 2], [fragment, 2]);
  const options = new Uint8Array(Math.max(0, headerBytes - 20)).fill(1);
  return concat(head, fields(false, [64, 1], [protocol, 1], [0, 2]), ADDRESSES4, options, payload);
}

function ipv6(next: number, rest: Uint8Array, payloadLength = rest.length) {
  return concat(hex('60000000'), fields(false, [payloadLength, 2], [next, 1], [64, 1]), ADDRESSES6, rest);
}

const raw = (packet: Uint8Array, wireLength = packet.length) => decode(packet, LinkType.Raw, wireLength);

describe('IPv4', () => {
  test('options are stepped over', () => {
    const decoded = raw(ipv4({ headerBytes: 60 }));
    expect(decoded).toMatchObject({ status: Status.Ok, packet: { ipLength: 70, sourcePort: 4000, payloadLength: 2 } });
    expect(payloadText(decoded)).toBe('hi');
  });

  test('a total length of 0 (segmentation offload) means the length on the wire', () => {
    const payload = concat(hex('0fa0 0035 0000 0000'), new Uint8Array(100));
    const { status, packet } = raw(ipv4({ totalLength: 0, payload }));
    expect(status).toBe(Status.Ok);
    expect(packet).toMatchObject({ ipLength: 128, payloadLength: 100 });
  });

  test('a total length of 0 in a cut frame still means the length on the wire', () => {
    const { packet } = raw(ipv4({ totalLength: 0, payload: hex('0fa0 0035 0000 0000 01 02') }), 65_000);
    expect(packet).toMatchObject({ ipLength: 65_000, payloadLength: 65_000 - 28 });
    expect(packet.payloadEnd - packet.payloadAt).toBe(2);
  });

  test.each([
    ['the only one', 0, { isFragment: false, fragmentId: -1, sourcePort: 4000, payloadLength: 2 }],
    ['do not fragment', 0x4000, { isFragment: false, fragmentId: -1, sourcePort: 4000, payloadLength: 2 }],
    ['the first', 0x2000, { isFragment: false, fragmentId: 7, sourcePort: 4000, payloadLength: 2 }],
    ['one in the middle', 0x2001, { isFragment: true, fragmentId: 7, payloadLength: 10 }],
    ['the last', 0x1fff, { isFragment: true, fragmentId: 7, payloadLength: 10 }],
  ])('of a packet in pieces, %s is told by its flags and offset', (_, fragment, expected) => {
    expect(raw(ipv4({ fragment }))).toMatchObject({ status: Status.Ok, packet: expected });
  });

  test.each([
    ['a header length below 20', ipv4({}).fill(0x44, 0, 1), Status.Malformed],
    ['a total length below the header', ipv4({ totalLength: 19 }), Status.Malformed],
    ['a total length without room for UDP', ipv4({ totalLength: 27 }), Status.Malformed],
    ['ICMP shorter than its header', ipv4({ protocol: 1, payload: hex('0800 0000 0001 00') }), Status.Malformed],
    ['SCTP shorter than its header', ipv4({ protocol: 132, payload: new Uint8Array(11) }), Status.Malformed],
    ['IGMP', ipv4({ protocol: 2 }), Status.OtherTransport],
    ['a later fragment of an encrypted packet (ESP)', ipv4({ protocol: 50, fragment: 1 }), Status.OtherTransport],
  ])('%s', (_, packet, status) => {
    expect(raw(packet).status).toBe(status);
  });
});

describe('IPv6', () => {
  test.each([
    ['hop-by-hop options', ipv6(0, concat(hex('11 00 050200000000'), UDP))],
    ['16 bytes of destination options', ipv6(60, concat(hex('11 01'), new Uint8Array(14), UDP))],
    ['a routing header', ipv6(43, concat(hex('11 02 04 00'), new Uint8Array(20), UDP))],
    ['a first fragment', ipv6(44, concat(hex('11 00 0001 00000001'), UDP))],
    ['24 bytes of authentication', ipv6(51, concat(hex('11 04'), new Uint8Array(22), UDP))],
    ['a chain of them', ipv6(0, concat(hex('2b00 050200000000 3c00 000000000000 1100 000000000000'), UDP))],
  ])('%s stand before the transport', (_, packet) => {
    const decoded = raw(packet);
    expect(decoded).toMatchObject({ status: Status.Ok, packet: { ipLength: packet.length, destinationPort: 53 } });
    expect(payloadText(decoded)).toBe('hi');
  });

  test('a later fragment is one, and all behind its header is payload', () => {
    const first = raw(ipv6(44, concat(hex('11 00 0001 89abcdef'), UDP))).packet;
    expect(first).toMatchObject({ isFragment: false, fragmentId: 0x89abcdef, destinationPort: 53, payloadLength: 2 });
    const later = raw(ipv6(44, concat(hex('11 00 0009 89abcdef'), UDP))).packet;
    expect(later).toMatchObject({ isFragment: true, fragmentId: 0x89abcdef, protocol: 17, payloadLength: 10 });
  });

  test('a payload length of 0 (segmentation offload, jumbograms) means the length on the wire', () => {
    expect(raw(ipv6(17, UDP, 0)).packet).toMatchObject({ ipLength: 50, payloadLength: 2 });
  });

  test('eight extension headers are walked, nine are not', () => {
    const options = (count: number) =>
      ipv6(
        60,
        concat(...Array.from({ length: count }, (_, i) => hex(`${i < count - 1 ? '3c' : '11'} 00 000000000000`)), UDP),
      );
    expect(raw(options(8)).status).toBe(Status.Ok);
    expect(raw(options(9)).status).toBe(Status.Malformed);
  });

  test.each([
    ['ICMPv6 shorter than its header', ipv6(58, new Uint8Array(7)), Status.Malformed],
    ['no next header', ipv6(59, new Uint8Array(0)), Status.OtherTransport],
    ['an encrypted payload (ESP)', ipv6(50, new Uint8Array(40)), Status.OtherTransport],
    [
      'an extension header that runs past the packet',
      ipv6(0, concat(hex('11 ff'), new Uint8Array(30))),
      Status.Malformed,
    ],
  ])('%s', (_, packet, status) => {
    expect(raw(packet).status).toBe(status);
  });
});
