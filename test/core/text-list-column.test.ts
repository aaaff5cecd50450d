import { describe, expect, test } from 'vitest';
import { copyTable } from '../../core/copy-table.ts';
import { Prng } from '../../core/prng.ts';
import {
  type ColumnSpec,
  createTable,
  isNull,
  type Table,
  type TextListColumn,
  takeTableRows,
  withColumns,
} from '../../core/table.ts';
import {
  appendListItem,
  appendTextList,
  createTextListColumn,
  endTextList,
  textListAt,
} from '../../core/text-list-column.ts';

type List = readonly string[] | null;

const TEXTS = ['', 'a', 'pool', 'ünï', '矿⛏', '👷🏽', '\ufeffmark', '\0', 'a"b,c', 'x'.repeat(64), 'é'.repeat(300)];
const SPECS: readonly ColumnSpec[] = [{ name: 'lists', type: 'list_utf8', unit: '', revision: 1 }];

function randomLists(prng: Prng): List[] {
  const longest = prng.pick([0, 1, 4, 40]);
  return Array.from({ length: prng.integer(1, 60) }, () => {
    if (prng.chance(0.3)) return null;
    return Array.from({ length: prng.integer(0, longest) }, () => prng.pick(TEXTS));
  });
}

function listsOf(column: TextListColumn, rows: number): List[] {
  return Array.from({ length: rows }, (_, row) => textListAt(column, row));
}

/** The two ways to write a row; the second leaves a null as nobody's row. */
const WRITERS = {
  strings: appendTextList,
  bytes: (column: TextListColumn, row: number, items: List) => {
    column.offsets[row + 1] = column.offsets[row]!;
    column.valid[row] = 0;
    if (items === null) return;
    for (const text of items) {
      const bytes = new TextEncoder().encode(`<${text}>`);
      appendListItem(column, row, bytes, 1, bytes.length - 1);
    }
    endTextList(column, row);
  },
};

describe.each(Object.entries(WRITERS))('lists written as %s', (_, write) => {
  test('are those of an array of arrays, in a column that is filled again and again', () => {
    const prng = new Prng('text lists');
    const column = createTextListColumn(60);
    for (let round = 0; round < 200; round++) {
      const lists = randomLists(prng);
      for (const [row, list] of lists.entries()) write(column, row, list);
      expect(listsOf(column, lists.length)).toEqual(lists);
      expect(lists.map((_, row) => isNull(column, row))).toEqual(lists.map((list) => list === null));
    }
  });

  test('lie behind each other, without a gap', () => {
    const column = createTextListColumn(4);
    for (const [row, list] of [['ab', ''], null, [], ['é']].entries()) write(column, row, list);
    expect([...column.offsets]).toEqual([0, 2, 2, 2, 3]);
    expect([...column.itemOffsets.subarray(0, 4)]).toEqual([0, 2, 2, 4]);
    expect([...column.bytes.subarray(0, 4)]).toEqual([0x61, 0x62, 0xc3, 0xa9]);
    expect([...column.valid]).toEqual([1, 0, 1, 1]);
  });

  test('find room in a column made for none', () => {
    const column: TextListColumn = { ...createTextListColumn(0), offsets: new Int32Array(2), valid: new Uint8Array(1) };
    write(column, 0, TEXTS);
    expect(textListAt(column, 0)).toEqual(TEXTS);
  });
});

test('a new column takes items row by row without more ado', () => {
  const column = createTextListColumn(3);
  const a = new TextEncoder().encode('a');
  appendListItem(column, 0, a, 0, 1);
  endTextList(column, 0);
  endTextList(column, 1);
  appendListItem(column, 2, a, 0, 1);
  appendListItem(column, 2, a, 0, 0);
  endTextList(column, 2);
  expect(listsOf(column, 3)).toEqual([['a'], [], ['a', '']]);
});

test('half of a surrogate pair becomes the replacement character, as in a column of texts', () => {
  const column = createTextListColumn(1);
  appendTextList(column, 0, ['\ud83d', 'a']);
  expect(textListAt(column, 0)).toEqual(['\ufffd', 'a']);
});

describe('a table with lists of texts', () => {
  const tableOf = (lists: readonly List[], capacity = lists.length): [Table, TextListColumn] => {
    const table = createTable(SPECS, capacity);
    const column = columnOf(table);
    for (const [row, list] of lists.entries()) appendTextList(column, row, list);
    table.length = lists.length;
    return [table, column];
  };
  const columnOf = (table: Table) => table.columns.get('lists') as TextListColumn;

  test('is copied whole, and the copy keeps its rows when the table is filled again', () => {
    const prng = new Prng('copied lists');
    for (let round = 0; round < 50; round++) {
      const lists = randomLists(prng);
      const [table, column] = tableOf(lists, 60);
      const copy = copyTable(table);
      for (let row = 0; row < 60; row++) appendTextList(column, row, ['other']);
      expect(listsOf(columnOf(copy), lists.length)).toEqual(lists);
      expect(columnOf(copy).valid).toHaveLength(lists.length);
    }
  });

  test('goes to another thread in one buffer', () => {
    const [table] = tableOf([['a', 'ü'], null, []], 9);
    const copy = columnOf(copyTable(table));
    const buffers = new Set(Object.values(copy).flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer] : [])));
    expect(buffers.size).toBe(1);
    const sent = structuredClone(copy, { transfer: [...buffers] as ArrayBuffer[] });
    expect(listsOf(sent, 3)).toEqual([['a', 'ü'], null, []]);
  });

  test('gives any of its rows in any order', () => {
    const prng = new Prng('taken lists');
    for (let round = 0; round < 50; round++) {
      const lists = randomLists(prng);
      const rows = Array.from({ length: prng.below(80) }, () => prng.below(lists.length));
      const taken = takeTableRows(tableOf(lists)[0], rows);
      expect(listsOf(columnOf(taken), rows.length)).toEqual(rows.map((row) => lists[row]));
    }
  });

  test('that lacks the column gets one of nulls', () => {
    const table = withColumns({ specs: [], columns: new Map(), length: 3 }, SPECS);
    expect(listsOf(columnOf(table), 3)).toEqual([null, null, null]);
  });
});
