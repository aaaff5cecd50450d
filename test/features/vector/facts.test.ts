/** Facts as they were written, against a plain list of what was written. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { type Column, type ColumnType, createColumn, isNull, type ScalarColumn } from '../../../core/table.ts';
import { textAt } from '../../../core/text-column.ts';
import { textListAt } from '../../../core/text-list-column.ts';
import { FACT_NAMES } from '../../../features/vector/fact-columns.ts';
import { FactWriter, putFacts } from '../../../features/vector/facts.ts';

const TYPES: readonly ColumnType[] = [
  'utf8',
  'list_utf8',
  'uint16',
  'list_int32',
  'float64',
  'bool',
  'list_float64',
  'utf8',
  'list_utf8',
];
const DOUBLES = [0, -1.5, 1e300, Number.MIN_VALUE];
const INTEGERS = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 0x7fff_ffff, -0x8000_0000];
const TEXTS = ['', 'a', 'pool.example', 'é', '€\u{1f600}', 'x'.repeat(65), 'ü'.repeat(900)];
type Value = null | number | string | readonly string[] | readonly number[];

function columnsFor(rows: number): Column[] {
  return TYPES.map((type) => createColumn(type, rows));
}

function read(column: Column, row: number): Value {
  if (isNull(column, row)) return null;
  if (column.type === 'utf8') return textAt(column, row);
  if (column.type === 'list_utf8') return textListAt(column, row);
  if (column.type === 'list_int32' || column.type === 'list_float64') {
    return [...column.items.subarray(column.offsets[row], column.offsets[row + 1])];
  }
  return (column as ScalarColumn<'float64'>).values[row]!;
}

function write(facts: FactWriter, column: number, value: Value): void {
  const type = TYPES[column]!;
  if (type === 'utf8') facts.text(column, value as string | null);
  else if (type === 'list_utf8') facts.texts(column, value as readonly string[] | null);
  else if (type === 'list_int32') {
    if (value !== null) facts.integers(column, value as readonly number[]);
  } else if (type === 'list_float64') {
    if (value !== null) facts.doubles(column, value as readonly number[]);
  } else facts.number(column, value as number | null);
}

function someValue(prng: Prng, type: ColumnType): Value {
  if (prng.chance(0.3)) return null;
  switch (type) {
    case 'utf8':
      return prng.pick(TEXTS);
    case 'list_utf8':
      return Array.from({ length: prng.below(4) }, () => prng.pick(TEXTS));
    case 'bool':
      return prng.below(2);
    case 'float64':
      return prng.pick(DOUBLES);
    case 'list_int32':
      return Array.from({ length: prng.below(9) }, () => prng.pick(INTEGERS));
    case 'list_float64':
      return Array.from({ length: prng.below(9) }, () => prng.pick(DOUBLES));
    default:
      return prng.below(0x10000);
  }
}

test('cells come out in the rows and columns that they were written for', () => {
  const prng = new Prng('facts');
  const rows = 400;
  const columns = columnsFor(rows);
  const bytes = new Uint8Array(1 << 16);
  const facts = new FactWriter(TYPES.map(() => true));
  for (let row = 0; row < rows; row++) {
    for (const column of columns) if ('offsets' in column) column.offsets[row + 1] = column.offsets[row]!;
    const start = prng.below(9);
    facts.turnTo(bytes, start);
    const values = TYPES.map((type) => someValue(prng, type));
    for (const [column, value] of values.entries()) write(facts, column, value);
    putFacts(columns, row, bytes, start, facts.at);
    expect(columns.map((column) => read(column, row))).toEqual(values);
  }
});

describe('what does not fit', () => {
  test('is left out whole, and what was written before stays', () => {
    const whole = new Uint8Array(64);
    for (let room = 0; room <= whole.length; room++) {
      const facts = new FactWriter(TYPES.map(() => true));
      facts.turnTo(whole.subarray(0, room), 0);
      facts.number(2, 7);
      facts.text(0, 'mining.example');
      facts.texts(1, ['mining', 'example']);
      facts.number(4, 0.5);
      facts.integers(3, [-1, 70_000]);
      facts.doubles(6, [0.25]);
      expect(facts.at).toBeLessThanOrEqual(room);
      const columns = columnsFor(1);
      putFacts(columns, 0, whole, 0, facts.at);
      expect([null, 7]).toContain(read(columns[2]!, 0));
      expect([null, 'mining.example']).toContain(read(columns[0]!, 0));
      expect([null, [], ['mining'], ['mining', 'example']]).toContainEqual(read(columns[1]!, 0));
      expect([null, 0.5]).toContain(read(columns[4]!, 0));
      expect([null, [-1, 70_000]]).toContainEqual(read(columns[3]!, 0));
      expect([null, [0.25]]).toContainEqual(read(columns[6]!, 0));
    }
  });

  test('a text longer than a cell may be is left out', () => {
    const bytes = new Uint8Array(1 << 20);
    const facts = new FactWriter(TYPES.map(() => true));
    facts.turnTo(bytes, 0);
    facts.text(0, 'x'.repeat(70_000));
    facts.number(2, 1);
    const columns = columnsFor(1);
    putFacts(columns, 0, bytes, 0, facts.at);
    expect([read(columns[0]!, 0), read(columns[2]!, 0)]).toEqual([null, 1]);
  });
});

test('columns are few enough for a number of one byte', () => {
  expect(FACT_NAMES.length).toBeLessThanOrEqual(256);
});

test('cells that flows share are written once, copied afterwards, and not kept where one did not fit', () => {
  const shared: { cells: Uint8Array | null } = { cells: null };
  let written = 0;
  const writeShared = (facts: FactWriter, at: { name: number; count: number }) => {
    written++;
    facts.number(at.count, 3);
    facts.text(at.name, 'pool.example');
  };
  const numbers = { name: 0, count: 2 };
  const bytes = new Uint8Array(256);
  const facts = new FactWriter(TYPES.map(() => true));
  // Room for the number alone.
  facts.turnTo(bytes.subarray(0, 40), 0);
  facts.shared(shared, numbers, writeShared);
  expect([shared.cells, written]).toEqual([null, 1]);
  facts.turnTo(bytes, 0);
  for (let i = 0; i < 3; i++) facts.shared(shared, numbers, writeShared);
  expect(written).toBe(2);
  const columns = columnsFor(3);
  const size = facts.at / 3;
  for (let row = 0; row < 3; row++) {
    putFacts(columns, row, bytes, row * size, (row + 1) * size);
    expect([read(columns[0]!, row), read(columns[2]!, row)]).toEqual(['pool.example', 3]);
  }
  // What is kept does not fit either: cell by cell, as far as there is room.
  facts.turnTo(bytes.subarray(0, 12), 0);
  facts.shared(shared, numbers, writeShared);
  expect([written, facts.at]).toEqual([3, 9]);
});
