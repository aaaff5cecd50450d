import { describe, expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { type ColumnSpec, createTable, type ListColumn, reserveItems, type ScalarColumn } from '../../core/table.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { hashInputs, type ModelInput } from '../../models/card.ts';
import {
  checkInputs,
  columnOfPlace,
  inputWidth,
  placeNames,
  readInput,
  readInputRows,
  readInputs,
} from '../../models/inputs.ts';

const inputs: ModelInput[] = [
  { name: 'bytes', type: 'uint53', revision: 1 },
  { name: 'gap', type: 'float64', revision: 2 },
  { name: 'ended', type: 'bool', revision: 1 },
];
const spec = (name: string, type: ColumnSpec['type'], revision = 1): ColumnSpec => ({ name, type, unit: '', revision });
const fitting = [spec('name', 'utf8'), spec('ended', 'bool'), spec('gap', 'float64', 2), spec('bytes', 'uint53')];

const check = (specs: readonly ColumnSpec[]) => checkInputs('the model m@1', inputs, 'flows.csv', specs, nodeDigests);

function refusal(specs: readonly ColumnSpec[]): { code: string; message: string } {
  try {
    check(specs);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('the table was accepted');
}

test('a table fits whatever the order of its columns and whatever else it has', () => {
  expect(() => check(fitting)).not.toThrow();
});

test.each([
  ['a column that is missing', fitting.slice(0, 3), 'no column bytes'],
  ['a column of another type', fitting.with(3, spec('bytes', 'utf8')), 'bytes is utf8, not uint53'],
  ['a column that has changed its meaning', fitting.with(2, spec('gap', 'float64', 3)), 'gap has revision 3, not 2'],
])('%s is named, with the hash that was found and the one that was expected', (_, specs, difference) => {
  const { code, message } = refusal(specs);
  const found = inputs.flatMap(({ name }) => specs.filter((candidate) => candidate.name === name));
  expect(code).toBe('SCHEMA_MISMATCH');
  expect(message).toContain(`flows.csv does not fit the model m@1: ${difference}; `);
  expect(message).toContain(`hash to ${hashInputs(found, nodeDigests).slice(0, 12)}…`);
  expect(message).toContain(`expected ${hashInputs(inputs, nodeDigests).slice(0, 12)}…`);
});

test('of many differences the first three are shown', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({ name: `c${i}`, type: 'uint8' as const, revision: 1 }));
  expect(() => checkInputs('the model m@1', many, 't', [{ ...many[8]!, unit: '' }], nodeDigests)).toThrow(
    /no column c0, no column c1, no column c2 and 5 more;/,
  );
});

test('rows become a row-major matrix in the order of the inputs, NaN where null', () => {
  const table = createTable(fitting, 4);
  table.length = 2;
  const fill = (name: string, values: readonly (number | null)[]) => {
    const column = table.columns.get(name) as ScalarColumn<'float64'>;
    values.forEach((value, row) => {
      column.values[row] = value ?? 0;
      column.valid[row] = value === null ? 0 : 1;
    });
  };
  fill('bytes', [1500, null]);
  fill('gap', [0.25, -1]);
  fill('ended', [1, 0]);
  expect([...readInputs(table, inputs)]).toEqual([1500, 0.25, 1, Number.NaN, -1, 0]);
  const kept = new Float32Array(9).fill(7);
  readInputRows(table, inputs, { from: 1, count: 1 }, kept, 2);
  expect([...kept]).toEqual([7, 7, 7, 7, 7, 7, Number.NaN, -1, 0]);
});

test('many rows of every type of number are what they are cell by cell', () => {
  const random = new Prng('inputs');
  const types = ['bool', 'uint8', 'uint16', 'uint32', 'uint53', 'float64', 'list_int32', 'list_float64'] as const;
  const table = createTable(
    types.map((type) => spec(type, type)),
    700,
  );
  table.length = 700;
  for (const type of types) {
    const column = table.columns.get(type) as ScalarColumn<'uint8'> | ListColumn;
    for (let row = 0; row < table.length; row++) {
      column.valid[row] = random.chance(0.8) ? 1 : 0;
      if (!('offsets' in column)) {
        column.values[row] = random.below(200);
        continue;
      }
      const items = Array.from({ length: random.below(5) }, () => random.below(1000));
      column.items.set(items, reserveItems(column, row, items.length));
      column.offsets[row + 1] = column.offsets[row]! + items.length;
    }
  }
  const read: ModelInput[] = types.map((type) => ({
    name: type,
    type,
    revision: 1,
    ...(type.startsWith('list') && { list: { length: 3, form: type === 'list_int32' ? 'items' : 'steps' } as const }),
  }));
  const width = inputWidth(read);
  const expected = new Float32Array(700 * width);
  let at = 0;
  for (const input of read) {
    readInput(table.columns.get(input.name)!, input, 700, (row, item, value) => {
      expected[row * width + at + item] = value;
    });
    at += input.list?.length ?? 1;
  }
  expect(readInputs(table, read)).toEqual(expected);
  const some = new Float32Array(300 * width);
  readInputRows(table, read, { from: 321, count: 300 }, some, 0);
  expect(some).toEqual(expected.slice(321 * width, 621 * width));
});

test('a column that holds no numbers cannot be an input', () => {
  const table = createTable([spec('name', 'utf8')], 1);
  table.length = 1;
  expect(() => readInputs(table, [{ name: 'name', type: 'utf8', revision: 1 }])).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED' }),
  );
});

test('a table without any of the inputs is said to have none', () => {
  expect(() => checkInputs('the model m@1', inputs, 'flows.csv', [], nodeDigests)).toThrow(
    /it has none of the \d+ columns that are read/,
  );
});

describe('lists', () => {
  const listInputs: ModelInput[] = [
    { name: 'sizes', type: 'list_int32', revision: 2, list: { length: 3, form: 'items' } },
    { name: 'gap', type: 'float64', revision: 2 },
    { name: 'times', type: 'list_float64', revision: 2, list: { length: 3, form: 'steps' } },
  ];
  const specs = [spec('sizes', 'list_int32', 2), spec('gap', 'float64', 2), spec('times', 'list_float64', 2)];

  /** Null lists for null. */
  function tableOf(rows: readonly { sizes: number[] | null; times: number[] | null }[]) {
    const table = createTable(specs, rows.length);
    table.length = rows.length;
    for (const name of ['sizes', 'times'] as const) {
      const column = table.columns.get(name) as ListColumn;
      rows.forEach((row, i) => {
        const items = row[name] ?? [];
        column.items.set(items, reserveItems(column, i, items.length));
        column.offsets[i + 1] = column.offsets[i]! + items.length;
        column.valid[i] = row[name] === null ? 0 : 1;
      });
    }
    return table;
  }

  test('take so many places, cut where they are longer, NaN where they end, are empty or null', () => {
    const none = Number.NaN;
    const table = tableOf([
      { sizes: [5, -6, 7, 8], times: [100, 250, 250, 900] },
      { sizes: [9], times: [40] },
      { sizes: [], times: [] },
      { sizes: null, times: null },
    ]);
    expect(inputWidth(listInputs)).toBe(7);
    expect(Array.from(readInputs(table, listInputs))).toEqual([
      ...[5, -6, 7, none, 100, 150, 0],
      ...[9, none, none, none, 40, none, none],
      ...new Array(14).fill(none),
    ]);
  });

  test('steps are taken before they become float32, which no longer tells such times apart', () => {
    const table = tableOf([{ sizes: [], times: [1_700_000_000, 1_700_000_007, 1_700_000_009] }]);
    expect(Math.fround(1_700_000_007)).toBe(Math.fround(1_700_000_009));
    expect(Array.from(readInputs(table, listInputs)).slice(5)).toEqual([7, 2]);
  });

  test('places have names that lead back to the column', () => {
    const names = placeNames(listInputs);
    expect(names).toEqual(['sizes[0]', 'sizes[1]', 'sizes[2]', 'gap', 'times[0]', 'times[1]', 'times[2]']);
    expect(names.map(columnOfPlace).slice(2, 4)).toEqual([
      { column: 'sizes', item: 2 },
      { column: 'gap', item: null },
    ]);
  });

  test('a table is held to type and revision of lists; how many items are read is the model’s own affair', () => {
    const fits = (found: readonly ColumnSpec[]) => () =>
      checkInputs('the model m@1', listInputs, 'flows.csv', found, nodeDigests);
    expect(fits(specs)).not.toThrow();
    expect(fits(specs.with(0, spec('sizes', 'list_float64', 2)))).toThrow('sizes is list_float64, not list_int32');
    expect(fits(specs.with(2, spec('times', 'list_float64', 3)))).toThrow('times has revision 3, not 2');
    expect(fits(specs.slice(1))).toThrow('no column sizes');
  });

  test('where a number is read are refused, and a number where a list is', () => {
    const table = tableOf([{ sizes: [1], times: [1] }]);
    const asNumber = { name: 'sizes', type: 'list_int32', revision: 2 };
    const asList = { name: 'gap', type: 'float64', revision: 2, list: { length: 2, form: 'items' as const } };
    for (const input of [asNumber, asList]) {
      expect(() => readInputs(table, [input])).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    }
  });
});
