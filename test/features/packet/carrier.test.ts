import { describe, expect, test } from 'vitest';
import { LinkType } from '../../../features/packet/link.ts';
import { Status } from '../../../features/packet/packet.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { ip } from '../../support/frames.ts';
import { addresses, decode, payloadText } from './decode.ts';
import { framed, MACS } from './layers.ts';

const UDP = concat(hex('0fa0 0035 000a 0000'), ascii('hi'));
const IPV4 = ip(17, hex('0a000001'), hex('0a000002'), UDP);
const IPV6 = ip(17, hex('fd000000000000000000000000000001'), hex('fd000000000000000000000000000002'), UDP);
/** Radiotap: version 0, 10 bytes, rate present; then an FCS flag that nothing here needs. */
const RADIOTAP = hex('00 00 0a00 04000000 02 00');
const SNAP = 'aaaa03000000';
const THREE_MACS = '020000000001 020000000002 020000000003';

describe.each([
  ['IPv4', IPV4, '0800', '0021'],
  ['IPv6', IPV6, '86dd', '0057'],
])('%s is found', (_, packet, etherType, pppType) => {
  const wifi = (start: string, rest = '') => concat(hex(`${start}${rest} ${SNAP} ${etherType}`), packet);
  const header = (control: string) => `${control} 0000 ${THREE_MACS} 1000`;
  const short = pppType.slice(2);
  const kinds: readonly (readonly [string, number, Uint8Array, number?])[] = [
    ['behind an MPLS label', LinkType.Ethernet, concat(MACS, hex('8847 00010140'), packet)],
    ['behind three MPLS labels', LinkType.Ethernet, concat(MACS, hex('8848 00010040 00020040 00030140'), packet)],
    ['in an Ethernet pseudowire', LinkType.Ethernet, concat(MACS, hex('8847 00010140 00000000'), framed(packet))],
    ['behind a VLAN tag and MPLS', LinkType.Ethernet, concat(MACS, hex('8100 0009 8847 00010140'), packet), 9],
    ['in PPPoE', LinkType.Ethernet, concat(MACS, hex(`8864 11 00 0001 0020 ${pppType}`), packet)],
    [
      'in PPPoE behind a VLAN tag',
      LinkType.Ethernet,
      concat(MACS, hex(`8100 0007 8864 11000001 0020 ${pppType}`), packet),
      7,
    ],
    ['in PPP', LinkType.Ppp, concat(hex(pppType), packet)],
    ['in PPP with a short number', LinkType.Ppp, concat(hex(short), packet)],
    ['in PPP with address and control', LinkType.Ppp, concat(hex(`ff03 ${pppType}`), packet)],
    ['in PPP over serial', LinkType.PppSerial, concat(hex(`ff03 ${short}`), packet)],
    ['in 802.11', LinkType.Wifi, wifi(header('0801'))],
    ['in 802.11 from the distribution system', LinkType.Wifi, wifi(header('0802'))],
    ['in 802.11 between stations', LinkType.Wifi, wifi(header('0800'))],
    ['in 802.11 with QoS', LinkType.Wifi, wifi(header('8801'), '0500')],
    ['in 802.11 with QoS and HT control', LinkType.Wifi, wifi(header('8881'), '0500 11223344')],
    ['in 802.11 with four addresses', LinkType.Wifi, wifi(header('0803'), '020000000004')],
    ['in 802.11 with four addresses and QoS', LinkType.Wifi, wifi(header('8803'), '020000000004 0500')],
    [
      'in 802.11 with a VLAN tag',
      LinkType.Wifi,
      concat(hex(`${header('0801')} ${SNAP} 8100 000b ${etherType}`), packet),
      11,
    ],
    ['behind radiotap', LinkType.WifiRadiotap, concat(RADIOTAP, wifi(header('8802'), '0000'))],
    ['in 802.11 with a frame check sequence', LinkType.Wifi, concat(wifi(header('0801')), hex('deadbeef'))],
  ];

  const frames = kinds.map(([name, linkType, frame, vlan = -1]) => [name, linkType, frame, vlan] as const);

  test.each(frames)('%s', (__, linkType, frame, vlan) => {
    const decoded = decode(frame, linkType);
    expect(decoded.status).toBe(Status.Ok);
    expect(addresses(decoded)[0]).toMatch(packet === IPV4 ? /^0a000001$/ : /^fd0+1$/);
    expect(decoded.packet).toMatchObject({ destinationPort: 53, tunnel: 0, vlan, ipLength: packet.length });
    expect(payloadText(decoded)).toBe('hi');
  });

  test.each(frames)('%s, cut off at any length', (__, linkType, frame) => {
    const headers = frame.length - 2 - (hasCheckSequence(frame) ? 4 : 0);
    for (let length = 0; length < headers; length++) {
      expect(decode(frame.subarray(0, length), linkType, frame.length).status, `${length}`).toBe(Status.Truncated);
    }
    expect(decode(frame.subarray(0, headers), linkType, frame.length).status).toBe(Status.Ok);
  });
});

function hasCheckSequence(frame: Uint8Array): boolean {
  return Buffer.from(frame.subarray(-4)).toString('hex') === 'deadbeef';
}

test.each([
  [
    'nine MPLS labels',
    LinkType.Ethernet,
    concat(MACS, hex(`8847 ${'00010040'.repeat(8)} 00010140`), IPV4),
    Status.Malformed,
  ],
  ['MPLS without a last label', LinkType.Ethernet, concat(MACS, hex('8847 00010040')), Status.Truncated],
  ['MPLS around something else', LinkType.Ethernet, concat(MACS, hex('8847 00010140 f0'), IPV4), Status.NotIp],
  ['PPPoE discovery', LinkType.Ethernet, concat(MACS, hex('8863 1109 0000 0004 0101 0000')), Status.NotIp],
  ['LCP in PPPoE', LinkType.Ethernet, concat(MACS, hex('8864 1100 0001 0006 c021 0901 0004')), Status.NotIp],
  ['CHAP in PPP', LinkType.Ppp, hex('ff03 c223 0101 0004'), Status.NotIp],
  ['a beacon', LinkType.Wifi, concat(hex(`8000 0000 ${THREE_MACS} 1000`), new Uint8Array(40)), Status.Opaque],
  ['an acknowledgement of 10 bytes', LinkType.Wifi, hex('d400 0000 020000000001'), Status.Opaque],
  ['data without data', LinkType.Wifi, hex(`4801 0000 ${THREE_MACS} 1000`), Status.Opaque],
  ['QoS data without data', LinkType.Wifi, hex(`c801 0000 ${THREE_MACS} 1000 0000`), Status.Opaque],
  ['protected data', LinkType.Wifi, concat(hex(`0841 0000 ${THREE_MACS} 1000`), new Uint8Array(60)), Status.Opaque],
  [
    'data that is not SNAP',
    LinkType.Wifi,
    concat(hex(`0801 0000 ${THREE_MACS} 1000 424203`), new Uint8Array(20)),
    Status.NotIp,
  ],
  [
    'ARP over 802.11',
    LinkType.Wifi,
    concat(hex(`0801 0000 ${THREE_MACS} 1000 ${SNAP} 0806`), new Uint8Array(28)),
    Status.NotIp,
  ],
  ['a radiotap header of 4 bytes', LinkType.WifiRadiotap, hex('00 00 0400 00000000 0801'), Status.Malformed],
  ['a radiotap header longer than the frame', LinkType.WifiRadiotap, hex('00 00 ffff 00000000 0801'), Status.Truncated],
])('%s is no flow packet', (_, linkType, frame, status) => {
  expect(decode(frame, linkType).status).toBe(status);
});

test('eight MPLS labels are popped', () => {
  const frame = concat(MACS, hex(`8847 ${'00010040'.repeat(7)} 00010140`), IPV4);
  expect(decode(frame).status).toBe(Status.Ok);
});
