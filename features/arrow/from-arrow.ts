/** Arrow record batches to tables. Columns of types that flow tables do not have are left out and named. */
import { type Data, DataType, Precision, type RecordBatch, type Schema, TimeUnit, type Vector } from 'apache-arrow';
import {
  type Column,
  type ColumnSpec,
  type ColumnType,
  createTable,
  type ListColumn,
  type ScalarColumn,
  type Table,
  type TextListColumn,
} from '../../core/table.ts';
import { appendText, appendUtf8, type TextColumn, utf8Of } from '../../core/text-column.ts';
import { appendListItem, appendTextList, endTextList } from '../../core/text-list-column.ts';
import { REVISION_KEY, UNIT_KEY } from './to-arrow.ts';

/** The columns of an Arrow schema that a flow table can hold. */
export function specsOfArrow(schema: Schema): { specs: ColumnSpec[]; leftOut: string[] } {
  const specs: ColumnSpec[] = [];
  const leftOut: string[] = [];
  for (const field of schema.fields) {
    const type = columnType(field.type);
    if (type === null) leftOut.push(field.name);
    else {
      const revision = Number(field.metadata.get(REVISION_KEY) ?? '1');
      specs.push({ name: field.name, type, unit: field.metadata.get(UNIT_KEY) ?? '', revision });
    }
  }
  return { specs, leftOut };
}

function columnType(type: DataType): ColumnType | null {
  if (DataType.isBool(type)) return 'bool';
  if (DataType.isInt(type)) return integerType(type.bitWidth, type.isSigned);
  if (DataType.isFloat(type)) return type.precision === Precision.HALF ? null : 'float64';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return 'utf8';
  if (DataType.isDictionary(type)) return columnType(type.dictionary) === 'utf8' ? 'utf8' : null;
  if (DataType.isTimestamp(type)) return 'timestamp_ns';
  if (DataType.isList(type)) return listType(columnType(type.valueType), type.valueType);
  return null;
}

function integerType(bits: number, signed: boolean): ColumnType {
  if (signed || bits === 64) return bits === 64 && !signed ? 'uint53' : 'float64';
  return bits === 8 ? 'uint8' : bits === 16 ? 'uint16' : 'uint32';
}

function listType(item: ColumnType | null, type: DataType): ColumnType | null {
  if (item === 'utf8') return 'list_utf8';
  if (DataType.isInt(type) && type.bitWidth <= (type.isSigned ? 32 : 16)) return 'list_int32';
  return DataType.isInt(type) || item === 'float64' ? 'list_float64' : null;
}

/** Copies a record batch into a new table of the given columns. */
export function fromRecordBatch(specs: readonly ColumnSpec[], batch: RecordBatch): Table {
  const table = createTable(specs, batch.numRows);
  table.length = batch.numRows;
  for (const spec of specs) {
    const vector = batch.getChild(spec.name);
    if (vector !== null) copyColumn(table.columns.get(spec.name)!, vector, batch.numRows);
  }
  return table;
}

function copyColumn(column: Column, vector: Vector, rows: number): void {
  switch (column.type) {
    case 'utf8':
      copyTexts(column, vector, rows);
      return;
    case 'list_utf8':
      copyTextLists(column, vector, rows);
      return;
    case 'list_int32':
    case 'list_float64':
      copyLists(column, vector, rows);
      return;
    case 'findings':
      // Evidence is written for readers, not read back: no flow table has it.
      return;
    case 'timestamp_ns':
      copyTimes(column.values, column.valid, vector, rows);
      return;
    default:
      if (copyNumbers(column, vector, rows)) return;
      for (let row = 0; row < rows; row++) {
        const value: unknown = vector.get(row);
        if (value === null || value === undefined) continue;
        const number = Number(value);
        // What is no finite number in somebody else's table is a null in ours.
        if (!Number.isFinite(number)) continue;
        column.values[row] = number;
        column.valid[row] = 1;
      }
  }
}

/** Numbers that lie as ours do, a run at a time: a tenth of the time that single values take. False for others. */
function copyNumbers({ values, valid }: ScalarColumn, { data: [data, ...more], type }: Vector, rows: number): boolean {
  if (data === undefined || more.length > 0 || data.length < rows) return false;
  const source: unknown = data.values;
  if (DataType.isBool(type)) {
    if (!(values instanceof Uint8Array)) return false;
    for (let row = 0; row < rows; row++) values[row] = bitAt(source as Uint8Array, data.offset + row);
  } else if (values instanceof Float64Array && source instanceof Float64Array) {
    for (let row = 0; row < rows; row++) values[row] = Number.isFinite(source[row]) ? source[row]! : Number.NaN;
  } else if (source?.constructor === values.constructor && !(source instanceof BigInt64Array)) {
    values.set((source as Uint32Array).subarray(0, rows) as never);
  } else return false;
  const { nullCount, nullBitmap, offset } = data;
  for (let row = 0; row < rows; row++) {
    const isThere = (nullCount === 0 || bitAt(nullBitmap, offset + row) === 1) && !Number.isNaN(values[row]);
    valid[row] = isThere ? 1 : 0;
    if (!isThere) values[row] = 0;
  }
  return true;
}

/** A bit of a bitmap: Arrow's own look at one asks each time what the column is. */
function bitAt(bits: Uint8Array, at: number): 0 | 1 {
  return ((bits[at >> 3]! >> (at & 7)) & 1) as 0 | 1;
}

/** By their bytes where they lie in the open: as strings they would lose a byte order mark. */
function copyTexts(column: TextColumn, vector: Vector, rows: number): void {
  const data = vector.data.length === 1 && DataType.isUtf8(vector.type) ? vector.data[0]! : null;
  const isFull = data !== null && data.nullCount === 0;
  for (let row = 0; row < rows; row++) {
    if (data !== null && !isFull && bitAt(data.nullBitmap, data.offset + row) === 0) appendText(column, row, null);
    else if (data === null) appendText(column, row, (vector.get(row) as string | null) ?? null);
    else {
      const { valueOffsets, values } = data;
      appendUtf8(column, row, utf8Of(values as Uint8Array, valueOffsets[row]!, valueOffsets[row + 1]!));
    }
  }
}

function copyTextLists(column: TextListColumn, vector: Vector, rows: number): void {
  const lists = openLists(vector, rows);
  if (lists !== null) {
    copyOpenLists(column, lists, rows);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const list = vector.get(row) as Vector | null;
    appendTextList(column, row, list === null ? null : [...list].map(String));
  }
}

/** The lists if the bytes of their texts can be taken. */
function openLists({ data: [lists, ...more] }: Vector, rows: number): Data | null {
  const texts = lists?.children[0];
  if (rows === 0 || lists === undefined || more.length > 0) return null;
  return texts === undefined || !DataType.isUtf8(texts.type) || texts.nullCount > 0 ? null : lists;
}

function copyOpenLists(column: TextListColumn, lists: Data, rows: number): void {
  const texts = lists.children[0]!;
  for (let row = 0; row < rows; row++) {
    column.offsets[row + 1] = column.offsets[row]!;
    if (!lists.getValid(row)) continue;
    for (let item = lists.valueOffsets[row]!; item < lists.valueOffsets[row + 1]!; item++) {
      const text = utf8Of(texts.values as Uint8Array, texts.valueOffsets[item]!, texts.valueOffsets[item + 1]!);
      appendListItem(column, row, text, 0, text.length);
    }
    endTextList(column, row);
  }
}

function copyLists(column: ListColumn, vector: Vector, rows: number): void {
  const lists: (ArrayLike<number | bigint> | null)[] = [];
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const list = vector.get(row) as Vector | null;
    const items = list === null ? null : (list.toArray() as ArrayLike<number | bigint>);
    lists.push(items);
    total += items?.length ?? 0;
    column.offsets[row + 1] = total;
  }
  column.items = column.type === 'list_int32' ? new Int32Array(total) : (new Float64Array(total) as never);
  for (let row = 0; row < rows; row++) {
    const items = lists[row];
    if (items === null || items === undefined) continue;
    column.valid[row] = 1;
    const start = column.offsets[row]!;
    for (let i = 0; i < items.length; i++) {
      const number = Number(items[i]);
      // Neither null nor infinite has a place in a list.
      column.items[start + i] = Number.isFinite(number) ? number : 0;
    }
  }
}

const NS_PER_UNIT: Readonly<Record<number, bigint>> = {
  [TimeUnit.SECOND]: 1_000_000_000n,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1000n,
  [TimeUnit.NANOSECOND]: 1n,
};

/** The raw 64-bit counts: the accessor would round to milliseconds. */
function copyTimes(values: BigInt64Array, valid: Uint8Array, vector: Vector, rows: number): void {
  const factor = NS_PER_UNIT[(vector.type as unknown as { unit: number }).unit] ?? 1n;
  let row = 0;
  for (const data of vector.data) {
    const counts = data.values as unknown as BigInt64Array | Int32Array;
    for (let i = 0; i < data.length && row < rows; i++, row++) {
      if (!data.getValid(i)) continue;
      values[row] = rawCount(counts, i) * factor;
      valid[row] = 1;
    }
  }
}

/** Arrow's timestamps are 64-bit; a view of 32-bit halves is joined. */
function rawCount(counts: BigInt64Array | Int32Array, index: number): bigint {
  if (counts instanceof BigInt64Array) return counts[index]!;
  return (BigInt(counts[index * 2 + 1]!) << 32n) | BigInt(counts[index * 2]! >>> 0);
}
