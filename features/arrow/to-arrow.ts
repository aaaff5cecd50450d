/**
 * Tables to Arrow record batches (https://arrow.apache.org/docs/format/Columnar.html). Numbers are handed over without a
 * copy; the batch must be written before the table is filled again.
 */
import {
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampNanosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import type {
  Column,
  ColumnSpec,
  ColumnType,
  Finding,
  FindingsColumn,
  Table,
  TextListColumn,
} from '../../core/table.ts';
import { appendText, createTextColumn, type TextColumn } from '../../core/text-column.ts';
import { featureNamed } from '../vector/schema.ts';

export const VERSION_KEY = 'flowlamp.table';
/** Raised when tables written before can no longer be read as they were meant. */
export const TABLE_VERSION = '1';
export const REVISION_KEY = 'revision';
export const UNIT_KEY = 'unit';

const FINDING_FIELDS = [
  new Field('source', new Utf8(), false),
  new Field('finding', new Utf8(), false),
  new Field('weight', new Float64(), false),
];

/** The Arrow schema of the columns: units, meanings and revisions travel as field metadata. */
export function arrowSchema(specs: readonly ColumnSpec[]): Schema {
  return new Schema(specs.map(arrowField), new Map([[VERSION_KEY, TABLE_VERSION]]));
}

function arrowField(spec: ColumnSpec): Field {
  const metadata = new Map([
    [UNIT_KEY, spec.unit],
    [REVISION_KEY, String(spec.revision)],
  ]);
  const feature = featureNamed(spec.name);
  if (feature !== undefined) metadata.set('doc', feature.doc);
  return new Field(spec.name, arrowType(spec.type), feature === undefined || feature.nulls !== '', metadata);
}

function arrowType(type: ColumnType): DataType {
  switch (type) {
    case 'bool':
      return new Bool();
    case 'uint8':
      return new Uint8();
    case 'uint16':
      return new Uint16();
    case 'uint32':
      return new Uint32();
    case 'uint53':
      return new Uint64();
    case 'float64':
      return new Float64();
    case 'timestamp_ns':
      return new TimestampNanosecond('UTC');
    case 'utf8':
      return new Utf8();
    case 'list_int32':
      return new List(new Field('item', new Int32(), false));
    case 'list_float64':
      return new List(new Field('item', new Float64(), false));
    case 'list_utf8':
      return new List(new Field('item', new Utf8(), false));
    case 'findings':
      return new List(new Field('item', new Struct(FINDING_FIELDS), false));
  }
}

/** The table's rows as one record batch of the schema. */
export function toRecordBatch(schema: Schema, table: Table): RecordBatch {
  const children = schema.fields.map((field) => columnData(field.type, table.columns.get(field.name)!, table.length));
  const struct = makeData({ type: new Struct(schema.fields), length: table.length, nullCount: 0, children });
  return new RecordBatch(schema, struct);
}

function columnData(type: DataType, column: Column, length: number): Data {
  switch (column.type) {
    case 'utf8':
      return textData(column, length);
    case 'list_utf8':
      return textListData(type as List, column, length);
    case 'findings':
      return findingsData(type as List, column, length);
    case 'list_int32':
    case 'list_float64': {
      const offsets = column.offsets.subarray(0, length + 1);
      const items = column.items.subarray(0, offsets[length]);
      const child = makeData({
        type: (type as List).children[0]!.type,
        length: items.length,
        nullCount: 0,
        data: items,
      });
      return makeData({ type: type as List, length, ...validity(column.valid, length), valueOffsets: offsets, child });
    }
    case 'bool':
      return makeData({
        type: new Bool(),
        length,
        ...validity(column.valid, length),
        data: packBits(column.values, length),
      });
    case 'uint53': {
      const data = toUint64(column.values, length);
      return makeData({ type: new Uint64(), length, ...validity(column.valid, length), data });
    }
    default: {
      const data = column.values.subarray(0, length);
      return makeData({ type, length, ...validity(column.valid, length), data } as Parameters<typeof makeData>[0]);
    }
  }
}

const TWO_32 = 0x1_0000_0000;

/** Doubles that hold unsigned integers as 64-bit ones, half by half: a BigInt for each would cost ten times as much. */
function toUint64(values: Float64Array, length: number): BigUint64Array {
  const out = new BigUint64Array(length);
  const halves = new Uint32Array(out.buffer);
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    const high = Math.floor(value / TWO_32);
    halves[2 * i] = value - high * TWO_32;
    halves[2 * i + 1] = high;
  }
  return out;
}

interface Validity {
  readonly nullCount: number;
  readonly nullBitmap?: Uint8Array;
}

function validity(valid: Uint8Array, length: number): Validity {
  // Most columns are never null, and a search for one zero byte costs a tenth of a sum.
  if (valid.subarray(0, length).indexOf(0) < 0) return { nullCount: 0 };
  const nullBitmap = packBits(valid, length);
  let present = 0;
  for (let i = 0; i < nullBitmap.length; i++) present += ONES[nullBitmap[i]!]!;
  return { nullCount: length - present, nullBitmap };
}

/** Bits that are set in each byte. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length);

/** Bytes of 0 and 1 to bits, least significant first. */
function packBits(flags: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  const whole = length & ~7;
  for (let i = 0; i < whole; i += 8) {
    bits[i >> 3] =
      flags[i]! |
      (flags[i + 1]! << 1) |
      (flags[i + 2]! << 2) |
      (flags[i + 3]! << 3) |
      (flags[i + 4]! << 4) |
      (flags[i + 5]! << 5) |
      (flags[i + 6]! << 6) |
      (flags[i + 7]! << 7);
  }
  for (let i = whole; i < length; i++) bits[i >> 3]! |= flags[i]! << (i & 7);
  return bits;
}

function textData(column: TextColumn, length: number): Data<Utf8> {
  const valueOffsets = column.offsets.subarray(0, length + 1);
  const data = column.bytes.subarray(0, valueOffsets[length]);
  return makeData({ type: new Utf8(), length, ...validity(column.valid, length), valueOffsets, data });
}

function textListData(type: List, column: TextListColumn, length: number): Data {
  const valueOffsets = column.offsets.subarray(0, length + 1);
  const items = valueOffsets[length]!;
  const itemOffsets = column.itemOffsets.subarray(0, items + 1);
  const data = column.bytes.subarray(0, itemOffsets[items]);
  const child = makeData({ type: new Utf8(), length: items, nullCount: 0, valueOffsets: itemOffsets, data });
  return makeData({ type, length, ...validity(column.valid, length), valueOffsets, child });
}

function textsData(texts: readonly string[]): Data<Utf8> {
  const column = createTextColumn(texts.length);
  texts.forEach((text, row) => {
    appendText(column, row, text);
  });
  return textData(column, texts.length);
}

function findingsData(type: List, { values }: FindingsColumn, length: number): Data {
  const offsets = new Int32Array(length + 1);
  const valid = new Uint8Array(length);
  const items: Finding[] = [];
  for (let row = 0; row < length; row++) {
    const list = values[row]!;
    if (list !== null) {
      valid[row] = 1;
      items.push(...list);
    }
    offsets[row + 1] = items.length;
  }
  return makeData({ type, length, ...validity(valid, length), valueOffsets: offsets, child: findingData(items) });
}

function findingData(findings: readonly Finding[]): Data {
  const { length } = findings;
  const weights = Float64Array.from(findings, ({ weight }) => weight);
  const children = [
    textsData(findings.map(({ source }) => source)),
    textsData(findings.map(({ finding }) => finding)),
    makeData({ type: new Float64(), length, nullCount: 0, data: weights }),
  ];
  return makeData({ type: new Struct(FINDING_FIELDS), length, nullCount: 0, children });
}
