/** What packets are wrapped in, byte for byte. */
import { concat, fields, hex } from '../../support/bytes.ts';
import { ip } from '../../support/frames.ts';

export const MACS = hex('020000000001 020000000002');

/** Outer addresses: 192.0.2.1 to 192.0.2.2, and 2001:db8::1 to 2001:db8::2. */
export const OUTER4 = ['c0000201', 'c0000202'] as const;
export const OUTER6 = ['20010db8000000000000000000000001', '20010db8000000000000000000000002'] as const;
export type Outer = readonly [string, string];

/** An outer IP packet of the protocol. */
export function carried(outer: Outer, protocol: number, payload: Uint8Array): Uint8Array {
  return ip(protocol, hex(outer[0]), hex(outer[1]), payload);
}

/** A datagram from port 50000, with nothing about IP. */
export function datagram(port: number, payload: Uint8Array): Uint8Array {
  return concat(fields(false, [50_000, 2], [port, 2], [8 + payload.length, 2], [0, 2]), payload);
}

export function etherTypeOf(packet: Uint8Array): string {
  return packet[0]! >> 4 === 6 ? '86dd' : '0800';
}

/** An Ethernet frame around a packet. */
export function framed(packet: Uint8Array): Uint8Array {
  return concat(MACS, hex(etherTypeOf(packet)), packet);
}

/** PPP's number of IPv4 or IPv6. */
function pppTypeOf(packet: Uint8Array): string {
  return packet[0]! >> 4 === 6 ? '0057' : '0021';
}

/** Each tunnel as what stands between the outer IP addresses and the packet: name, IP protocol, bytes. */
export const TUNNELS: readonly (readonly [string, number, number | null, (packet: Uint8Array) => Uint8Array])[] = [
  ['gre', 47, null, (packet) => concat(hex(`0000 ${etherTypeOf(packet)}`), packet)],
  [
    'gre',
    47,
    null,
    // Checksum and reserved, key, sequence number.
    (packet) => concat(hex(`b000 ${etherTypeOf(packet)} 1111 0000 22222222 33333333`), packet),
  ],
  ['gre', 47, null, (packet) => concat(hex('0000 6558'), framed(packet))],
  // PPTP: key and sequence number; then with an acknowledgement too, and PPP's address and control left out.
  ['gre', 47, null, (packet) => concat(hex(`3001 880b 0020 0007 00000001 ff03 ${pppTypeOf(packet)}`), packet)],
  ['gre', 47, null, (packet) => concat(hex(`3081 880b 0020 0007 00000001 00000002 ${pppTypeOf(packet)}`), packet)],
  // ERSPAN type I, and type II with its header behind the sequence number.
  ['gre', 47, null, (packet) => concat(hex('0000 88be'), framed(packet))],
  ['gre', 47, null, (packet) => concat(hex('1000 88be 00000001 1001 0001 00000002'), framed(packet))],
  ['vxlan', 17, 4789, (packet) => concat(hex('08000000 000abc 00'), framed(packet))],
  ['geneve', 17, 6081, (packet) => concat(hex('00 00 6558 000abc 00'), framed(packet))],
  // Eight bytes of options, IP without Ethernet.
  ['geneve', 17, 6081, (packet) => concat(hex(`02 00 ${etherTypeOf(packet)} 000abc 00 0102 80 01 deadbeef`), packet)],
  ['gtpu', 17, 2152, (packet) => concat(hex('30 ff'), fields(false, [packet.length, 2]), hex('00000007'), packet)],
  // A sequence number; then a PDU session container (type 85) as extension header.
  [
    'gtpu',
    17,
    2152,
    (packet) => concat(hex('32 ff'), fields(false, [packet.length + 4, 2]), hex('00000007 0001 00 00'), packet),
  ],
  [
    'gtpu',
    17,
    2152,
    (packet) =>
      concat(hex('34 ff'), fields(false, [packet.length + 8, 2]), hex('00000007 0000 00 85 01 0009 00'), packet),
  ],
];

export function ipInIp(packet: Uint8Array): number {
  return packet[0]! >> 4 === 6 ? 41 : 4;
}

/** The packet in the tunnel, as an IP packet between the outer addresses. */
export function tunnelled(
  [, protocol, port, wrap]: (typeof TUNNELS)[number],
  outer: Outer,
  packet: Uint8Array,
): Uint8Array {
  const body = wrap(packet);
  return carried(outer, protocol, port === null ? body : datagram(port, body));
}
