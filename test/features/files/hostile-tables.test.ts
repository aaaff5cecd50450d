import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { readTable, type TableKind, tableKind } from '../../../features/files/table-reader.ts';
import { TableWriter } from '../../../features/files/table-writer.ts';
import { ascii } from '../../support/bytes.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { ROWS, SPECS, someTable } from './some-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(kind: TableKind, bytes: Uint8Array | string): Promise<Row[]> {
  const path = join(folder, 'hostile');
  writeFileSync(path, bytes);
  const rows: Row[] = [];
  await readTable(path, kind, (batch) => void rows.push(...rowsOf(batch)));
  return rows;
}

describe('a cell of the wrong type is NOT_A_TABLE, and names its column', () => {
  test.each([
    ['fwd_packets', '"many"'],
    ['fwd_packets', '"5"'],
    ['fwd_packets', 'true'],
    ['fwd_packets', '-1'],
    ['fwd_packets', '1.5'],
    ['fwd_packets', '4294967296'],
    ['fwd_packets', '1e300'],
    ['fwd_packets', '1e999'],
    ['fwd_packets', '[1]'],
    ['src_port', '65536'],
    ['ip_version', '256'],
    ['flow_id', '9007199254740992'],
    ['fwd_iat_mean_us', '"NaN"'],
    ['fwd_iat_mean_us', '{}'],
    ['first_seen', '1700000000'],
    ['first_seen', '"yesterday"'],
    ['first_seen', '"2024-01-01T00:00:00.0000000001Z"'],
    ['first_seen', '"2024-13-01T00:00:00Z"'],
    ['tls_ech', '"true"'],
    ['tls_ech', '2'],
    ['payload_sizes', '5'],
    ['payload_sizes', '["5"]'],
    ['payload_sizes', '[null]'],
    ['payload_sizes', '[1.5]'],
    ['payload_sizes', '[2147483648]'],
    ['payload_times_us', '[1e999]'],
    ['sni_tokens', '"a"'],
    ['sni_tokens', '[1]'],
  ])('%s %s in JSONL', async (column, value) => {
    const lines = `{"label":"fine","${column}":null}\n{"label":"bad","${column}":${value}}\n`;
    await expect(read('jsonl', lines)).rejects.toMatchObject({
      code: 'NOT_A_TABLE',
      happened: expect.stringContaining(`column ${column} holds`),
    });
  });

  test.each([
    ['fwd_packets', 'many'],
    ['fwd_packets', ' '],
    ['fwd_packets', 'NaN'],
    ['fwd_packets', 'Infinity'],
    ['fwd_packets', '-1'],
    ['fwd_packets', '1e300'],
    ['src_port', '65536'],
    ['fwd_iat_mean_us', 'nan'],
    ['fwd_iat_mean_us', '1e999'],
    ['first_seen', '0'],
    ['tls_ech', 'yes'],
    ['payload_sizes', '5'],
    ['payload_sizes', '[1'],
    ['payload_sizes', 'null'],
    ['sni_tokens', 'a'],
  ])('%s %s in CSV', async (column, cell) => {
    await expect(read('csv', `label,${column}\nfine,\nbad,${cell}\n`)).rejects.toMatchObject({
      code: 'NOT_A_TABLE',
      happened: expect.stringContaining(`column ${column} holds`),
    });
  });
});

describe('JSONL', () => {
  test.each(['[1]', '5', 'null', '{"label":', '{"label":"a"} {"label":"b"}', 'label'])('%s is no row', async (line) => {
    await expect(read('jsonl', `{"label":"a"}\n${line}\n`)).rejects.toMatchObject({ code: 'NOT_A_TABLE' });
  });

  test('fields that are missing are null, whatever they are called', async () => {
    const rows = await read('jsonl', '{"label":"a","constructor":"b","part":1}\n{"label":"c"}\n');
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { label: 'a', constructor: 'b', part: 1 },
      { label: 'c', constructor: null, part: null },
    ]);
  });

  test('a line without an end does not fill the memory', async () => {
    const line = `{"label":"${'x'.repeat(6_000_000)}"`;
    await expect(read('jsonl', line)).rejects.toMatchObject({ code: 'NOT_A_TABLE' });
  });
});

describe('CSV', () => {
  test('rows with fewer cells are filled with nulls, more cells are left out', async () => {
    expect(await read('csv', 'label,part\na\nb,1,2,3\n')).toEqual([
      { label: 'a', part: null },
      { label: 'b', part: 1 },
    ]);
  });

  test('a quote that is never closed is NOT_A_TABLE', async () => {
    await expect(read('csv', 'label,part\n"a,1\nb,2\n')).rejects.toMatchObject({ code: 'NOT_A_TABLE' });
  });

  test.each(['csv', 'jsonl'] as const)('an empty %s file is FILE_EMPTY', async (kind) => {
    await expect(read(kind, '')).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });
});

describe('Arrow', () => {
  async function bytesOf(format: 'arrow' | 'arrows'): Promise<Uint8Array> {
    const path = join(folder, `whole.${format}`);
    const writer = await TableWriter.open(path, format, SPECS);
    writer.write(someTable());
    writer.finish();
    return new Uint8Array(readFileSync(path));
  }

  test('a file cut off at any length is NOT_A_TABLE', async () => {
    const whole = await bytesOf('arrow');
    for (let length = 0; length < whole.length; length += length < whole.length - 40 ? 97 : 1) {
      await expect(read('arrow', whole.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'NOT_A_TABLE',
      });
    }
  });

  test('a stream cut off in its rows is NOT_A_TABLE', async () => {
    const whole = await bytesOf('arrows');
    for (let length = whole.length - 1000; length < whole.length - 8; length += 31) {
      await expect(read('arrows', whole.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'NOT_A_TABLE',
      });
    }
  });

  // The metadata before the rows is not changed here: the Arrow library believes its vector lengths.
  test('changed bytes in the rows are read or refused, never anything else', async () => {
    const prng = new Prng('hostile arrow');
    const wholes = { arrow: await bytesOf('arrow'), arrows: await bytesOf('arrows') };
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const kind = prng.pick(['arrow', 'arrows'] as const);
      const bytes = wholes[kind].slice();
      const from = Buffer.from(bytes.buffer).indexOf('dir/file 0.pcap');
      const to = Buffer.from(bytes.buffer).lastIndexOf("=cmd|'");
      for (let i = prng.integer(1, 4); i > 0; i--) bytes[prng.integer(from, to)] = prng.below(256);
      try {
        await read(kind, bytes);
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ name: 'FlowlampError', code: 'NOT_A_TABLE' });
      }
    }
    expect(refused).toBeGreaterThan(10);
  });

  test('what the receiver throws is not taken for damage', async () => {
    const path = join(folder, 'whole.arrow');
    await bytesOf('arrow');
    const stop = new Error('the reader has gone');
    const reading = readTable(path, 'arrow', () => {
      throw stop;
    });
    await expect(reading).rejects.toBe(stop);
  });

  test('a file that is not there is FILE_NOT_FOUND', async () => {
    const reading = readTable(join(folder, 'missing.arrow'), 'arrow', () => undefined);
    await expect(reading).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

test.each([
  ['words without commas', null],
  ['{"label":1}', 'jsonl'],
  [' \n{"label":1}', 'jsonl'],
  ['label,part\n', 'csv'],
  ['"label",part\n', 'csv'],
  ['ARROW1\0\0', 'arrow'],
  ['', null],
])('%j looks like %s', (text, kind) => {
  expect(tableKind(ascii(text))).toBe(kind);
});

test('rows of the table that all this is made of are read as they are', async () => {
  const lines = ROWS.map((row) => JSON.stringify(row)).join('\n');
  expect(await read('jsonl', lines)).toEqual(ROWS);
});
