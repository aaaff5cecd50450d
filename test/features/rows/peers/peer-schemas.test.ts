/** Columns of other flow meters, against plain formulas over the packets that a flow was made of. */
import { describe, expect, test } from 'vitest';
import { copyTable } from '../../../../core/copy-table.ts';
import type { Table } from '../../../../core/table.ts';
import { CaptureReader } from '../../../../features/capture/reader.ts';
import { nodeDigests } from '../../../../features/digests-node.ts';
import { Extractor } from '../../../../features/extractor.ts';
import { CICFLOWMETER } from '../../../../features/rows/peers/cicflowmeter.ts';
import { FlowCells } from '../../../../features/rows/peers/flow-cells.ts';
import { NFSTREAM } from '../../../../features/rows/peers/nfstream.ts';
import { peerTable, sourcesOf } from '../../../../features/rows/peers/peer-schema.ts';
import { PEER_SCHEMAS, peerColumns } from '../../../../features/rows/peers/schemas.ts';
import { COLUMNS } from '../../../../features/vector/schema.ts';
import { type Frame, pcap } from '../../../support/captures.ts';
import { ethernet, Flag, ip, tcp, udp } from '../../../support/frames.ts';
import { type Row, rowsOf } from '../../../support/rows.ts';

const CLIENT = '10.0.0.200:40000';
const SERVER = '10.0.0.1:443';
const START = 1_700_000_000;

interface Told {
  readonly ms: number;
  readonly side: 'fwd' | 'bwd';
  readonly flags: number;
  readonly payload: number;
}

/** A dialogue whose first sender has the higher address, with a pause of six seconds and FIN from both sides. */
const PACKETS: readonly Told[] = [
  { ms: 0, side: 'fwd', flags: Flag.SYN, payload: 0 },
  { ms: 20.5, side: 'bwd', flags: Flag.SYN | Flag.ACK, payload: 0 },
  { ms: 41, side: 'fwd', flags: Flag.ACK, payload: 0 },
  { ms: 42, side: 'fwd', flags: Flag.ACK | Flag.PSH, payload: 100 },
  { ms: 70, side: 'bwd', flags: Flag.ACK | Flag.PSH, payload: 1300 },
  { ms: 6100, side: 'fwd', flags: Flag.ACK | Flag.PSH, payload: 50 },
  { ms: 6130, side: 'bwd', flags: Flag.ACK | Flag.FIN, payload: 7 },
  { ms: 6150, side: 'fwd', flags: Flag.ACK | Flag.FIN, payload: 0 },
];

function dialogue(): Frame[] {
  const next = { fwd: 1000, bwd: 5000 };
  return PACKETS.map(({ ms, side, flags, payload }) => {
    const [from, to] = side === 'fwd' ? [CLIENT, SERVER] : [SERVER, CLIENT];
    const seq = next[side];
    next[side] += payload + ((flags & (Flag.SYN | Flag.FIN)) > 0 ? 1 : 0);
    const bytes = tcp({ from, to, flags, seq, payload: new Uint8Array(payload) });
    return { at: START + ms / 1000, bytes };
  });
}

function tablesOf(frames: readonly Frame[], columns: readonly string[]): Table[] {
  const tables: Table[] = [];
  const receive = (table: Table) => tables.push(copyTable(table));
  const extractor = new Extractor('test.pcap', nodeDigests, receive, { columns });
  const reader = new CaptureReader('test.pcap', extractor);
  reader.write(pcap(frames));
  reader.finish();
  extractor.finish();
  return tables;
}

function peerRows(schema: (typeof PEER_SCHEMAS)[number], frames: readonly Frame[]): Row[] {
  return tablesOf(frames, sourcesOf(schema.columns)).flatMap((table) => rowsOf(peerTable(schema.columns, table, 0)));
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const mean = (values: readonly number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
const variance = (values: readonly number[]) =>
  values.length < 2 ? 0 : sum(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1);
const gapsOf = (packets: readonly Told[]) => packets.slice(1).map(({ ms }, i) => ms - packets[i]!.ms);

/** Holds the moments under four names to those of the values. */
function expectMoments(row: Row, names: readonly [string, string, string, string], values: readonly number[]): void {
  const [min, average, deviation, max] = names.map((name) => row[name] as number) as [number, number, number, number];
  expect(min, names[0]).toBeCloseTo(values.length === 0 ? 0 : Math.min(...values), 3);
  expect(average, names[1]).toBeCloseTo(mean(values), 3);
  expect(deviation, names[2]).toBeCloseTo(Math.sqrt(variance(values)), 3);
  expect(max, names[3]).toBeCloseTo(values.length === 0 ? 0 : Math.max(...values), 3);
}

const fwd = PACKETS.filter(({ side }) => side === 'fwd');
const bwd = PACKETS.filter(({ side }) => side === 'bwd');

describe('CICFlowMeter', () => {
  const [row] = peerRows(CICFLOWMETER, dialogue()) as [Row];

  test('the header has the 84 columns of V4, each once', () => {
    const names = CICFLOWMETER.columns.map(({ name }) => name);
    expect(names).toHaveLength(84);
    expect(new Set(names).size).toBe(84);
    expect(names.slice(7, 12)).toEqual([
      'Flow Duration',
      'Total Fwd Packet',
      'Total Bwd packets',
      'Total Length of Fwd Packet',
      'Total Length of Bwd Packet',
    ]);
    expect(names.slice(36, 44)).toEqual([
      'Fwd PSH Flags',
      'Bwd PSH Flags',
      'Fwd URG Flags',
      'Bwd URG Flags',
      'Fwd Header Length',
      'Bwd Header Length',
      'Fwd Packets/s',
      'Bwd Packets/s',
    ]);
    expect(names.slice(-9, -4)).toEqual(['Active Mean', 'Active Std', 'Active Max', 'Active Min', 'Idle Mean']);
  });

  test('lengths are those of payload, empty packets among them; deviations are divided by n - 1', () => {
    const lengths = (packets: readonly Told[]) => packets.map(({ payload }) => payload);
    const names = (of: string) =>
      [`${of} Packet Length Min`, `${of} Packet Length Mean`, `${of} Packet Length Std`, `${of} Packet Length Max`].map(
        (name) => name.trim(),
      ) as [string, string, string, string];
    expectMoments(row, names('Fwd'), lengths(fwd));
    expectMoments(row, names('Bwd'), lengths(bwd));
    expectMoments(row, names(''), lengths(PACKETS));
    expect(row['Packet Length Variance']).toBeCloseTo(variance(lengths(PACKETS)), 6);
    expect(row['Average Packet Size']).toBe(row['Packet Length Mean']);
    expect([row['Total Length of Fwd Packet'], row['Total Length of Bwd Packet']]).toEqual([150, 1307]);
  });

  test('times are microseconds, rates by the second', () => {
    const us = (packets: readonly Told[]) => gapsOf(packets).map((gap) => gap * 1000);
    for (const [of, packets] of [
      ['Flow', PACKETS],
      ['Fwd', fwd],
      ['Bwd', bwd],
    ] as const) {
      expectMoments(row, [`${of} IAT Min`, `${of} IAT Mean`, `${of} IAT Std`, `${of} IAT Max`], us(packets));
    }
    expect(row['Flow Duration']).toBeCloseTo(6_150_000, 3);
    expect(row['Fwd IAT Total']).toBeCloseTo(6_150_000, 3);
    expect(row['Bwd IAT Total']).toBeCloseTo(6_109_500, 3);
    expect(row['Flow Bytes/s']).toBeCloseTo(1457 / 6.15, 6);
    expect(row['Bwd Packets/s']).toBeCloseTo(3 / 6.15, 6);
    expect(row['Timestamp']).toBe('2023-11-14T22:13:20.000000000Z');
  });

  test('its faults are not copied: all FINs, all PSHs, a ratio with its fraction, the initiator first', () => {
    expect(row['FIN Flag Count']).toBe(2);
    expect([row['Fwd PSH Flags'], row['Bwd PSH Flags'], row['PSH Flag Count']]).toEqual([2, 1, 3]);
    expect(row['Down/Up Ratio']).toBeCloseTo(3 / 5, 12);
    expect(row['Flow ID']).toBe('10.0.0.200-10.0.0.1-40000-443-6');
    expect(row['Fwd Act Data Pkts']).toBe(2);
    expect(row['Fwd Bytes/Bulk Avg']).toBeNull();
    expect(row['Subflow Fwd Packets']).toBeNull();
    expect(row['Label']).toBeNull();
  });

  test('periods of activity are parted by pauses of five seconds', () => {
    const active = [70_000, 50_000];
    expectMoments(row, ['Active Min', 'Active Mean', 'Active Std', 'Active Max'], active);
    expectMoments(row, ['Idle Min', 'Idle Mean', 'Idle Std', 'Idle Max'], [6_030_000]);
  });

  test('a flow of one packet has a row, with null where it would write Infinity', () => {
    const [single] = peerRows(CICFLOWMETER, [{ at: START, bytes: udp(CLIENT, SERVER, new Uint8Array(10)) }]) as [Row];
    expect(single['Total Fwd Packet']).toBe(1);
    expect(single['Protocol']).toBe(17);
    for (const name of ['Flow Bytes/s', 'Flow Packets/s', 'Fwd Packets/s']) expect(single[name], name).toBeNull();
    for (const name of ['Flow IAT Mean', 'Bwd Packet Length Max', 'Idle Mean', 'SYN Flag Count'])
      expect(single[name], name).toBe(0);
  });
});

describe('nfstream', () => {
  const [row] = peerRows(NFSTREAM, dialogue()) as [Row];

  test('sizes are IP lengths, gaps milliseconds', () => {
    const sides = [
      ['bidirectional', PACKETS],
      ['src2dst', fwd],
      ['dst2src', bwd],
    ] as const;
    for (const [side, packets] of sides) {
      const names = (of: string) =>
        ['min', 'mean', 'stddev', 'max'].map((moment) => `${side}_${moment}_${of}`) as [string, string, string, string];
      const sizes = packets.map(({ payload }) => 40 + payload);
      expectMoments(row, names('ps'), sizes);
      expectMoments(row, names('piat_ms'), gapsOf(packets));
      expect([row[`${side}_packets`], row[`${side}_bytes`]], side).toEqual([packets.length, sum(sizes)]);
    }
    expect(row['bidirectional_first_seen_ms']).toBe(START * 1000);
    expect(row['bidirectional_last_seen_ms']).toBe(START * 1000 + 6150);
    expect(row['bidirectional_duration_ms']).toBe(6150);
    expect(row['dst2src_duration_ms']).toBeCloseTo(6109.5, 3);
    expect(row['dst2src_first_seen_ms']).toBeNull();
  });

  test('the early packets are those with payload, padded with -1 to 32', () => {
    const padding = new Array(28).fill(-1);
    expect(row['splt_direction']).toEqual([0, 1, 0, 1, ...padding]);
    expect(row['splt_ps']).toEqual([100, 1300, 50, 7, ...padding]);
    const piat = row['splt_piat_ms'] as number[];
    expect(piat).toHaveLength(32);
    for (const [i, gap] of [0, 28, 6030, 30].entries()) expect(piat[i]).toBeCloseTo(gap, 3);
    expect(piat.slice(4)).toEqual(padding);
  });

  test('ids count rows, also over batches; ICMP has no ports', () => {
    const echo = ethernet(
      ip(1, Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 0, 0, 2), new Uint8Array(16).fill(8, 0, 1)),
    );
    const frames = [...dialogue(), { at: START + 7, bytes: echo }];
    const [table] = tablesOf(frames, sourcesOf(NFSTREAM.columns)) as [Table];
    const rows = rowsOf(peerTable(NFSTREAM.columns, table, 40));
    expect(rows.map(({ id }) => id)).toEqual([40, 41]);
    expect(rows[1]).toMatchObject({
      src_port: 0,
      dst_port: 0,
      protocol: 1,
      vlan_id: 0,
      tunnel_id: 0,
      expiration_id: 0,
    });
  });
});

describe.each(PEER_SCHEMAS.map((schema) => [schema.name, schema] as const))('%s', (_, schema) => {
  test('each column reads the columns that it says it is made of, which exist, and no others', () => {
    const [table] = tablesOf(dialogue(), sourcesOf(schema.columns)) as [Table];
    for (const { name, from, value, difference } of schema.columns) {
      const read = new Set<string>();
      const columns = new Proxy(table.columns, {
        get: (target, key) => (asked: string) => {
          if (key === 'get') read.add(asked);
          return target.get(asked);
        },
      });
      const flow = new FlowCells({ ...table, columns }, 0);
      flow.turnTo(0);
      value(flow);
      expect(
        [...read].filter((asked) => !from.includes(asked)),
        name,
      ).toEqual([]);
      expect(
        from.filter((asked) => !COLUMNS.some((spec) => spec.name === asked)),
        name,
      ).toEqual([]);
      if (from.length === 0) expect(difference, name).toMatch(/^Null: .*\.$/);
    }
  });

  test('names are words of the schema, and labels have a place where they are at hand', () => {
    const some = schema.columns.slice(3, 5).map(({ name }) => name);
    expect(peerColumns(schema, some, false).map(({ name }) => name)).toEqual(some);
    expect(() => peerColumns(schema, ['fwd_bytes'], false)).toThrow(
      /has no column fwd_bytes; expected --columns in the words/,
    );
    expect(peerColumns(schema, undefined, true).filter(({ name }) => /^label$/i.test(name))).toHaveLength(1);
  });
});
