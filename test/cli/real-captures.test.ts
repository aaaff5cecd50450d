/** What the program says of captures that it did not make: one of each kind. */
import { describe, expect, test } from 'vitest';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';
import { keptProgram } from './kept.ts';
import { jsonRows } from './run.ts';

const flowlamp = keptProgram();
const tcpdump = (name: string) => `robustness/tcpdump/tests/${name}`;
const examples = (name: string) => `robustness/pcapplusplus/Packet++Test/PacketExamples/${name}`;

describe.skipIf(!hasSharedData)('real captures (skipped without ../shared/data)', () => {
  const cases: [string, string, readonly RegExp[], RegExp][] = [
    [
      'pcapng with a named interface',
      'labelled/mining/nesfit/pool.eth.pp.ua.pcapng',
      [
        /^format: +pcapng, 70 kB$/m,
        /Ethernet \(snaplen 262144\)/,
        /^flows: +1 \(1 tcp\)$/m,
        /^tcp\/80 +1 +214 +59 kB$/m,
      ],
      /^$/,
    ],
    [
      'gzip',
      'labelled/quic-apps/google-docs/google-docs-424399.pcap.gz',
      [
        /^format: +pcap \(little-endian, microseconds\), gzip, 41 kB$/m,
        /^cut by snaplen: 700 packets$/m,
        /\(32 min\)$/m,
      ],
      /^$/,
    ],
    [
      'Linux cooked',
      examples('SllPacket.pcap'),
      [/Linux cooked/, /^cut by snaplen: 1 packet$/m, /^time: +2011-03-10 02:48:37 UTC$/m],
      /^$/,
    ],
    ['raw IP', tcpdump('LINKTYPE_IPV4_invalid.pcap'), [/raw IPv4/, /^flows: +1 \(1 udp\)$/m], /^$/],
    ['VLAN without IP', examples('ArpRequestWithVlan.pcap'), [/^not in a flow: +1 not IP$/m, /^flows: +0$/m], /^$/],
    [
      '802.11 with radiotap',
      tcpdump('ieee802.11_exthdr.pcap'),
      [/IEEE 802.11 with radiotap/, /^not in a flow: +26 of a wireless network, encrypted or management$/m],
      /^$/,
    ],
    [
      'a link type that is not read',
      tcpdump('vsock-1.pcapng'),
      [/link type 271, not read/, /^not in a flow: +10 of a link type that is not read$/m],
      /^flowlamp: warning: .*: 10 packets of a link type that is not read \(271\)\n$/,
    ],
    [
      'a packet cut within its header',
      tcpdump('ipv6hdr-heapoverflow.pcap'),
      [/^not in a flow: +1 cut off within a header$/m],
      /^flowlamp: warning: .*: 1 packet cut off within a header\n$/,
    ],
    ['a time beyond 2038', tcpdump('time_2039.pcap'), [/^time: +2039-01-01 00:00:00 UTC$/m], /^$/],
  ];
  test.each(cases)('inspect tells of %s', async (_, path, facts, warnings) => {
    const { code, stdout, stderr } = await flowlamp(['inspect', sharedPath(path)]);
    expect(code).toBe(0);
    for (const fact of facts) expect(stdout).toMatch(fact);
    expect(stderr).toMatch(warnings);
  });

  test('score judges a real mining session with the model that ships, in any output', async () => {
    const path = sharedPath('labelled/mining/nesfit/pool.eth.pp.ua.pcapng');
    const [rows, table] = [await flowlamp(['score', path]), await flowlamp(['score', path, '-f', 'table'])];
    expect([rows.code, table.code]).toEqual([0, 0]);
    const [row] = jsonRows(rows.stdout);
    expect(row).toMatchObject({ dst_port: 80, protocol: 'tcp', fwd_packets: expect.any(Number) });
    expect(table.stdout.split('\n')[1]).toContain(`${(row!['score'] as number).toFixed(3)}`);
  });
});
