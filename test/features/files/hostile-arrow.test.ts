/** Arrow that lies: each is refused in one line, before it takes the memory or the time that it asks for. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  Bool,
  Decimal,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  List,
  Null,
  Table,
  TimestampMillisecond,
  TimestampSecond,
  tableToIPC,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterAll, describe, expect, test } from 'vitest';
import { extract, type FlowInput, flows, TableWriter } from '../../../index.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { SPECS, someTable } from './some-table.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function read(input: FlowInput): Promise<Record<string, unknown>[]> {
  const rows = [];
  for await (const row of flows(input)) rows.push({ ...row });
  return rows;
}

const refusal = (what: string) => ({
  code: 'NOT_A_TABLE',
  happened: expect.stringContaining(what),
});
const fileOf = (columns: Readonly<Record<string, unknown>>) => tableToIPC(new Table(columns as never), 'file');
const four = () => fileOf({ fwd_packets: vectorFromArray([1, 2, 3, 4], new Int32()) });

/** Where the bytes of a little-endian 64-bit number first stand. */
function placeOf(bytes: Uint8Array, ...numbers: readonly bigint[]): number {
  const wanted = Buffer.from(BigInt64Array.from(numbers).buffer);
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted);
  expect(at).toBeGreaterThan(0);
  return at;
}

function put64(bytes: Uint8Array, at: number, value: bigint): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(at, value, true);
  return bytes;
}

describe('a file', () => {
  test('whose footer says that it is 4 GiB long', async () => {
    const bytes = four();
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(bytes.length - 10, 0xffff_fff0, true);
    await expect(read(bytes)).rejects.toMatchObject(refusal('its footer is longer than the file'));
  });

  test('whose vectors, tables and strings lie outside of their metadata, one byte at a time', async () => {
    const whole = four();
    const footer = new DataView(whole.buffer, whole.byteOffset).getUint32(whole.length - 10, true);
    for (const value of [0xff, 0x80, 0x7f, 0]) {
      for (let at = whole.length - 10 - footer; at < whole.length - 10; at++) {
        const bytes = whole.slice();
        bytes[at] = value;
        const result = await read(bytes).catch((error: unknown) => error);
        if (!Array.isArray(result)) expect(result, `byte ${at}`).toMatchObject({ code: 'NOT_A_TABLE' });
      }
    }
  });

  test('whose footer names one record batch twice', async () => {
    const path = folder.at('two.arrow');
    const writer = await TableWriter.open(path, 'arrow', SPECS);
    for (let batches = 0; batches < 2; batches++) writer.write(someTable());
    writer.finish();
    const bytes = new Uint8Array(readFileSync(path));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const tail = bytes.length - 10;
    // Two blocks of { offset:64, metadata bytes:32, 0:32, body bytes:64 } with the same lengths.
    let at = tail - view.getUint32(tail, true);
    while (at + 48 <= tail && !(isBlock(view, at) && isBlock(view, at + 24))) at += 4;
    expect(at + 48).toBeLessThanOrEqual(tail);
    bytes.copyWithin(at + 24, at, at + 24);
    await expect(read(bytes)).rejects.toMatchObject(refusal('its messages overlap'));
  });

  function isBlock(view: DataView, at: number): boolean {
    const [offset, metadata] = [view.getBigInt64(at, true), view.getInt32(at + 8, true)];
    const body = view.getBigInt64(at + 16, true);
    const isThere = (length: bigint) => length >= 8n && length < BigInt(view.byteLength);
    return view.getInt32(at + 12, true) === 0 && [offset, BigInt(metadata), body].every(isThere);
  }

  test('whose record batch claims two milliards of rows', async () => {
    const bytes = four();
    // Its metadata ends in { length:64, nulls:64 } of the column and { offset:64, length:64 } of its buffers.
    const at = placeOf(bytes, 4n, 0n);
    await expect(read(put64(bytes, at, 2_000_000_000n))).rejects.toMatchObject(
      refusal('column fwd_packets: buffers do not hold the rows'),
    );
    const nulls = fileOf({ label: vectorFromArray([null, null], new Null()) });
    for (let i = 8; i + 8 < nulls.length; i += 4) {
      const view = new DataView(nulls.buffer, nulls.byteOffset);
      if (view.getBigInt64(i, true) === 2n) view.setBigInt64(i, 2_000_000_000n, true);
    }
    await expect(read(nulls)).rejects.toMatchObject(refusal('claims 2000000000 rows'));
  });

  test('that is big-endian', async () => {
    const metadata = Buffer.from(
      [
        '10000000', // the root, 16 bytes on
        '0c000c000400060008000000', // Message has version, header type and header at 4, 6 and 8
        '0c00000004000100' + '0c000000', // version 4, header type Schema, the header 12 bytes on
        '0600060004000000', // Schema has endianness at 4
        '0800000001000000',
      ].join(''),
      'hex',
    );
    const head = Buffer.from('ffffffff2c000000', 'hex');
    expect(metadata).toHaveLength(0x2c);
    await expect(read(Buffer.concat([head, metadata]))).rejects.toMatchObject(refusal('it is big-endian'));
  });

  test('that is cut off anywhere, also as a stream', async () => {
    const file = four();
    for (let length = 8; length < file.length; length += 3) {
      await expect(read(file.slice(0, length)), `${length} bytes`).rejects.toMatchObject({ code: 'NOT_A_TABLE' });
    }
    const stream = tableToIPC(new Table({ fwd_packets: vectorFromArray([1, 2], new Int32()) }), 'stream');
    for (let length = 4; length < stream.length - 8; length += 3) {
      const result = await read(stream.slice(0, length)).catch((error: unknown) => error);
      // A stream may end behind any message, and then has the rows that came.
      if (!Array.isArray(result)) expect(result, `${length} bytes`).toMatchObject({ code: 'NOT_A_TABLE' });
    }
  });

  test('with a text of 60 MB, which is read, and with one that stands in every row, which is not', async () => {
    const long = 'x'.repeat(60_000_000);
    const [row] = await read(fileOf({ label: vectorFromArray([long], new Utf8()) }));
    expect((row!['label'] as string).length).toBe(60_000_000);
    const shared = vectorFromArray(new Array(5).fill(long), new Dictionary(new Utf8(), new Int32(), 1));
    await expect(read(fileOf({ label: shared }))).rejects.toMatchObject(refusal('do not fit the memory'));
  });
});

describe('columns as other programs keep them', () => {
  test('are read where they say the same', async () => {
    const table = {
      flow_id: vectorFromArray([1n, null], new Int64()),
      fwd_packets: vectorFromArray([5, Number.NaN], new Float64()),
      bwd_packets: vectorFromArray([5n, 7n], new Uint64()),
      src_port: vectorFromArray([443, null], new Int32()),
      ip_version: vectorFromArray([4, 6], new Int8()),
      tls_ech: vectorFromArray([1, 0], new Int8()),
      duration_us: vectorFromArray([1.5, null], new Float32()),
      first_seen: vectorFromArray([1_700_000_000_001, null], new TimestampMillisecond()),
      last_seen: vectorFromArray(['2024-02-29T00:00:00.5Z', null], new Utf8()),
      sni: vectorFromArray(['a', null], new LargeUtf8()),
      label: vectorFromArray(['x', 'x'], new Dictionary(new Utf8(), new Int16(), 3)),
      end_reason: vectorFromArray([null, null], new Null()),
      payload_sizes: vectorFromArray([[1n, -2n], null], new List(new Field('item', new Int64()))),
      payload_times_us: vectorFromArray(
        [
          [1, 2],
          [3, 4],
        ],
        new FixedSizeList(2, new Field('item', new Int32())),
      ),
    };
    expect(await read(fileOf(table))).toEqual([
      {
        flow_id: 1,
        fwd_packets: 5,
        bwd_packets: 5,
        src_port: 443,
        ip_version: 4,
        tls_ech: true,
        duration_us: 1.5,
        first_seen: 1_700_000_000_001_000_000n,
        last_seen: 1_709_164_800_500_000_000n,
        sni: 'a',
        label: 'x',
        end_reason: null,
        payload_sizes: [1, -2],
        payload_times_us: [1, 2],
      },
      expect.objectContaining({
        flow_id: null,
        fwd_packets: null,
        tls_ech: false,
        payload_times_us: [3, 4],
        sni: null,
      }),
    ]);
  });

  test.each<[string, () => unknown, string]>([
    ['fwd_packets', () => vectorFromArray([-1], new Int32()), 'column fwd_packets holds -1 where a uint32 belongs'],
    ['fwd_packets', () => vectorFromArray([1.5], new Float64()), 'column fwd_packets holds 1.5'],
    ['src_port', () => vectorFromArray([65536], new Int32()), 'column src_port holds 65536 where a uint16 belongs'],
    ['flow_id', () => vectorFromArray([2n ** 53n], new Int64()), 'column flow_id holds 9007199254740992'],
    ['tls_ech', () => vectorFromArray([2], new Int8()), 'column tls_ech holds 2 where a bool belongs'],
    ['last_seen', () => vectorFromArray(['soon'], new Utf8()), 'column last_seen holds "soon"'],
    ['first_seen', () => vectorFromArray([1e13], new TimestampSecond()), 'beyond what nanoseconds'],
    [
      'fwd_packets',
      () => vectorFromArray([new Uint32Array(4)], new Decimal(0, 38, 128)),
      'column fwd_packets is decimal',
    ],
    [
      'payload_sizes',
      () => vectorFromArray([[1.5]], new List(new Field('item', new Float64()))),
      'column payload_sizes holds [1.5] where a list_int32 belongs',
    ],
  ])('%s is refused by name: %#', async (name, vector, message) => {
    await expect(read(fileOf({ [name]: vector() }))).rejects.toMatchObject(refusal(message));
  });

  test('of other names are as they are, or left out', async () => {
    const table = {
      mine: vectorFromArray([-1.5], new Float64()),
      amount: vectorFromArray([new Uint32Array(4)], new Decimal(0, 38, 128)),
      flag: vectorFromArray([true], new Bool()),
    };
    expect(await read(fileOf(table))).toEqual([{ mine: -1.5, flag: true }]);
  });

  test('of one name are refused, in Arrow and in text', async () => {
    const path = folder.at('twice.csv');
    writeFileSync(path, 'label,part,label\na,1,b\n');
    await expect(read(path)).rejects.toMatchObject(refusal('two columns "label"'));
  });
});

describe('text', () => {
  test('with lists within lists without end, in a column of texts', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    await expect(read(Buffer.from(`{"label":${deep}}\n`))).rejects.toMatchObject(refusal('column label holds'));
    await expect(read(Buffer.from(`{"fwd_packets":${deep}}\n`))).rejects.toMatchObject(refusal('lists within lists'));
  });

  test('with a hundred thousand columns', async () => {
    const header = Array.from({ length: 1e5 }, (_, i) => i.toString(36)).join(',');
    await expect(read(Buffer.from(`ab,${header}\n1\n`))).rejects.toMatchObject(refusal('100001 columns'));
  });

  test('with lines of megabytes, of which few are held at a time', async () => {
    const line = `{"label":"${'x'.repeat(3_000_000)}"}\n`;
    const many = (async function* () {
      for (let i = 0; i < 60; i++) yield Buffer.from(line);
    })();
    const lengths = [];
    for await (const { length } of extract(many)) lengths.push(length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(60);
    expect(Math.max(...lengths)).toBeLessThan(10);
  });
});
