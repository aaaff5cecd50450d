/** A small table with every type of column and every kind of value that is hard to carry. */
import { type ColumnSpec, createTable, type Table } from '../../../core/table.ts';
import { tableOfObjects } from '../../../features/text/text-reader.ts';
import { featureNamed } from '../../../features/vector/schema.ts';
import { type Row, rowsOf } from '../../support/rows.ts';

/** One column of each type. */
export const SPECS: readonly ColumnSpec[] = [
  'capture',
  'flow_id',
  'part',
  'first_seen',
  'src_port',
  'ip_version',
  'fwd_packet_size_std',
  'payload_sizes',
  'payload_times_us',
  'sni_tokens',
  'tls_ech',
  'label',
].map((name) => featureNamed(name)!);

const LABELS = [
  'plain',
  'with, comma',
  'with "quotes"',
  '"',
  'line\nend',
  'line\r\nend',
  'return\ralone',
  ' blanks around ',
  'ünïcödé 矿 ⛏ 👷',
  '{"json": [1]}',
  '1e5',
  'null',
  '\\n',
  "=cmd|'/C calc'!A0",
];

export const ROWS: readonly Row[] = LABELS.map((label, i) => ({
  capture: `dir/file ${i}.pcap`,
  flow_id: i === 0 ? Number.MAX_SAFE_INTEGER : i,
  part: i === 1 ? 0xffff_ffff : i,
  first_seen: `2024-02-29T23:59:5${i % 10}.${String(999_999_999 - i)}Z`,
  src_port: i === 2 ? 65535 : 0,
  ip_version: i % 2 === 0 ? 4 : 6,
  fwd_packet_size_std: i % 3 === 0 ? null : 1 / (i + 1) + 1e-300,
  payload_sizes: i % 4 === 0 ? [] : [i, -i, 2_147_483_647, -2_147_483_648],
  payload_times_us: i % 4 === 0 ? [] : [0, 0.001 * i, 1e15],
  sni_tokens: i % 3 === 1 ? null : i % 3 === 2 ? [] : ['pool', 'ünï', 'a"b,c', ''],
  tls_ech: i % 3 === 0 ? null : i % 3 === 1,
  label: i === 5 ? null : label,
}));

export function someTable(rows: readonly Row[] = ROWS): Table {
  return tableOfObjects('some table', SPECS, rows);
}

export function emptyTable(): Table {
  return createTable(SPECS, 0);
}

export { rowsOf };
