import { describe, expect, test } from 'vitest';
import { LinkType, linkTypeName } from '../../../features/packet/link.ts';
import { Status } from '../../../features/packet/packet.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { ethernet, ip } from '../../support/frames.ts';
import { addresses, decode, payloadText } from './decode.ts';

const UDP = concat(hex('0fa0 0035 000a 0000'), ascii('hi'));
const IPV4 = ip(17, hex('0a000001'), hex('0a000002'), UDP);
const SIX_A = hex('20010db8 00000000 00000000 00000001');
const SIX_B = hex('20010db8 00000000 00000000 00000002');
const IPV6 = ip(17, SIX_A, SIX_B, UDP);
const MACS = hex('020000000001 020000000002');

describe.each([
  ['IPv4', IPV4, '0800', ['0a000001', '0a000002']],
  ['IPv6', IPV6, '86dd', [Buffer.from(SIX_A).toString('hex'), Buffer.from(SIX_B).toString('hex')]],
])('%s is found', (_, packet, etherType, expected) => {
  test.each([
    ['in Ethernet', LinkType.Ethernet, concat(MACS, hex(etherType), packet), -1],
    ['behind a VLAN tag', LinkType.Ethernet, concat(MACS, hex(`8100 2064 ${etherType}`), packet), 100],
    ['behind two VLAN tags', LinkType.Ethernet, concat(MACS, hex(`88a8 0007 8100 0064 ${etherType}`), packet), 7],
    ['behind old double tags', LinkType.Ethernet, concat(MACS, hex(`9100 0fff 8100 0064 ${etherType}`), packet), 4095],
    ['in Linux cooked', LinkType.LinuxSll, concat(hex(`0000 0001 0006 020000000001 0000 ${etherType}`), packet), -1],
    [
      'in Linux cooked with a VLAN tag',
      LinkType.LinuxSll,
      concat(hex('0000 0001 0006 020000000001 0000 8100 0005'), hex(etherType), packet),
      5,
    ],
    [
      'in Linux cooked v2',
      LinkType.LinuxSll2,
      concat(hex(`${etherType} 0000 00000002 0001 00 06 0200000000010000`), packet),
      -1,
    ],
    ['behind the BSD loopback family, little-endian', LinkType.Null, concat(hex('02000000'), packet), -1],
    ['behind the BSD loopback family, big-endian', LinkType.Null, concat(hex('0000001e'), packet), -1],
    ['in OpenBSD loopback', LinkType.Loop, concat(hex('00000018'), packet), -1],
    ['raw', LinkType.Raw, packet, -1],
    ['raw as BSD numbers it', LinkType.RawBsd, packet, -1],
    ['raw as OpenBSD numbers it', LinkType.RawOpenBsd, packet, -1],
    ['raw IPv4', LinkType.Ipv4, packet, -1],
    ['raw IPv6', LinkType.Ipv6, packet, -1],
  ])('%s', (__, linkType, frame, vlan) => {
    const decoded = decode(frame, linkType);
    expect(decoded.status).toBe(Status.Ok);
    expect(addresses(decoded)).toEqual(expected);
    expect(decoded.packet).toMatchObject({ sourcePort: 4000, destinationPort: 53, vlan, ipLength: packet.length });
    expect(payloadText(decoded)).toBe('hi');
  });
});

test('Ethernet padding is no payload', () => {
  const decoded = decode(concat(ethernet(IPV4), new Uint8Array(18).fill(0xaa)));
  expect(decoded.packet).toMatchObject({ ipLength: 30, payloadLength: 2 });
  expect(payloadText(decoded)).toBe('hi');
});

test('the tag of one frame is not remembered in the next', () => {
  expect(decode(ethernet(IPV4, 9)).packet.vlan).toBe(9);
  expect(decode(ethernet(IPV4)).packet.vlan).toBe(-1);
});

test.each([
  ['ARP', concat(MACS, hex('0806 0001 0800 06 04 0001'), new Uint8Array(20)), LinkType.Ethernet, Status.NotIp],
  ['an 802.3 length', concat(MACS, hex('0026 4242 03'), new Uint8Array(35)), LinkType.Ethernet, Status.NotIp],
  ['ARP behind a VLAN tag', concat(MACS, hex('8100 0001 0806'), new Uint8Array(28)), LinkType.Ethernet, Status.NotIp],
  ['a tag cut off', concat(MACS, hex('8100 00')), LinkType.Ethernet, Status.Truncated],
  ['five tags', ethernet(IPV4, 1, 2, 3, 4, 5), LinkType.Ethernet, Status.Malformed],
  ['AppleTalk on BSD loopback', hex('10000000 00112233'), LinkType.Null, Status.NotIp],
  ['nothing behind a BSD loopback family', hex('02000000'), LinkType.Null, Status.Truncated],
  ['half a BSD loopback family', hex('0200'), LinkType.Null, Status.Truncated],
  ['a link type that is not read', IPV4, 147, Status.UnknownLink],
  ['IP version 5', concat(MACS, hex('0800 55'), new Uint8Array(30)), LinkType.Ethernet, Status.Malformed],
])('%s is no flow packet', (_, frame, linkType, status) => {
  expect(decode(frame, linkType).status).toBe(status);
});

test('four tags are looked through', () => {
  expect(decode(ethernet(IPV4, 1, 2, 3, 4))).toMatchObject({ status: Status.Ok, packet: { vlan: 1 } });
});

test('link types have the names that users know, and others say that they are not read', () => {
  expect(linkTypeName(1)).toBe('Ethernet');
  expect(linkTypeName(276)).toBe('Linux cooked v2');
  expect(linkTypeName(105)).toBe('IEEE 802.11');
  expect(linkTypeName(147)).toBe('link type 147, not read');
});
