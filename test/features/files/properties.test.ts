/** Whatever rows there are, every format gives them back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { ColumnSpec, ColumnType } from '../../../core/table.ts';
import { headOf } from '../../../features/files/inputs.ts';
import { readTable, tableKind } from '../../../features/files/table-reader.ts';
import { type Compression, type TableFormat, TableWriter } from '../../../features/files/table-writer.ts';
import { tableOfObjects } from '../../../features/text/text-reader.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { SPECS } from './some-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-properties-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WAYS: readonly (readonly [TableFormat, Compression])[] = [
  ['arrow', 'none'],
  ['arrow', 'zstd'],
  ['arrows', 'none'],
  ['arrows', 'zstd'],
  ['parquet', 'none'],
  ['parquet', 'zstd'],
  ['csv', 'none'],
  ['jsonl', 'none'],
];

const TEXTS = [
  'a',
  'ünï',
  '矿 ⛏',
  '👷🏽‍♀️',
  '\ufeffmark',
  'e\u0301',
  '\u0000',
  '"',
  ',',
  '\r\n',
  "'",
  'null',
  'true',
  '1e5',
  '[]',
  ' ',
];
const TIMES = [
  '1970-01-01T00:00:00.000000000Z',
  '1969-12-31T23:59:59.999999999Z',
  '2262-04-11T23:47:16.854775807Z',
  '1677-09-21T00:12:43.145224193Z',
];

function anyValue(prng: Prng, type: ColumnType): unknown {
  const list = <T>(item: () => T): T[] => Array.from({ length: prng.pick([0, 0, 1, 2, 7, 40]) }, item);
  // An empty cell of CSV is null, so no text is empty.
  const text = () => list(() => prng.pick(TEXTS)).join('') || 'x';
  const double = () => prng.pick([0, 1, -1.5, 5e-324, -1.7976931348623157e308, 0.1 + 0.2, 2 ** 53 + 2, prng.float()]);
  switch (type) {
    case 'bool':
      return prng.chance(0.5);
    case 'uint8':
      return prng.pick([0, 1, 255]);
    case 'uint16':
      return prng.pick([0, 443, 65535]);
    case 'uint32':
      return prng.pick([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]);
    case 'uint53':
      return prng.pick([0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]);
    case 'float64':
      return double();
    case 'timestamp_ns':
      return prng.pick(TIMES);
    case 'utf8':
      return text();
    case 'list_int32':
      return list(() => prng.pick([0, -1, 2 ** 31 - 1, -(2 ** 31)]));
    case 'list_float64':
      return list(double);
    case 'list_utf8':
      return list(() => prng.pick([...TEXTS, '']));
    case 'findings':
      return null;
  }
}

/** Columns that are never null, now and then null, mostly null and always null. */
function rowsBy(prng: Prng, specs: readonly ColumnSpec[], count: number): Row[] {
  const nulls = specs.map(() => prng.pick([0, 0.2, 0.9, 1]));
  return Array.from({ length: count }, () =>
    Object.fromEntries(specs.map(({ name, type }, i) => [name, prng.chance(nulls[i]!) ? null : anyValue(prng, type)])),
  );
}

test.each(WAYS)('%s (%s)', async (format, compression) => {
  const prng = new Prng('round trips');
  for (let round = 0; round < 40; round++) {
    const rows = rowsBy(prng, SPECS, prng.pick([1, 2, 9, 65, 300]));
    const path = join(folder, `rows.${format}`);
    const writer = await TableWriter.open(path, format, SPECS, compression);
    const cut = prng.integer(0, rows.length);
    for (const part of [rows.slice(0, cut), rows.slice(cut)]) writer.write(tableOfObjects('rows', SPECS, part));
    writer.finish();
    const found: Row[] = [];
    let specs: readonly ColumnSpec[] = [];
    await readTable(path, tableKind(headOf(path))!, (batch, read) => {
      found.push(...rowsOf(batch));
      specs = read;
    });
    expect(found).toEqual(rows);
    const meant = ({ name, type, unit, revision }: ColumnSpec) => ({ name, type, unit, revision });
    expect(specs.map(meant)).toEqual(SPECS.map(meant));
  }
});
