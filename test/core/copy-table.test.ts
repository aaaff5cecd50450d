import { expect, test } from 'vitest';
import { copyTable } from '../../core/copy-table.ts';
import { type Table, takeTableRows } from '../../core/table.ts';
import { extractCapture } from '../../features/extract.ts';
import { jsonLines } from '../../features/text/text-writer.ts';
import { judgedRows } from '../serve/http/memory-service.ts';

const captured: Table[] = [];
await extractCapture('datasets/samples/demo.pcap', (batch) => {
  captured.push(copyTable(batch));
});

const many = (table: Table, length: number) =>
  takeTableRows(
    table,
    Array.from({ length }, (_, i) => i % table.length),
    length + 5,
  );

// 0 and 1; below and above the length from which memory is copied as such.
test.each([0, 1, 9, 63, 64, 65, 300])('a copy of %i rows says the same, and goes on saying it', (rows) => {
  for (const table of [many(captured[0]!, rows), many(judgedRows(40).rows, rows)]) {
    const before = jsonLines(table.specs, table);
    const copy = copyTable(table);
    expect(copy.length).toBe(rows);
    expect(jsonLines(copy.specs, copy)).toBe(before);
    for (const column of table.columns.values()) {
      if ('valid' in column) column.valid.fill(0);
      if ('values' in column && column.type !== 'findings') column.values.copyWithin(0, rows);
      if ('bytes' in column) column.bytes.fill(0);
      if ('items' in column) column.items.fill(0);
      if ('offsets' in column) column.offsets.fill(0);
    }
    expect(jsonLines(copy.specs, copy)).toBe(before);
  }
});

test('is in one stretch of memory, no longer than its rows', () => {
  const copy = copyTable(many(captured[0]!, 10));
  const buffers = new Set(
    [...copy.columns.values()].flatMap((column) => ('valid' in column ? [column.valid.buffer] : [])),
  );
  expect(buffers.size).toBe(1);
  for (const column of copy.columns.values()) if ('valid' in column) expect(column.valid).toHaveLength(10);
});
