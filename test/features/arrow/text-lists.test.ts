/** Lists of texts in Arrow: ours, and those that somebody else wrote or something damaged. */
import {
  Dictionary,
  Field,
  Int32,
  LargeUtf8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  type TypeMap,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { createTable, type TextListColumn } from '../../../core/table.ts';
import { appendTextList, textListAt } from '../../../core/text-list-column.ts';
import { arrowSchema, toRecordBatch } from '../../../features/arrow/to-arrow.ts';
import { arrowStreamBatches } from '../../../features/files/arrow-batches.ts';
import { ascii } from '../../support/bytes.ts';

type Lists = (readonly string[] | null)[];

const SPECS = [{ name: 'lists', type: 'list_utf8', unit: '', revision: 1 }] as const;

async function read<T extends TypeMap>(batch: RecordBatch<T>): Promise<Lists> {
  const bytes = tableToIPC(new Table(batch), 'stream');
  const lists: Lists = [];
  for await (const { batch: table } of arrowStreamBatches('lists', once(bytes))) {
    const column = table.columns.get('lists') as TextListColumn;
    for (let row = 0; row < table.length; row++) lists.push(textListAt(column, row));
  }
  return lists;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function written(lists: Lists): RecordBatch {
  const table = createTable(SPECS, lists.length);
  const column = table.columns.get('lists') as TextListColumn;
  for (const [row, list] of lists.entries()) appendTextList(column, row, list);
  table.length = lists.length;
  return toRecordBatch(arrowSchema(SPECS), table);
}

/** Lists `offsets[i] .. offsets[i + 1]` of the texts `bytes[itemOffsets[i], itemOffsets[i + 1])`. */
function foreign(offsets: number[], itemOffsets: number[], bytes: Uint8Array, nullBits = 255): RecordBatch {
  const type = new List(new Field('item', new Utf8(), true));
  const length = offsets.length - 1;
  const texts = { valueOffsets: Int32Array.from(itemOffsets), data: bytes };
  const child = makeData({ type: new Utf8(), length: itemOffsets.length - 1, nullCount: 0, ...texts });
  const valueOffsets = Int32Array.from(offsets);
  const lists = makeData({ type, length, nullCount: -1, nullBitmap: Uint8Array.of(nullBits), valueOffsets, child });
  return batchOf(type, lists, length);
}

function batchOf(type: List, lists: unknown, length: number): RecordBatch {
  const schema = new Schema([new Field('lists', type, true)]);
  const struct = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children: [lists as never] });
  return new RecordBatch(schema, struct);
}

describe('lists of texts', () => {
  test('are written as List<item: Utf8 not null> over the bytes of the column', () => {
    const table = createTable(SPECS, 2);
    const column = table.columns.get('lists') as TextListColumn;
    appendTextList(column, 0, ['a', 'ü']);
    appendTextList(column, 1, []);
    table.length = 2;
    const schema = arrowSchema(SPECS);
    expect(String(schema.fields[0]!.type)).toBe('List<Utf8>');
    expect(schema.fields[0]!.type.children[0]).toMatchObject({ name: 'item', nullable: false });
    const lists = toRecordBatch(schema, table).data.children[0]!;
    const texts = lists.children[0]!;
    expect(lists.valueOffsets.buffer).toBe(column.offsets.buffer);
    expect(texts.valueOffsets.buffer).toBe(column.itemOffsets.buffer);
    expect(texts.values.buffer).toBe(column.bytes.buffer);
    expect([lists.length, texts.length, texts.values.length]).toEqual([2, 2, 3]);
  });

  test('are read back as they were, in ASCII or not', async () => {
    const prng = new Prng('arrow lists');
    for (let round = 0; round < 100; round++) {
      const texts = prng.pick([
        ['', 'pool', 'a'.repeat(100)],
        ['', 'ünï', 'a', '矿'],
      ]);
      const lists = Array.from({ length: prng.integer(1, 40) }, () =>
        prng.chance(0.3) ? null : Array.from({ length: prng.below(6) }, () => prng.pick(texts)),
      );
      expect(await read(written(lists))).toEqual(lists);
    }
  });

  test('of a slice of a batch are those of its rows', async () => {
    const lists = [['a'], null, [], ['b', 'c'], ['d'], null];
    const plain = written(lists);
    const accents = written(lists.map((list) => list?.map((text) => `${text}é`) ?? null));
    for (let start = 0; start < 6; start++) {
      expect(await read(plain.slice(start))).toEqual(lists.slice(start));
      expect(await read(accents.slice(start, 5))).toHaveLength(Math.max(5 - start, 0));
    }
  });
});

describe("somebody else's lists of texts", () => {
  const BYTES = ascii('..abcde');

  test('may start anywhere, and leave bytes and items to rows that are null', async () => {
    expect(await read(foreign([1, 2, 4, 4], [2, 3, 5, 6, 7], BYTES, 0b101))).toEqual([['bc'], null, []]);
    expect(await read(foreign([0, 0], [], new Uint8Array(0)))).toEqual([[]]);
  });

  test('that are no UTF-8 get the replacement character, and so does half a character', async () => {
    expect(await read(foreign([0, 1], [0, 2], Uint8Array.of(0x61, 0xff)))).toEqual([['a\ufffd']]);
    expect(await read(foreign([0, 2], [0, 1, 2], Uint8Array.of(0xc3, 0xa9)))).toEqual([['\ufffd', '\ufffd']]);
  });

  test.each([
    ['with offsets of 64 bits', new LargeUtf8()],
    ['from a dictionary', new Dictionary(new Utf8(), new Int32(), 1)],
  ])('%s are read', async (_, item) => {
    const type = new List(new Field('item', item, true));
    const { data } = vectorFromArray([['a', 'ü'], null, ['a']], type as never);
    expect(await read(batchOf(type, data[0], 3))).toEqual([['a', 'ü'], null, ['a']]);
  });

  test.each([
    ['lists that go back', [0, 2, 1], [0, 1, 2], 2],
    ['lists that start below nothing', [-1, 1, 2], [0, 1, 2], 2],
    ['lists past the last text', [0, 1, 3], [0, 1, 2], 2],
    ['texts that go back', [0, 1, 2], [0, 2, 1], 2],
    ['texts past the last byte', [0, 1, 2], [0, 1, 300], 2],
  ])('%s are refused', async (_, offsets, itemOffsets, bytes) => {
    await expect(read(foreign(offsets, itemOffsets, new Uint8Array(bytes)))).rejects.toThrow(/no whole Arrow table/);
  });
});
