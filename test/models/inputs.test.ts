import { expect, test } from 'vitest';
import { type ColumnSpec, createTable, type ScalarColumn } from '../../core/table.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { hashInputs, type ModelInput } from '../../models/card.ts';
import { checkInputs, readInputs } from '../../models/inputs.ts';

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
  const kept = new Float32Array(64);
  expect(readInputs(table, inputs, kept)).toBe(kept);
  expect([...kept.subarray(0, 6)]).toEqual([1500, 0.25, 1, Number.NaN, -1, 0]);
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
