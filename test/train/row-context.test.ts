import { expect, test } from 'vitest';
import { createTable, type ListColumn, reserveItems, type ScalarColumn, type TextColumn } from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { featureNamed } from '../../features/vector/schema.ts';
import { NOTED_ROWS, RowContextCollector, RowKind } from '../../train/row-context.ts';

const NAMES = [
  ...['capture', 'flow_id', 'part', 'row_kind', 'first_seen', 'src_ip', 'dst_ip', 'dst_port', 'protocol', 'sni'],
  ...['fwd_packets', 'bwd_packets', 'fwd_bytes', 'bwd_bytes', 'duration_us', 'payload_sizes', 'payload_times_us'],
];

interface Row {
  readonly kind?: string;
  readonly from?: string;
  readonly to?: string;
  readonly sni?: string | null;
  readonly sizes?: readonly number[];
  readonly second?: number;
}

function tableOf(rows: readonly Row[]) {
  const table = createTable(
    NAMES.map((name) => featureNamed(name)!),
    rows.length,
  );
  table.length = rows.length;
  const text = (name: string, row: number, value: string | null) =>
    appendText(table.columns.get(name) as TextColumn, row, value);
  rows.forEach(({ kind = 'end', from = '10.0.0.1', to = '10.0.0.2', sni = null, sizes = [], second = 0 }, row) => {
    for (const [name, value] of Object.entries({ row_kind: kind, src_ip: from, dst_ip: to, sni, capture: 'a' })) {
      text(name, row, value);
    }
    text('protocol', row, 'tcp');
    for (const name of ['fwd_packets', 'bwd_packets', 'fwd_bytes', 'flow_id', 'dst_port']) {
      const column = table.columns.get(name) as ScalarColumn<'float64'>;
      column.values[row] = name.endsWith('packets') ? 4 : row;
      column.valid[row] = 1;
    }
    const times = table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'>;
    times.values[row] = BigInt(second) * 1_000_000_000n;
    times.valid[row] = 1;
    for (const name of ['payload_sizes', 'payload_times_us']) {
      const column = table.columns.get(name) as ListColumn<'list_int32'>;
      const at = reserveItems(column, row, sizes.length);
      sizes.forEach((size, i) => {
        column.items[at + i] = size;
      });
      column.offsets[row + 1] = at + sizes.length;
      column.valid[row] = 1;
    }
  });
  return table;
}

const all = (count: number) => Array.from({ length: count }, (_, row) => row);

test('what is told of kept rows alone: kinds, packets, names, pairs and times', () => {
  const collector = new RowContextCollector();
  const table = tableOf([
    { sni: 'A.example', second: 5, sizes: [100, -200] },
    { kind: 'prefix', second: 1 },
    { kind: 'interval', from: '10.0.0.2', to: '10.0.0.1', second: 9 },
    { to: '10.9.9.9', second: 7, sizes: [-3] },
  ]);
  collector.add('t.arrow', table, [0, 2, 3]);
  collector.addShort(table, 1);
  collector.addShort(table, 0);
  const context = collector.finish();
  expect(Array.from(context.kinds)).toEqual([RowKind.End, RowKind.Interval, RowKind.End]);
  expect(Array.from(context.packets)).toEqual([8, 8, 8]);
  expect(Array.from(context.snis, (i) => context.names[i])).toEqual(['a.example', '', '']);
  // Either direction is the same pair of addresses.
  expect(Array.from(context.pairs)).toEqual([0, 0, 1]);
  expect([context.fromUs, context.toUs]).toEqual([5e6, 9e6]);
  expect(context.notes.map(({ sizes }) => Array.from(sizes))).toEqual([[100, -200], [], [-3]]);
  expect(context.shortPrefixes).toEqual(new Map([[8, 1]]));
});

test('of more rows than are noted each has the same chance', () => {
  const collector = new RowContextCollector();
  const batch = tableOf(all(1000).map(() => ({})));
  for (let i = 0; i < 30; i++) collector.add('t', batch, all(1000));
  const { notedRows, notes } = collector.finish();
  expect(notedRows).toHaveLength(NOTED_ROWS);
  expect(new Set(notedRows).size).toBe(NOTED_ROWS);
  expect(Array.from(notedRows)).toEqual([...notedRows].sort((a, b) => a - b));
  const late = notedRows.filter((row) => row >= 20_000).length / NOTED_ROWS;
  expect(late).toBeGreaterThan(0.31);
  expect(late).toBeLessThan(0.36);
  // Each note is that of its row.
  notes.forEach(({ port }, i) => {
    expect(port).toBe(notedRows[i]! % 1000);
  });
});
