import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../core/limits.ts';
import { LinkType } from '../../../features/packet/link.ts';
import { Status, TUNNEL_NAMES } from '../../../features/packet/packet.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { ethernet, ip } from '../../support/frames.ts';
import { addresses, type Decoded, decode, payloadText } from './decode.ts';
import { carried, datagram, framed, ipInIp, OUTER4, OUTER6, TUNNELS, tunnelled } from './layers.ts';

/** Ports 4000 and 53, two bytes of payload. */
const UDP = concat(hex('0fa0 0035 000a 0000'), ascii('hi'));
const INNER4 = ip(17, hex('0a000001'), hex('0a000002'), UDP);
const INNER6 = ip(17, hex('fd000000000000000000000000000001'), hex('fd000000000000000000000000000002'), UDP);

const raw = (packet: Uint8Array, wireLength?: number) => decode(packet, LinkType.Raw, wireLength);
const tunnelOf = ({ packet }: Decoded) => TUNNEL_NAMES[packet.tunnel];

/** The outer addresses in hexadecimal. */
function outerOf({ packet }: Decoded): readonly [string, string] {
  const { view, outerAddressAt, outerVersion } = packet;
  const bytes = outerVersion === 4 ? 4 : 16;
  const text = (at: number) => Buffer.from(view.buffer as ArrayBuffer, at, bytes).toString('hex');
  return [text(outerAddressAt), text(outerAddressAt + bytes)];
}

function expectInner(decoded: Decoded, inner: Uint8Array): void {
  expect(decoded.status).toBe(Status.Ok);
  expect(decoded.packet).toMatchObject({ sourcePort: 4000, destinationPort: 53, ipLength: inner.length });
  expect(payloadText(decoded)).toBe('hi');
  expect(addresses(decoded)[0]).toMatch(inner === INNER4 ? /^0a/ : /^fd/);
}

describe.each([
  ['IPv4', OUTER4],
  ['IPv6', OUTER6],
])('over %s', (_, outer) => {
  describe.each([
    ['IPv4', INNER4],
    ['IPv6', INNER6],
  ])('%s is found', (__, inner) => {
    test.each(TUNNELS.map((tunnel, i) => [`${tunnel[0]} (form ${i})`, tunnel] as const))('in %s', (___, tunnel) => {
      const decoded = raw(tunnelled(tunnel, outer, inner));
      expectInner(decoded, inner);
      expect(tunnelOf(decoded)).toBe(tunnel[0]);
      expect(outerOf(decoded)).toEqual(outer);
    });

    test('in IP', () => {
      const decoded = raw(carried(outer, ipInIp(inner), inner));
      expectInner(decoded, inner);
      expect(tunnelOf(decoded)).toBe('ipip');
      expect(outerOf(decoded)).toEqual(outer);
    });
  });
});

test('of tunnels inside tunnels the outermost is kept, and the innermost packet is read', () => {
  const vxlan = TUNNELS.find(([name]) => name === 'vxlan')!;
  for (const first of TUNNELS) {
    for (const second of TUNNELS) {
      const middle = tunnelled(second, OUTER6, INNER4);
      const decoded = raw(tunnelled(first, OUTER4, tunnelled(vxlan, OUTER4, middle)));
      expectInner(decoded, INNER4);
      expect(tunnelOf(decoded)).toBe(first[0]);
      expect(outerOf(decoded)).toEqual(OUTER4);
    }
  }
});

test('a packet behind one in a tunnel is in none', () => {
  expect(raw(tunnelled(TUNNELS[0]!, OUTER4, INNER4)).packet.tunnel).not.toBe(0);
  expect(raw(INNER4).packet.tunnel).toBe(0);
});

describe('a datagram to the port of a tunnel that is no tunnel stays a UDP packet', () => {
  test.each([
    ['VXLAN without its flag', 4789, hex('00000000 000abc 00'), framed(INNER4)],
    ['VXLAN with reserved bits', 4789, hex('08000000 000abc 01'), framed(INNER4)],
    ['four bytes to the port of VXLAN', 4789, hex('08000000'), hex('')],
    ['ARP in VXLAN', 4789, hex('08000000 000abc 00'), concat(new Uint8Array(12), hex('0806'), new Uint8Array(28))],
    ['noise in VXLAN', 4789, hex('08000000 000abc 00'), new Uint8Array(60).fill(0x5a)],
    ['GENEVE of another version', 6081, hex('40 00 6558 000abc 00'), framed(INNER4)],
    ['GENEVE with a protocol that is not IP', 6081, hex('00 00 0806 000abc 00'), INNER4],
    ['GENEVE whose options are longer than it', 6081, hex('3f 00 6558 000abc 00'), framed(INNER4)],
    ['a GTP-U echo request', 2152, hex('32 01 0004 00000000 0001 00 00'), hex('')],
    ['GTP prime', 2152, hex('0f ff 0004 00000000'), INNER4],
    ['GTP-U with half its options', 2152, hex('32 ff 0002 00000007 0001'), hex('')],
    ['GTP-U with an extension of no length', 2152, hex('34 ff 0008 00000007 0000 00 85 00000000'), INNER4],
    ['GTP-U with an extension that is longer than it', 2152, hex('34 ff 0008 00000007 0000 00 85 ff0000'), INNER4],
  ])('%s', (_, port, header, rest) => {
    const payload = concat(header, rest);
    for (const [outer, version] of [
      [OUTER4, 4],
      [OUTER6, 6],
    ] as const) {
      const decoded = raw(carried(outer, 17, datagram(port, payload)));
      expect(decoded).toMatchObject({
        status: Status.Ok,
        packet: { ipVersion: version, destinationPort: port, tunnel: 0, payloadLength: payload.length },
      });
      expect(addresses(decoded)).toEqual(outer);
    }
  });

  test('a tunnel to another port', () => {
    const decoded = raw(carried(OUTER4, 17, datagram(4790, concat(hex('08000000 000abc 00'), framed(INNER4)))));
    expect(decoded.packet).toMatchObject({ destinationPort: 4790, tunnel: 0 });
  });

  test('Ethernet padding is not taken for the rest of a VXLAN header', () => {
    const short = ethernet(carried(OUTER4, 17, datagram(4789, hex('08000000'))));
    const decoded = decode(concat(short, new Uint8Array(4), framed(INNER4)));
    expect(decoded.packet).toMatchObject({ destinationPort: 4789, tunnel: 0, payloadLength: 4 });
  });

  test('inside GRE it is a UDP packet of the GRE tunnel', () => {
    const noise = carried(OUTER6, 17, datagram(4789, concat(hex('08000000 000abc 00'), new Uint8Array(40))));
    const decoded = raw(carried(OUTER4, 47, concat(hex('0000 86dd'), noise)));
    expect(decoded).toMatchObject({ status: Status.Ok, packet: { destinationPort: 4789, ipVersion: 6 } });
    expect(tunnelOf(decoded)).toBe('gre');
    expect(outerOf(decoded)).toEqual(OUTER4);
  });
});

describe('GRE that leads nowhere', () => {
  test.each([
    ['an acknowledgement of PPTP, which carries nothing', hex('2081 880b 0000 0007 00000002'), Status.OtherTransport],
    ['version 2', hex('0002 0800'), Status.OtherTransport],
    ['source routes (RFC 1701)', hex('4000 0800 00000000'), Status.OtherTransport],
    ['a keepalive', hex('0000 0000'), Status.OtherTransport],
    ['half a header', hex('0000 08'), Status.Truncated],
    ['LCP of PPTP', hex('3001 880b 0008 0007 00000001 ff03 c021 0101 0004'), Status.NotIp],
  ])('%s', (_, body, status) => {
    expect(raw(carried(OUTER4, 47, body)).status).toBe(status);
  });
});

describe('layers inside each other', () => {
  /** So many IP headers, the last with a UDP packet in it. */
  const nested = (headers: number) => {
    let packet = INNER4;
    for (let i = 1; i < headers; i++) packet = carried(OUTER4, 4, packet);
    return packet;
  };

  test('are read up to the limit, and one more is dropped by name', () => {
    expect(raw(nested(LIMITS.layers - 1)).status).toBe(Status.Ok);
    expect(raw(nested(LIMITS.layers)).status).toBe(Status.TooDeep);
  });

  test('beyond the limit inside a datagram leave the datagram', () => {
    const vxlan = TUNNELS.find(([name]) => name === 'vxlan')!;
    const decoded = raw(tunnelled(vxlan, OUTER4, nested(LIMITS.layers)));
    expect(decoded).toMatchObject({ status: Status.Ok, packet: { destinationPort: 4789, tunnel: 0 } });
  });
});

describe('tunnels cut off at any length', () => {
  test.each([...TUNNELS.map((tunnel, i) => [`${tunnel[0]} (form ${i})`, tunnel] as const)])('%s', (_, tunnel) => {
    for (const outer of [OUTER4, OUTER6]) {
      const whole = tunnelled(tunnel, outer, INNER6);
      const outerHeaders = (outer === OUTER4 ? 20 : 40) + 8;
      for (let length = 0; length < whole.length; length++) {
        const { status, packet } = raw(whole.subarray(0, length), whole.length);
        const isInner = length >= whole.length - 2;
        const isDatagram = tunnel[2] !== null && length >= outerHeaders;
        if (!isInner && !isDatagram) expect(status, `${length} bytes`).toBe(Status.Truncated);
        else expect(status, `${length} bytes`).toBe(Status.Ok);
        if (isInner) expect(packet).toMatchObject({ destinationPort: 53, payloadLength: 2 });
        else if (isDatagram) expect(packet).toMatchObject({ destinationPort: tunnel[2], tunnel: 0 });
      }
    }
  });
});
