/** Arrow record batches to tables. Columns of types that flow tables do not have are left out. */
import {
  type Column,
  type ColumnSpec,
  type ColumnType,
  createTable,
  type ListColumn,
  reserveItems,
  type ScalarColumn,
  type Table,
} from '../../core/table.ts';
import { appendUtf8, type TextColumn, utf8Of } from '../../core/text-column.ts';
import { appendListItem, endTextList, type TextListColumn } from '../../core/text-list-column.ts';
import { featureNamed } from '../vector/schema.ts';
import type { BatchBody } from './body.ts';
import { ArrowDamage } from './flatbuffer.ts';
import { ARROW_LIMITS, type ArrowBounds } from './limits.ts';
import type { BatchHeader } from './message.ts';
import type { ArrowField, ArrowType } from './schema.ts';
import { REVISION_KEY, UNIT_KEY } from './to-arrow.ts';
import {
  type Dictionaries,
  isThere,
  type Lists,
  type Numbers,
  openField,
  passField,
  type TextPlace,
  type Texts,
  type Times,
  type Values,
} from './values.ts';

/** A field of the schema, and the column it becomes; null where it becomes none. */
export interface ArrowColumn {
  readonly field: ArrowField;
  readonly spec: ColumnSpec | null;
}

/**
 * The columns of a schema.
 *
 * @param wanted which to take
 * @throws ArrowDamage for a column of flows whose type cannot hold its values
 */
export function columnsOfArrow(fields: readonly ArrowField[], wanted: (name: string) => boolean): ArrowColumn[] {
  return fields.map((field) => {
    if (!wanted(field.name)) return { field, spec: null };
    const type = columnType(field);
    const known = featureNamed(field.name);
    if (type === null && known !== undefined) {
      throw new ArrowDamage(`column ${field.name} is ${field.typeName} where ${known.type} belongs`);
    }
    if (type === null) return { field, spec: null };
    const revision = Number(field.notes.get(REVISION_KEY) ?? '1');
    return { field, spec: { name: field.name, type, unit: field.notes.get(UNIT_KEY) ?? '', revision } };
  });
}

/** Signed integers are doubles, since no column of flows has a sign; a column of nulls is whatever it is called after. */
function columnType({ name, type, children, dictionary }: ArrowField): ColumnType | null {
  if (dictionary !== null) return type.kind === 'text' ? 'utf8' : null;
  switch (type.kind) {
    case 'null':
      return featureNamed(name)?.type ?? null;
    case 'list':
    case 'fixed_list':
      return listType(children[0]!);
    case 'timestamp':
      return 'timestamp_ns';
    default:
      return valueType(type);
  }
}

function valueType(type: ArrowType): ColumnType | null {
  if (type.kind === 'bool') return 'bool';
  if (type.kind === 'text') return 'utf8';
  if (type.kind === 'float') return type.bits === 16 ? null : 'float64';
  if (type.kind !== 'int') return null;
  const { bits, isSigned } = type;
  if (isSigned || bits === 64) return bits === 64 && !isSigned ? 'uint53' : 'float64';
  return bits === 8 ? 'uint8' : bits === 16 ? 'uint16' : 'uint32';
}

function listType({ type, dictionary }: ArrowField): ColumnType | null {
  if (type.kind === 'text') return 'list_utf8';
  if (dictionary !== null) return null;
  if (type.kind === 'int') return type.bits <= (type.isSigned ? 32 : 16) ? 'list_int32' : 'list_float64';
  return type.kind === 'float' && type.bits > 16 ? 'list_float64' : null;
}

/** The values of the columns that are taken, null for the others; none holds fewer rows than the batch. */
export async function openBatch(
  columns: readonly ArrowColumn[],
  body: BatchBody,
  dictionaries: Dictionaries,
): Promise<(Values | null)[]> {
  const opened: (Values | null)[] = [];
  for (const { field, spec } of columns) {
    if (spec === null) {
      passField(field, body);
      opened.push(null);
      continue;
    }
    const values = await named(field.name, openField(field, body, dictionaries));
    if (values.length < body.rows) throw new ArrowDamage(`column ${field.name} has fewer rows than its record batch`);
    opened.push(values);
  }
  return opened;
}

async function named<T>(name: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ArrowDamage(`column ${name}: ${cause.message}`);
  }
}

/**
 * How many rows a batch may claim that nothing stands for: only a column of nulls, or one that is not read, needs no bytes,
 * and a batch of such could have any number.
 */
export function checkRows({ rows, buffers }: BatchHeader, opened: readonly (Values | null)[]): void {
  if (opened.some((values) => values !== null && values.kind !== 'nulls')) return;
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  if (rows > 8 * bytes + 8192) throw new ArrowDamage(`a record batch of ${bytes} bytes claims ${rows} rows`);
}

/** Bytes that the texts and lists of a table may still take. */
interface Room {
  left: number;
}

/** Copies rows `[start, end)` into a new table. */
export function tableOfRows(
  columns: readonly ArrowColumn[],
  specs: readonly ColumnSpec[],
  opened: readonly (Values | null)[],
  start: number,
  end: number,
  { tableBytes }: ArrowBounds = ARROW_LIMITS,
): Table {
  const table = createTable(specs, end - start);
  table.length = end - start;
  const room = { left: tableBytes };
  columns.forEach(({ spec }, i) => {
    if (spec !== null) copyColumn(table.columns.get(spec.name)!, opened[i]!, start, end, room);
  });
  return table;
}

/** A column of nulls is what it was made as. */
function copyColumn(column: Column, values: Values, start: number, end: number, room: Room): void {
  if (values.kind === 'times' && column.type === 'timestamp_ns') copyTimes(column, values, start, end);
  else if (values.kind === 'texts' && column.type === 'utf8') copyTexts(column, values, start, end, room);
  else if (values.kind === 'lists' && column.type === 'list_utf8') copyTextLists(column, values, start, end, room);
  else if (values.kind === 'lists') copyLists(column as ListColumn, values, start, end, room);
  else if (values.kind === 'numbers') copyNumbers(column as ScalarColumn, values, start, end);
}

function copyNumbers(column: ScalarColumn, { at, raw, validity }: Numbers, start: number, end: number): void {
  const target = column.values as Float64Array;
  const { valid } = column;
  // Whole numbers that lie as ours do, a run at a time.
  if (validity === null && raw?.constructor === target.constructor && !(raw instanceof Float64Array)) {
    target.set(raw.subarray(start, end));
    valid.fill(1, 0, end - start);
    return;
  }
  for (let row = start; row < end; row++) {
    if (!isThere(validity, row)) continue;
    const number = at(row);
    // What is no finite number in somebody else's table is a null in ours.
    if (!Number.isFinite(number)) continue;
    target[row - start] = number;
    valid[row - start] = 1;
  }
}

function copyTimes(
  { values, valid }: ScalarColumn<'timestamp_ns'>,
  { counts, nsPerUnit, validity }: Times,
  start: number,
  end: number,
): void {
  for (let row = start; row < end; row++) {
    if (!isThere(validity, row)) continue;
    const ns = counts[row]! * nsPerUnit;
    if (BigInt.asIntN(64, ns) !== ns) throw new ArrowDamage('a time is beyond what nanoseconds since 1970 can tell');
    values[row - start] = ns;
    valid[row - start] = 1;
  }
}

function takeRoom(room: Room, bytes: number): void {
  room.left -= bytes;
  if (room.left < 0) throw new ArrowDamage('its texts and lists do not fit the memory');
}

/** By their bytes: as strings they would lose a byte order mark. */
function copyTexts(column: TextColumn, texts: Texts, start: number, end: number, room: Room): void {
  const place = newPlace();
  for (let row = start; row < end; row++) {
    const to = row - start;
    if (!isThere(texts.validity, row) || !texts.find(row, place)) {
      column.offsets[to + 1] = column.offsets[to]!;
      continue;
    }
    takeRoom(room, place.end - place.start);
    appendUtf8(column, to, utf8Of(place.bytes, place.start, place.end));
  }
}

/** What a text or a number takes in a list beside its bytes. */
const ITEM_BYTES = 8;

/** A list of texts has no nulls: they are empty texts. */
function copyTextLists(column: TextListColumn, lists: Lists, start: number, end: number, room: Room): void {
  const { items } = lists;
  if (items.kind !== 'texts') return;
  const place = newPlace();
  for (let row = start; row < end; row++) {
    const to = row - start;
    column.offsets[to + 1] = column.offsets[to]!;
    if (!isThere(lists.validity, row)) continue;
    for (let item = lists.starts(row); item < lists.starts(row + 1); item++) {
      const text =
        isThere(items.validity, item) && items.find(item, place)
          ? utf8Of(place.bytes, place.start, place.end)
          : NO_BYTES;
      takeRoom(room, ITEM_BYTES + text.length);
      appendListItem(column, to, text, 0, text.length);
    }
    endTextList(column, to);
  }
}

const NO_BYTES = new Uint8Array(0);

function copyLists(column: ListColumn, lists: Lists, start: number, end: number, room: Room): void {
  const { items } = lists;
  for (let row = start; row < end; row++) {
    const to = row - start;
    column.offsets[to + 1] = column.offsets[to]!;
    if (!isThere(lists.validity, row) || items.kind !== 'numbers') continue;
    const first = lists.starts(row);
    const count = lists.starts(row + 1) - first;
    takeRoom(room, ITEM_BYTES * count);
    const at = reserveItems(column, to, count);
    for (let i = 0; i < count; i++) {
      const number = isThere(items.validity, first + i) ? items.at(first + i) : 0;
      // Neither null nor infinite has a place in a list.
      column.items[at + i] = Number.isFinite(number) ? number : 0;
    }
    column.offsets[to + 1] = at + count;
    column.valid[to] = 1;
  }
}

function newPlace(): TextPlace {
  return { bytes: NO_BYTES, start: 0, end: 0 };
}
