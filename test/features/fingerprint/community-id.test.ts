import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { communityId } from '../../../features/fingerprint/community-id.ts';
import { addressBytes, dataPath, hasData } from '../protocol/pcap-helper.ts';

function id(source: string, destination: string, ports: readonly [number, number], protocol: number, seed = 0): string {
  return communityId(addressBytes(source), addressBytes(destination), ports[0], ports[1], protocol, nodeDigests, seed);
}

/** The tables of the specification: name, protocol, source, destination, ports, identifier with seed 0. */
const PUBLISHED = [
  ['TCP', 6, '1.2.3.4', '5.6.7.8', [1122, 3344], '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  ['TCP back', 6, '5.6.7.8', '1.2.3.4', [3344, 1122], '1:wCb3OG7yAFWelaUydu0D+125CLM='],
  ['UDP', 17, '1.2.3.4', '5.6.7.8', [1122, 3344], '1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg='],
  ['SCTP', 132, '1.2.3.4', '5.6.7.8', [1122, 3344], '1:EKt4MsxuyaE6mL+hmrEkQ9csDD8='],
  ['ICMP echo', 1, '1.2.3.4', '5.6.7.8', [8, 0], '1:crodRHL2FEsHjbv3UkRrfbs4bZ0='],
  ['ICMP echo reply', 1, '5.6.7.8', '1.2.3.4', [0, 0], '1:crodRHL2FEsHjbv3UkRrfbs4bZ0='],
  ['ICMP one way', 1, '1.2.3.4', '5.6.7.8', [11, 0], '1:f/YiSyWqczrTgfUCZlBUnvHRcPk='],
  ['RSVP', 46, '1.2.3.4', '5.6.7.8', [0, 0], '1:ikv3kmf89luf73WPz1jOs49S768='],
  ['RSVP back', 46, '5.6.7.8', '1.2.3.4', [0, 0], '1:ikv3kmf89luf73WPz1jOs49S768='],
  ['router solicitation', 58, 'fe80::200:86ff:fe05:80da', 'ff02::2', [133, 0], '1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0='],
] as const;

describe('Community ID', () => {
  test.each(PUBLISHED)('%s', (_, protocol, source, destination, ports, expected) => {
    expect(id(source, destination, ports, protocol)).toBe(expected);
  });

  test('with seed 1', () => {
    expect(id('1.2.3.4', '5.6.7.8', [1122, 3344], 6, 1)).toBe('1:HhA1B+6CoLbiKPEs5nhNYN4XWfk=');
  });

  test('between equal addresses orders by port', () => {
    expect(id('10.0.0.1', '10.0.0.1', [9, 80], 6)).toBe(id('10.0.0.1', '10.0.0.1', [80, 9], 6));
  });
});

interface BaselineRow {
  readonly proto: number;
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly communityid: string;
}

const baseline = 'oracle/community-id/baseline_deflt.json';
test.skipIf(!hasData(baseline))('every row of the published baseline', () => {
  const rows = JSON.parse(readFileSync(dataPath(baseline), 'utf8')) as BaselineRow[];
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    expect(id(row.saddr, row.daddr, [row.sport ?? 0, row.dport ?? 0], row.proto), JSON.stringify(row)).toBe(
      row.communityid,
    );
  }
});
