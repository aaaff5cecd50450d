/**
 * nfstream's own tests hold it to these figures of google_ssl.pcap (its tests.py, test_statistical with accounting_mode 1,
 * and test_splt). It cuts times down to whole milliseconds first; we do not.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Table } from '../../../../core/table.ts';
import { extractCapture } from '../../../../features/extract.ts';
import { NFSTREAM } from '../../../../features/rows/peers/nfstream.ts';
import { peerTable } from '../../../../features/rows/peers/peer-schema.ts';
import { type Row, rowsOf } from '../../../support/rows.ts';
import { hasSharedData, sharedPath } from '../../../support/shared-data.ts';

const flags = (side: string, [syn, ack, psh, fin]: readonly [number, number, number, number]) => ({
  [`${side}_syn_packets`]: syn,
  [`${side}_cwr_packets`]: 0,
  [`${side}_ece_packets`]: 0,
  [`${side}_urg_packets`]: 0,
  [`${side}_ack_packets`]: ack,
  [`${side}_psh_packets`]: psh,
  [`${side}_rst_packets`]: 0,
  [`${side}_fin_packets`]: fin,
});

const THEIRS: Readonly<Record<string, number | string>> = {
  id: 0,
  expiration_id: 0,
  src_ip: '172.31.3.224',
  src_mac: '80:c6:ca:00:9e:9f',
  src_oui: '80:c6:ca',
  src_port: 42835,
  dst_ip: '216.58.212.100',
  dst_mac: '00:0e:8e:4d:b4:a8',
  dst_oui: '00:0e:8e',
  dst_port: 443,
  protocol: 6,
  ip_version: 4,
  vlan_id: 0,
  tunnel_id: 0,
  bidirectional_first_seen_ms: 1434443394683,
  bidirectional_last_seen_ms: 1434443401353,
  bidirectional_duration_ms: 6670,
  bidirectional_packets: 28,
  bidirectional_bytes: 8696,
  src2dst_first_seen_ms: 1434443394683,
  src2dst_last_seen_ms: 1434443401353,
  src2dst_duration_ms: 6670,
  src2dst_packets: 16,
  src2dst_bytes: 1288,
  dst2src_first_seen_ms: 1434443394717,
  dst2src_last_seen_ms: 1434443401308,
  dst2src_duration_ms: 6591,
  dst2src_packets: 12,
  dst2src_bytes: 7408,
  bidirectional_min_ps: 40,
  bidirectional_mean_ps: 310.57142857142856,
  bidirectional_stddev_ps: 500.54617788019937,
  bidirectional_max_ps: 1470,
  src2dst_min_ps: 40,
  src2dst_mean_ps: 80.49999999999999,
  src2dst_stddev_ps: 89.55519713189922,
  src2dst_max_ps: 354,
  dst2src_min_ps: 40,
  dst2src_mean_ps: 617.3333333333334,
  dst2src_stddev_ps: 651.4524099458397,
  dst2src_max_ps: 1470,
  bidirectional_min_piat_ms: 0,
  bidirectional_mean_piat_ms: 247.037037037037,
  bidirectional_stddev_piat_ms: 324.04599406227237,
  bidirectional_max_piat_ms: 995,
  src2dst_min_piat_ms: 76,
  src2dst_mean_piat_ms: 444.6666666666667,
  src2dst_stddev_piat_ms: 397.60329595261277,
  src2dst_max_piat_ms: 1185,
  dst2src_min_piat_ms: 66,
  dst2src_mean_piat_ms: 599.1818181818182,
  dst2src_stddev_piat_ms: 384.78456782511904,
  dst2src_max_piat_ms: 1213,
  ...flags('bidirectional', [2, 27, 8, 2]),
  ...flags('src2dst', [1, 15, 4, 1]),
  ...flags('dst2src', [1, 12, 4, 1]),
};

test.skipIf(!hasSharedData)(
  'google_ssl.pcap gives what nfstream says of it, times to less than a millisecond',
  async () => {
    const rows: Row[] = [];
    const receive = (table: Table) => rows.push(...rowsOf(peerTable(NFSTREAM.columns, table, rows.length)));
    await extractCapture(sharedPath('oracle/ndpi/pcap/google_ssl.pcap'), receive);
    expect(rows).toHaveLength(1);
    const [row] = rows as [Row];
    const told = Object.entries(THEIRS);
    const lacking = told.filter(([name]) => row[name] === null);
    const near = told.filter(([name, value]) => typeof value === 'number' && /_ms$/.test(name) && row[name] !== value);
    const isEqual = (name: string, value: number | string) =>
      typeof value === 'number'
        ? Math.abs((row[name] as number) - value) <= 1e-9 * Math.abs(value)
        : row[name] === value;
    const equal = told.filter(([name, value]) => row[name] !== null && isEqual(name, value));
    expect(lacking.map(([name]) => name)).toEqual(
      NFSTREAM.columns.filter(({ name, from }) => from.length === 0 && name in THEIRS).map(({ name }) => name),
    );
    const off = near
      .filter(([name]) => row[name] !== null)
      .map(([name, value]) => Math.abs((row[name] as number) - (value as number)));
    expect(Math.max(...off)).toBeLessThan(1);
    expect(lacking.length + off.length + equal.length).toBe(told.length);
    console.log(
      `nfstream: ${equal.length} of ${told.length} equal, ${off.length} within ${Math.max(...off)} ms, ${lacking.length} null`,
    );
    const page = readFileSync(new URL('../../../../docs/migrating.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
    expect(page).toContain(
      `Of ${told.length} values ${equal.length} are equal, ${off.length} are times that differ by less than a millisecond (the most: ${Math.max(...off).toFixed(2)} ms), and ${lacking.length} are null`,
    );
  },
);
