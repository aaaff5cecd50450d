/** A map of columns that are made when they are asked for is one like any other. */
import { expect, test } from 'vitest';
import { copyTable, packTable } from '../../core/copy-table.ts';
import { PackedColumns } from '../../core/packed-columns.ts';
import { type Column, createColumn, type Table } from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { jsonLines } from '../../features/text/text-writer.ts';
import { judgedRows } from '../serve/http/memory-service.ts';

const { rows: table } = judgedRows(7);
const packed = (): PackedColumns => PackedColumns.copyOf(table.columns, table.length);
const textOf = (columns: Table['columns'], specs = table.specs) => jsonLines(specs, { specs, columns, length: 7 });
const texts = (text: string): Column => {
  const column = createColumn('utf8', 7);
  for (let row = 0; row < 7; row++) appendText(column, row, text);
  return column;
};

test('has the names and columns of what it was copied from, in their order', () => {
  const columns = packed();
  expect([...columns.keys()]).toEqual([...table.columns.keys()]);
  expect(columns.size).toBe(table.columns.size);
  expect(textOf(new Map(columns))).toBe(textOf(table.columns));
  expect([...columns.values()].map(({ type }) => type)).toEqual([...table.columns.values()].map(({ type }) => type));
  const seen: string[] = [];
  columns.forEach((column, name, map) => {
    expect(map.get(name)).toBe(column);
    seen.push(name);
  });
  expect(seen).toEqual([...table.columns.keys()]);
  expect([columns.has('src_ip'), columns.has('evidence'), columns.has('nonsense')]).toEqual([true, true, false]);
  expect(columns.get('nonsense')).toBeUndefined();
});

test('a column that was asked for stays the same, and what is written in it stays', () => {
  const columns = packed();
  const column = columns.get('risk') as Extract<Column, { type: 'uint8' }>;
  column.values[0] = 99;
  expect(columns.get('risk')).toBe(column);
  const asleep = columns.asleep().get('risk') as typeof column;
  expect(asleep).not.toBe(column);
  expect(asleep.values[0]).toBe(99);
});

test('others stand behind it, or in the place of those of their name', () => {
  const columns = packed();
  const more = columns.with([
    ['verdict', texts('renamed')],
    ['colour', texts('red')],
  ]);
  expect([...more.keys()]).toEqual([...table.columns.keys(), 'colour']);
  expect(more.size).toBe(table.columns.size + 1);
  expect(
    textOf(
      more,
      table.specs.filter(({ name }) => name === 'verdict'),
    ),
  ).toBe('{"verdict":"renamed"}\n'.repeat(7));
  // Arrays that one has made, the other has, too; asleep there are none, but the others are there.
  expect(more.get('src_ip')).toBe(columns.get('src_ip'));
  expect(more.asleep().get('src_ip')).not.toBe(columns.get('src_ip'));
  expect(more.asleep().get('colour')).toBe(more.get('colour'));
  expect(columns.has('colour')).toBe(false);
});

test('tables of other columns have another layout, though they come from the same map', () => {
  const columns = new Map(table.columns);
  const before = packTable({ specs: table.specs, columns, length: 7 });
  columns.set('colour', texts('blue'));
  columns.delete('sni');
  columns.delete('src_ip');
  columns.set('shape', texts('round'));
  const after = packTable({ specs: table.specs, columns, length: 7 });
  expect([...after.columns.keys()]).toEqual([...columns.keys()]);
  expect([...before.columns.keys()]).toEqual([...table.columns.keys()]);
});

test('tables of the API are plain data, which other threads can be sent', () => {
  const { columns } = structuredClone(copyTable(table));
  expect(textOf(columns)).toBe(textOf(table.columns));
});
