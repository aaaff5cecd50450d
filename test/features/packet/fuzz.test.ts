/**
 * Seeded damage to frames of every kind: decoding never throws, never shows anything from outside the frame, and says the
 * same whatever lies around it, so it cannot have read there.
 */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { decodeFrame } from '../../../features/packet/decode.ts';
import { LinkType } from '../../../features/packet/link.ts';
import { Packet, Status, Tunnel } from '../../../features/packet/packet.ts';
import { ascii, concat, hex } from '../../support/bytes.ts';
import { ethernet, ip, tcp, udp } from '../../support/frames.ts';
import { carried, framed, ipInIp, MACS, OUTER4, OUTER6, TUNNELS, tunnelled } from './layers.ts';

const MARGIN = 96;
const LINK_TYPES = [...Object.values(LinkType), 147];

interface Seen {
  readonly status: Status;
  /** Every field that a caller may trust; offsets from the start of the frame, addresses as bytes. */
  readonly fields: Readonly<Record<string, unknown>>;
}

function see(frame: Uint8Array, linkType: number, wireLength: number, surroundings: number): Seen {
  const buffer = new Uint8Array(frame.length + 2 * MARGIN).fill(surroundings);
  buffer.set(frame, MARGIN);
  const packet = new Packet();
  const view = new DataView(buffer.buffer);
  const status = decodeFrame(view, MARGIN, MARGIN + frame.length, wireLength, linkType, packet);
  if (status !== Status.Ok) return { status, fields: {} };
  const { ipVersion, addressAt, tunnel, outerVersion, outerAddressAt, payloadAt, payloadEnd, protocol } = packet;
  const text = (at: number, bytes: number) => {
    expect(at).toBeGreaterThanOrEqual(MARGIN);
    expect(at + bytes).toBeLessThanOrEqual(MARGIN + frame.length);
    return Buffer.from(buffer.subarray(at, at + bytes)).toString('hex');
  };
  const { isFragment, fragmentId, sourcePort, destinationPort, sequence, acknowledgement, window } = packet;
  return {
    status,
    fields: {
      ipVersion,
      protocol,
      tunnel,
      isFragment,
      fragmentId,
      vlan: packet.vlan,
      ipLength: packet.ipLength,
      payloadLength: packet.payloadLength,
      ports: isFragment ? null : [sourcePort, destinationPort],
      tcp: protocol === 6 && !isFragment ? [packet.tcpFlags, sequence, acknowledgement, window] : packet.tcpFlags,
      addresses: text(addressAt, ipVersion === 4 ? 8 : 32),
      outer: tunnel === Tunnel.None ? null : text(outerAddressAt, outerVersion === 4 ? 8 : 32),
      payload: text(payloadAt, payloadEnd - payloadAt),
    },
  };
}

const PACKETS = [
  tcp({ from: '10.0.0.1:1', to: '10.0.0.2:2', payload: ascii('abc') }),
  tcp({ from: '[fd00::1]:1', to: '[fd00::2]:2', payload: ascii('abc') }),
  udp('10.0.0.1:1', '10.0.0.2:2', ascii('abc')),
  udp('[fd00::1]:1', '[fd00::2]:2', ascii('abc')),
].map((frame) => frame.subarray(14));
const OTHERS = [
  ip(1, hex('0a000001'), hex('0a000002'), hex('0800 0000 0001 0001 61')),
  ip(132, hex('0a000001'), hex('0a000002'), hex('0001 0002 00000000 00000000 6161')),
  // Hop-by-hop options and a fragment header; then a later fragment.
  carried(OUTER6, 0, concat(hex('2c00 0502 0000 0000 1100 0001 00000007'), PACKETS[2]!.subarray(20))),
  carried(OUTER6, 44, concat(hex('1100 0008 00000007'), new Uint8Array(9))),
];

/** Good frames of every kind, with their link type. */
function goodFrames(): (readonly [Uint8Array, number])[] {
  const packets = [...PACKETS, ...OTHERS];
  const inside = packets.flatMap((packet) => [
    ...[OUTER4, OUTER6].map((outer) => carried(outer, ipInIp(packet), packet)),
    ...TUNNELS.flatMap((tunnel) => [OUTER4, OUTER6].map((outer) => tunnelled(tunnel, outer, packet))),
  ]);
  const twice = TUNNELS.map((tunnel) => tunnelled(tunnel, OUTER4, inside[3]!));
  const SNAP = 'aaaa03000000 0800';
  return [
    ...[...packets, ...inside, ...twice].map((packet) => [ethernet(packet), LinkType.Ethernet] as const),
    ...packets.flatMap((packet): (readonly [Uint8Array, number])[] => [
      [packet, LinkType.Raw],
      [concat(MACS, hex('8847 00010040 00020140'), packet), LinkType.Ethernet],
      [concat(MACS, hex('8847 00010140 00000000'), framed(packet)), LinkType.Ethernet],
      [concat(MACS, hex('8864 1100 0001 0020 0021'), packet), LinkType.Ethernet],
      [concat(hex('ff03 0021'), packet), LinkType.Ppp],
      [concat(hex(`8803 0000 ${'020000000001'.repeat(3)} 1000 020000000004 0000 ${SNAP}`), packet), LinkType.Wifi],
      [
        concat(hex(`0000 0800 00000000 0801 0000 ${'020000000001'.repeat(3)} 1000 ${SNAP}`), packet),
        LinkType.WifiRadiotap,
      ],
      [concat(hex('0000 0001 0006 020000000001 0000 8100 0005 0800'), packet), LinkType.LinuxSll],
      [concat(hex('0800 0000 00000002 0001 00 06 0200000000010000'), packet), LinkType.LinuxSll2],
      [concat(hex('02000000'), packet), LinkType.Null],
    ]),
  ];
}

const GOOD = goodFrames();

function damaged(prng: Prng): readonly [Uint8Array, number] {
  const [good, linkType] = prng.pick(GOOD);
  let frame: Uint8Array = good.slice();
  for (let i = prng.below(5); i > 0; i--) {
    const at = prng.below(frame.length);
    // Length fields, versions and types break more at their edges.
    frame[at] = prng.pick([0, 1, 0x7f, 0x80, 0xff, frame[at]! ^ (1 << prng.below(8)), prng.below(256)]);
  }
  if (prng.chance(0.4)) frame = frame.slice(0, prng.below(frame.length + 1));
  else if (prng.chance(0.2)) frame = concat(frame, prng.bytes(new Uint8Array(prng.below(30))));
  if (prng.chance(0.05)) frame = prng.bytes(new Uint8Array(prng.below(200)));
  return [frame, prng.chance(0.9) ? linkType : prng.pick(LINK_TYPES)];
}

test('frames of every kind decode before they are damaged', () => {
  for (const [frame, linkType] of GOOD) expect(see(frame, linkType, frame.length, 0xee).status).toBe(Status.Ok);
  expect(GOOD.length).toBeGreaterThan(250);
});

test('damaged frames never throw, and are seen the same whatever lies around them', () => {
  const prng = new Prng('damaged frames');
  const statuses = new Set<Status>();
  for (let round = 0; round < 40_000; round++) {
    const [frame, linkType] = damaged(prng);
    const wireLength = frame.length + prng.pick([0, 0, 1, 700, 70_000]);
    const seen = see(frame, linkType, wireLength, 0xee);
    statuses.add(seen.status);
    const same = JSON.stringify(see(frame, linkType, wireLength, 0x00)) === JSON.stringify(seen);
    if (!same) expect(see(frame, linkType, wireLength, 0x00), Buffer.from(frame).toString('hex')).toEqual(seen);
    const again = see(frame, linkType, wireLength, 0x45);
    if (JSON.stringify(again) !== JSON.stringify(seen)) expect(again, Buffer.from(frame).toString('hex')).toEqual(seen);
    if (seen.status !== Status.Ok) continue;
    const { payload, payloadLength, ipLength } = seen.fields as {
      payload: string;
      payloadLength: number;
      ipLength: number;
    };
    expect(payload.length / 2).toBeLessThanOrEqual(payloadLength);
    expect(payloadLength).toBeLessThan(ipLength);
  }
  const orphansAreTheExtractors = Object.values(Status).filter((status) => status !== Status.OrphanFragment);
  for (const status of orphansAreTheExtractors.filter((one) => one !== Status.TooDeep))
    expect(statuses).toContain(status);
});

test('one object for all packets gives what a fresh one gives', () => {
  const prng = new Prng('one object');
  const reused = new Packet();
  for (let round = 0; round < 5000; round++) {
    const [frame, linkType] = damaged(prng);
    const fresh = new Packet();
    const view = new DataView(frame.buffer);
    const status = decodeFrame(view, 0, frame.length, frame.length, linkType, fresh);
    expect(decodeFrame(view, 0, frame.length, frame.length, linkType, reused)).toBe(status);
    if (status !== Status.Ok) continue;
    for (const name of [
      'protocol',
      'ipLength',
      'addressAt',
      'vlan',
      'tcpFlags',
      'payloadAt',
      'payloadEnd',
      'tunnel',
      'isFragment',
      'fragmentId',
    ] as const) {
      expect(reused[name], name).toBe(fresh[name]);
    }
    if (fresh.tunnel !== Tunnel.None) expect(reused.outerAddressAt).toBe(fresh.outerAddressAt);
  }
});
