import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { afterAll, describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { parquetBatches } from '../../../features/files/parquet-batches.ts';
import { openFile } from '../../../features/files/random-access.ts';
import { TableWriter } from '../../../features/files/table-writer.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { SPECS, someTable } from './some-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(bytes: Uint8Array): Promise<Row[]> {
  const path = join(folder, 'hostile.parquet');
  writeFileSync(path, bytes);
  const rows: Row[] = [];
  for (const { batch } of parquetBatches(path, openFile(path))) rows.push(...rowsOf(batch));
  return rows;
}

async function whole(compression: 'none' | 'zstd' = 'none'): Promise<Uint8Array> {
  const path = join(folder, 'whole.parquet');
  const writer = await TableWriter.open(path, 'parquet', SPECS, compression);
  writer.write(someTable());
  writer.finish();
  return new Uint8Array(readFileSync(path));
}

/** A file of another program: any schema and any cells. */
function foreign(schema: readonly SchemaElement[], columns: Readonly<Record<string, unknown[]>>): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new ParquetWriter({ writer, schema: [...schema], codec: 'UNCOMPRESSED' });
  encoder.write({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) });
  encoder.finish();
  return new Uint8Array(writer.getBytes());
}

const root = (count: number): SchemaElement => ({ name: 'root', num_children: count });
const NOT_A_TABLE = { name: 'FlowlampError', code: 'NOT_A_TABLE' };

test('a file cut off at any length is NOT_A_TABLE', async () => {
  const bytes = await whole();
  for (let length = 4; length < bytes.length; length += length < bytes.length - 300 ? 61 : 1) {
    await expect(read(bytes.subarray(0, length)), `${length} bytes`).rejects.toMatchObject(NOT_A_TABLE);
  }
});

test.each(['none', 'zstd'] as const)(
  'changed bytes (%s) are read or refused, soon, and never anything else',
  async (way) => {
    const prng = new Prng('hostile parquet');
    const bytes = await whole(way);
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const changed = bytes.slice();
      for (let i = prng.integer(1, 4); i > 0; i--)
        changed[prng.integer(4, bytes.length)] = prng.pick([0, 1, 127, 128, 255, prng.below(256)]);
      const started = performance.now();
      try {
        await read(changed);
      } catch (error) {
        refused++;
        expect(error).toMatchObject(NOT_A_TABLE);
      }
      expect(performance.now() - started).toBeLessThan(3000);
    }
    expect(refused).toBeGreaterThan(100);
  },
);

describe('numbers that promise too much', () => {
  /** PAR1, a footer of these bytes, its length, PAR1. */
  function withFooter(footer: readonly number[], body: readonly number[] = []): Uint8Array {
    const par1 = [...Buffer.from('PAR1')];
    const length = [footer.length & 255, footer.length >> 8, 0, 0];
    return Uint8Array.from([...par1, ...body, ...footer, ...length, ...par1]);
  }

  test.each([
    ['no footer at all', []],
    ['a list of two thousand million schema elements', [0x29, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x08]],
    ['a structure inside a structure without end', new Array(2000).fill(0x1c)],
    ['a number that does not end', [0x16, ...new Array(5000).fill(0xff)]],
    ['a text longer than the footer', [0x68, 0xff, 0xff, 0xff, 0xff, 0x07]],
    ['a map', [0x1b, 0x01]],
  ])('%s', async (_, footer) => {
    await expect(read(withFooter(footer))).rejects.toMatchObject(NOT_A_TABLE);
  });

  test('a footer longer than the file', async () => {
    const bytes = await whole();
    new DataView(bytes.buffer).setUint32(bytes.length - 8, 0x7fff_ffff, true);
    await expect(read(bytes)).rejects.toMatchObject(NOT_A_TABLE);
  });

  test('a thousand million rows of equal values in a few bytes are refused before they fill memory or time', async () => {
    // One column `a` of optional doubles; each row group says 2^22 rows, all null, on one page of 4 bytes of levels.
    const varint = (n: number): number[] => (n < 128 ? [n] : [(n % 128) | 128, ...varint(Math.floor(n / 128))]);
    const zigzag = (n: number) => varint(n * 2);
    const rows = 1 << 22;
    const levels = [...varint(rows * 2), 0];
    const page = [levels.length, 0, 0, 0, ...levels];
    const header = [
      0x15,
      0,
      0x15,
      ...zigzag(page.length),
      0x15,
      ...zigzag(page.length),
      0x2c,
      0x15,
      ...zigzag(rows),
      0x15,
      0,
      0x15,
      6,
      0x15,
      6,
      0,
      0,
    ];
    const body = [...header, ...page];
    const chunk = [0x1c];
    chunk[0] = 0x3c;
    const metadata = [
      0x15,
      10,
      0x19,
      0x15,
      0,
      0x19,
      0x18,
      1,
      0x61,
      0x15,
      0,
      0x16,
      ...zigzag(rows),
      0x16,
      ...zigzag(body.length),
      0x16,
      ...zigzag(body.length),
      0x26,
      ...zigzag(4),
      0,
    ];
    const group = [0x19, 0x1c, ...chunk, ...metadata, 0, 0x16, ...zigzag(body.length), 0x16, ...zigzag(rows), 0];
    const schema = [0x19, 0x2c, 0x48, 1, 0x72, 0x15, 2, 0, 0x15, 10, 0x25, 2, 0x18, 1, 0x61, 0];
    const groups = 300;
    const footer = [
      0x15,
      2,
      ...schema,
      0x16,
      ...zigzag(rows * groups),
      0x19,
      0xfc,
      ...varint(groups),
      ...new Array(groups).fill(group).flat(),
      0,
    ];
    const path = join(folder, 'bomb.parquet');
    writeFileSync(path, withFooter(footer, body));
    let seen = 0;
    const reading = (async () => {
      for (const { batch } of parquetBatches(path, openFile(path))) seen += batch.length;
    })();
    await expect(reading).rejects.toMatchObject({
      ...NOT_A_TABLE,
      happened: expect.stringContaining('far more values'),
    });
    expect(seen).toBeGreaterThan(1e6);
    expect(seen).toBeLessThan(3e8);
  });
});

describe('tables of other programs', () => {
  const optional = (name: string, more: Partial<SchemaElement>): SchemaElement => ({
    name,
    repetition_type: 'OPTIONAL',
    ...more,
  });

  test('columns of types that flow tables do not have are left out', async () => {
    const schema: SchemaElement[] = [
      root(4),
      optional('label', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }),
      optional('raw', { type: 'BYTE_ARRAY' }),
      optional('day', { type: 'INT32', converted_type: 'DATE' }),
      { name: 'struct', repetition_type: 'REQUIRED', num_children: 1 },
      optional('inner', { type: 'DOUBLE' }),
    ];
    const cells = {
      label: ['a', null],
      raw: [Uint8Array.of(1), null],
      day: [1, 2],
      struct: [{ inner: 1 }, { inner: 2 }],
    };
    expect(await read(foreign(schema, cells))).toEqual([{ label: 'a' }, { label: null }]);
  });

  test('what is no finite number is null', async () => {
    const schema = [root(1), optional('x', { type: 'DOUBLE' })];
    const cells = { x: [1, Number.NaN, Number.POSITIVE_INFINITY, null, -2.5] };
    expect(await read(foreign(schema, cells))).toEqual([{ x: 1 }, { x: null }, { x: null }, { x: null }, { x: -2.5 }]);
  });

  test('times of milli- and microseconds become nanoseconds', async () => {
    const schema = [
      root(2),
      optional('first_seen', { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }),
      optional('last_seen', { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }),
    ];
    const cells = { first_seen: [1_700_000_000_001n], last_seen: [-1n] };
    expect(await read(foreign(schema, cells))).toEqual([
      { first_seen: '2023-11-14T22:13:20.001000000Z', last_seen: '1969-12-31T23:59:59.999999000Z' },
    ]);
  });

  test('a text that stands in every row cannot fill the memory', async () => {
    const schema = [root(1), optional('label', { type: 'BYTE_ARRAY', converted_type: 'UTF8' })];
    const long = 'x'.repeat(1_000_000);
    const bytes = foreign(schema, { label: new Array(2000).fill(long) });
    expect(bytes.length).toBeLessThan(3_000_000);
    await expect(read(bytes)).rejects.toMatchObject({ ...NOT_A_TABLE, happened: expect.stringContaining('memory') });
  });

  test('two columns of one name are refused', async () => {
    const column = optional('label', { type: 'BYTE_ARRAY', converted_type: 'UTF8' });
    await expect(read(foreign([root(2), column, column], { label: ['a'] }))).rejects.toMatchObject(NOT_A_TABLE);
  });
});

test('what the receiver throws is not taken for damage, and a file that is not there is FILE_NOT_FOUND', async () => {
  const path = join(folder, 'whole.parquet');
  await whole();
  const stop = new Error('the reader has gone');
  const reading = (async () => {
    for (const _ of parquetBatches(path, openFile(path))) throw stop;
  })();
  await expect(reading).rejects.toBe(stop);
  expect(() => openFile(join(folder, 'missing'))).toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
});
