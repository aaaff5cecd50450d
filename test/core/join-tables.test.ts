import { describe, expect, test } from 'vitest';
import { joinTables } from '../../core/join-tables.ts';
import { appendTableRows, type ColumnSpec, createTable, type Table, takeTableRows } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { jsonLines } from '../../features/text/text-writer.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import { judgedRows } from '../serve/http/memory-service.ts';

const captured: Table[] = [];
await extractCapture('datasets/samples/demo.pcap', (batch) => {
  captured.push(
    takeTableRows(
      batch,
      Array.from({ length: batch.length }, (_, row) => row),
    ),
  );
});
const [rows] = captured as [Table];

/** Rows [from, to) in a table that has room for more. */
const piece = (table: Table, from: number, to: number) =>
  takeTableRows(
    table,
    Array.from({ length: to - from }, (_, i) => from + i),
    to - from + 3,
  );

/** The slow twin: row by row. */
function appended(tables: readonly Table[]): Table {
  const all = createTable(
    tables[0]!.specs,
    tables.reduce((sum, { length }) => sum + length, 0),
  );
  for (const table of tables) appendTableRows(all, table, [...Array(table.length).keys()]);
  return all;
}

describe.each([
  ['rows of a capture', FEATURES, rows],
  ['judged rows', judgedRows(40).rows.specs, judgedRows(40).rows],
] as const)('%s', (_, specs: readonly ColumnSpec[], table) => {
  test.each([[[0, 1]], [[0, 3, 3, 4, 9]], [[1, 8]], [[2, 2]], [[0, 1, 2, 3, 4, 5, 6, 7, 8]]])(
    'joined from pieces %j are what they are appended one by one',
    (bounds) => {
      const pieces = bounds.slice(1).map((to, i) => piece(table, bounds[i]!, to));
      const joined = joinTables(pieces);
      expect(joined.length).toBe(bounds.at(-1)! - bounds[0]!);
      expect(jsonLines(specs, joined)).toBe(jsonLines(specs, appended(pieces)));
      expect(jsonLines(specs, joinTables([joined, joined]))).toBe(jsonLines(specs, appended([joined, joined])));
    },
  );

  test('are their own', () => {
    const part = piece(table, 0, 2);
    const joined = joinTables([part]);
    const before = jsonLines(specs, joined);
    for (const column of part.columns.values()) {
      if ('valid' in column) column.valid.fill(0);
      if ('bytes' in column) column.bytes.fill(0);
    }
    expect(jsonLines(specs, joined)).toBe(before);
  });
});
