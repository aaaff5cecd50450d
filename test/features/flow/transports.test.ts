/** What beside TCP and UDP makes flows: ICMP, SCTP, later fragments, packets in VLANs and tunnels. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Fragments } from '../../../features/packet/fragments.ts';
import { Packet } from '../../../features/packet/packet.ts';
import { ascii, concat, fields, hex } from '../../support/bytes.ts';
import { type Frame, pcap } from '../../support/captures.ts';
import { endpoint, ethernet, Flag, ip, tcp, udp } from '../../support/frames.ts';
import { extractRows, type Row } from '../../support/rows.ts';
import { carried, OUTER4, OUTER6, TUNNELS, tunnelled } from '../packet/layers.ts';

const address = (host: string) => endpoint(`${host}:0`).address;
const [A, B] = [address('1.2.3.4'), address('5.6.7.8')];
const [A6, B6] = [address('[fd00::1]'), address('[fd00::2]')];

const rowsOf = (...frames: readonly Uint8Array[]): Row[] => extractRows(capture(frames)).rows;

function capture(frames: readonly Uint8Array[]): Uint8Array {
  return pcap(frames.map((bytes, i): Frame => ({ at: 1 + i, bytes })));
}

/** Type and code, then a checksum, four bytes and a text. */
function icmp(from: Uint8Array, to: Uint8Array, typeAndCode: string, text = ''): Uint8Array {
  const protocol = from.length === 16 ? 58 : 1;
  return ethernet(ip(protocol, from, to, concat(hex(`${typeAndCode} 0000 0001 0001`), ascii(text))));
}

/** The Community ID of "port unreachable": the ends of a one-way message keep their order (community-id-spec). */
function oneWayId(from: Uint8Array, to: Uint8Array): string {
  return `1:${createHash('sha1')
    .update(concat(hex('0000'), from, to, hex('01 00 0003 0003')))
    .digest('base64')}`;
}

describe('ICMP', () => {
  test('an echo request and its reply are one flow, with the Community ID that the specification gives', () => {
    for (const frames of [
      [icmp(A, B, '0800', 'ping'), icmp(B, A, '0000', 'ping')],
      [icmp(B, A, '0000', 'ping'), icmp(A, B, '0800', 'ping')],
    ]) {
      const rows = rowsOf(...frames);
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({
        protocol: 'icmp',
        community_id: '1:crodRHL2FEsHjbv3UkRrfbs4bZ0=',
        fwd_packets: 1,
        bwd_packets: 1,
        fwd_payload_bytes: 4,
        fwd_syn_packets: null,
      });
    }
  });

  test('the type stands for the initiator port, the type that answers for the other', () => {
    const [row] = rowsOf(icmp(A, B, '0800'), icmp(B, A, '0000'));
    expect(row).toMatchObject({ src_ip: '1.2.3.4', src_port: 8, dst_ip: '5.6.7.8', dst_port: 0 });
  });

  test('an error is a flow of its own, from its sender, with type and code', () => {
    const [row, ...more] = rowsOf(icmp(A, B, '0b00'), icmp(A, B, '0b00'));
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      community_id: '1:f/YiSyWqczrTgfUCZlBUnvHRcPk=',
      src_ip: '1.2.3.4',
      src_port: 11,
      dst_port: 0,
      fwd_packets: 2,
      bwd_packets: 0,
    });
  });

  test('the same error back is another flow, and from the higher address keeps its ends too', () => {
    const rows = rowsOf(icmp(B, A, '0303'), icmp(A, B, '0303'));
    expect(rows.map((row) => [row['src_ip'], row['src_port'], row['dst_port'], row['bwd_packets']])).toEqual(
      expect.arrayContaining([
        ['5.6.7.8', 3, 3, 0],
        ['1.2.3.4', 3, 3, 0],
      ]),
    );
    const ids = rows.map((row) => row['community_id']);
    expect(new Set(ids)).toEqual(new Set([oneWayId(A, B), oneWayId(B, A)]));
  });

  test('a type and a code do not change places in an answer that is none', () => {
    // Unreachable (1), address (3) one way; time exceeded (3), reassembly (1) the other.
    expect(rowsOf(icmp(A6, B6, '0103'), icmp(B6, A6, '0301'))).toHaveLength(2);
  });

  test('ICMPv6 echo and neighbour discovery are flows', () => {
    const rows = rowsOf(icmp(A6, B6, '8000'), icmp(B6, A6, '8100'), icmp(A6, B6, '8700'), icmp(B6, A6, '8800'));
    expect(rows.map((row) => [row['protocol'], row['src_port'], row['dst_port'], row['bwd_packets']])).toEqual(
      expect.arrayContaining([
        ['icmp6', 128, 129, 1],
        ['icmp6', 135, 136, 1],
      ]),
    );
  });
});

test('SCTP is counted by ports, all behind its common header as payload', () => {
  const sctp = (from: Uint8Array, to: Uint8Array, ports: string, text: string) =>
    ethernet(ip(132, from, to, concat(hex(`${ports} 00000001 00000000`), ascii(text))));
  const rows = rowsOf(sctp(A, B, '0462 0d10', 'init'), sctp(B, A, '0d10 0462', 'init ack'));
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    protocol: 'sctp',
    community_id: '1:EKt4MsxuyaE6mL+hmrEkQ9csDD8=',
    src_port: 1122,
    dst_port: 3344,
    fwd_payload_bytes: 4,
    bwd_payload_bytes: 8,
  });
});

/** An IPv4 packet in pieces: flags and offset (in eight bytes), its part of the payload. */
function fragment4(protocol: number, id: number, flags: number, body: Uint8Array): Uint8Array {
  const head = fields(false, [0x4500, 2], [20 + body.length, 2], [id, 2], [flags, 2], [64, 1], [protocol, 1], [0, 2]);
  return ethernet(concat(head, A, B, body));
}

function fragment6(protocol: number, id: number, flags: number, body: Uint8Array): Uint8Array {
  const header = fields(false, [protocol, 1], [0, 1], [flags, 2], [id, 4]);
  return ethernet(ip(44, A6, B6, concat(header, body)));
}

describe('fragments', () => {
  const MORE = 0x2000;
  /** The header of a datagram of 24 bytes, of which 8 come first. */
  const head = concat(hex('0fa0 0035 0020 0000'), new Uint8Array(8));
  /** Looks like a TCP header with RST. */
  const tail = concat(hex('0fa0 0035 00000000 00000000 50 04 ffff 0000 0000'), new Uint8Array(4));

  test.each([
    ['IPv4', fragment4(17, 7, MORE, head), fragment4(17, 7, 2, tail), 36 + 44],
    ['IPv6', fragment6(17, 7, 1, head), fragment6(17, 7, 16, tail), 40 + 8 + 16 + 40 + 8 + 24],
  ])('of %s: later ones are counted to the flow of the first, which has the ports', (_, first, later, bytes) => {
    const { rows, counters } = extractRows(capture([first, later]));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      src_port: 4000,
      dst_port: 53,
      fwd_packets: 2,
      fwd_bytes: bytes,
      fwd_payload_bytes: 8 + 24,
    });
    expect(counters.drops['orphan_fragment']).toBe(0);
  });

  test('a later one is not parsed as TCP, whatever it looks like', () => {
    const syn = concat(hex('0fa0 0050 00000001 00000000 50 10 ffff 0000 0000'), new Uint8Array(4));
    const [row, ...more] = rowsOf(fragment4(6, 9, MORE, syn), fragment4(6, 9, 3, tail));
    expect(more).toEqual([]);
    expect(row).toMatchObject({ fwd_packets: 2, fwd_rst_packets: 0, fwd_ack_packets: 1, end_reason: 'eof' });
  });

  test.each([
    ['the first was not seen', [fragment4(17, 7, 2, tail)]],
    ['another identification', [fragment4(17, 7, MORE, head), fragment4(17, 8, 2, tail)]],
    ['another protocol', [fragment4(17, 7, MORE, head), fragment4(6, 7, 2, tail)]],
    ['the first came later', [fragment4(17, 7, 2, tail), fragment4(17, 7, MORE, head)]],
  ])('an orphan is dropped by name: %s', (_, frames) => {
    const { counters } = extractRows(capture(frames));
    expect(counters.drops['orphan_fragment']).toBe(1);
    expect(counters.packets).toBe(frames.length - 1);
  });

  test('the first is remembered for 30 s', () => {
    const orphans = (seconds: number) => {
      const frames = [
        { at: 100, bytes: fragment4(17, 7, MORE, head) },
        { at: 100 + seconds, bytes: fragment4(17, 7, 2, tail) },
      ];
      return extractRows(pcap(frames)).counters.drops['orphan_fragment'];
    };
    expect([orphans(0), orphans(30), orphans(30.000001)]).toEqual([0, 0, 1]);
  });

  test('a tunnel in pieces: its first fragment shows the packet inside, the later ones are orphans', () => {
    const inner = udp('10.0.0.1:1', '10.0.0.2:2', ascii('hi')).subarray(14);
    const body = concat(hex('c350 12b5 0200 0000 08000000 00000100'), ethernet(inner));
    const { rows, counters } = extractRows(capture([fragment4(17, 7, MORE, body), fragment4(17, 7, 9, tail)]));
    expect(rows).toMatchObject([{ src_ip: '10.0.0.1', tunnel: 'vxlan', fwd_packets: 1 }]);
    expect(counters.drops['orphan_fragment']).toBe(1);
  });

  test('a flood of first fragments takes no more memory: the newest take the places of the oldest', () => {
    const fragments = new Fragments();
    const packet = new Packet();
    packet.view = new DataView(new ArrayBuffer(8));
    Object.assign(packet, { ipVersion: 4, protocol: 17, us: 1e15, sourcePort: 0xffff, destinationPort: 1 });
    const FLOOD = 50_000;
    const turnTo = (i: number, isFragment: boolean) => {
      packet.view.setUint32(0, i);
      Object.assign(packet, { fragmentId: i & 0xffff, isFragment });
      return fragments.resolve(packet);
    };
    for (let i = 0; i < FLOOD; i++) turnTo(i, false);
    let known = 0;
    for (let i = 0; i < FLOOD; i++) known += turnTo(i, true) ? 1 : 0;
    expect(known).toBeGreaterThan(2000);
    expect(known).toBeLessThanOrEqual(4096);
    expect(turnTo(FLOOD - 1, true)).toBe(true);
    expect([packet.sourcePort, packet.destinationPort]).toEqual([0xffff, 1]);
  });
});

describe('VLANs', () => {
  const tagged = (id: number) => ethernet(tcp({ from: '10.0.0.1:4000', to: '10.0.0.2:80' }).subarray(14), id);
  const frames = [tagged(5), tagged(6), tagged(5), tcp({ from: '10.0.0.1:4000', to: '10.0.0.2:80' }), tagged(4095)];

  test('are a column, the first packet counting, while flows are told by their 5-tuples', () => {
    const { rows } = extractRows(capture(frames));
    expect(rows.map((row) => [row['vlan_id'], row['fwd_packets']])).toEqual([[5, 5]]);
  });

  test('are part of the key on request', () => {
    const { rows } = extractRows(capture(frames), { keyVlan: true });
    const found = rows.map((row) => `${row['vlan_id']}: ${row['fwd_packets']}`).sort();
    expect(found).toEqual(['4095: 1', '5: 2', '6: 1', 'null: 1']);
    expect(new Set(rows.map((row) => row['flow_id'])).size).toBe(4);
    expect(new Set(rows.map((row) => row['community_id'])).size).toBe(1);
  });
});

describe('the outer pair', () => {
  const there = tcp({ from: '10.0.0.9:4000', to: '10.0.0.2:80', flags: Flag.SYN }).subarray(14);
  const back = tcp({ from: '10.0.0.2:80', to: '10.0.0.9:4000', flags: Flag.SYN | Flag.ACK }).subarray(14);
  const swap = ([a, b]: readonly [string, string]) => [b, a] as const;
  const text = {
    [OUTER4[0]]: '192.0.2.1',
    [OUTER4[1]]: '192.0.2.2',
    [OUTER6[0]]: '2001:db8::1',
    [OUTER6[1]]: '2001:db8::2',
  };

  test.each(TUNNELS.map((tunnel, i) => [`${tunnel[0]} (form ${i})`, tunnel] as const))(
    'of %s stands beside the flow, turned as the flow is',
    (_, tunnel) => {
      for (const outer of [OUTER4, OUTER6]) {
        const request = ethernet(tunnelled(tunnel, outer, there));
        const reply = ethernet(tunnelled(tunnel, swap(outer), back));
        for (const frames of [
          [request, reply],
          [reply, request],
        ]) {
          expect(rowsOf(...frames)).toMatchObject([
            {
              src_ip: '10.0.0.9',
              tunnel: tunnel[0],
              outer_src_ip: text[outer[0]],
              outer_dst_ip: text[outer[1]],
              fwd_packets: 1,
              bwd_packets: 1,
              fwd_bytes: 40,
            },
          ]);
        }
      }
    },
  );

  test('goes with every part and every row of the flow', () => {
    const frame = ethernet(carried(OUTER4, 4, there));
    const plain = udp('10.0.0.3:1', '10.0.0.4:2', ascii('x'));
    const frames = [0, 5, 12, 14].map((at) => ({ at, bytes: frame }));
    const { rows } = extractRows(pcap([...frames, { at: 15, bytes: plain }]), {
      activeTimeout: 10,
      emit: { end: true, prefixes: [1], intervalUs: 4e6 },
    });
    const inTunnel = rows.filter((row) => row['src_ip'] === '10.0.0.9');
    expect(inTunnel.length).toBeGreaterThan(4);
    for (const row of inTunnel) expect(row).toMatchObject({ tunnel: 'ipip', outer_src_ip: '192.0.2.1' });
    expect(rows.filter((row) => row['src_ip'] === '10.0.0.3')[0]).toMatchObject({ tunnel: null, outer_src_ip: null });
  });

  test('is not left over for a flow that comes into the same place later', () => {
    const frames = [
      { at: 0, bytes: ethernet(carried(OUTER4, 4, there)) },
      { at: 1000, bytes: udp('10.0.0.3:1', '10.0.0.4:2', ascii('x')) },
    ];
    expect(extractRows(pcap(frames)).rows.map((row) => row['tunnel'])).toEqual(['ipip', null]);
  });
});
