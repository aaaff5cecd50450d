/** Parquet row groups to tables. Columns of types that flow tables do not have are left out. */
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
import { ColumnReader, type LeafType, type PageSource } from './column-reader.ts';
import { COLUMNS_KEY } from './keys.ts';
import { PARQUET_LIMITS } from './limits.ts';
import {
  type FileMetadata,
  leavesOf,
  type Meaning,
  Physical,
  Repetition,
  type RowGroup,
  type SchemaNode,
} from './metadata.ts';
import { ParquetDamage } from './thrift.ts';
import type { Values } from './values.ts';

/** A column of the file that a flow table can hold. */
export interface ParquetColumn {
  readonly spec: ColumnSpec;
  readonly leaf: LeafType;
  /** Which of the schema's leaves it is. */
  readonly index: number;
  /** Definition level from which a list is there, and from which it has an item. */
  readonly listFrom: number;
  readonly itemFrom: number;
  readonly nsPerUnit: bigint;
}

const NO_BYTES = new Uint8Array(0);
/** What an item of a list takes, or its offset. */
const ITEM_BYTES = 8;

export function columnsOfParquet({ columns, keyValues }: FileMetadata): ParquetColumn[] {
  const notes = notesOf(keyValues.get(COLUMNS_KEY));
  const found: ParquetColumn[] = [];
  const names = new Set<string>();
  let index = 0;
  for (const node of columns) {
    const column = columnOf(node, index, notes);
    index += leavesOf([node]).length;
    if (column === null) continue;
    if (names.has(node.name)) throw new ParquetDamage(`it has two columns ${node.name}`);
    names.add(node.name);
    found.push(column);
  }
  return found;
}

interface Notes {
  readonly [name: string]: { readonly unit?: unknown; readonly revision?: unknown } | undefined;
}

/** Units and revisions; a file of another program has none. */
function notesOf(text: string | undefined): Notes {
  try {
    const notes: unknown = JSON.parse(text ?? '{}');
    return typeof notes === 'object' && notes !== null ? (notes as Notes) : {};
  } catch {
    return {};
  }
}

function columnOf(node: SchemaNode, index: number, notes: Notes): ParquetColumn | null {
  const path = listPath(node);
  const value = path.at(-1)!;
  const levels = levelsOf(path);
  const isList = path.length > 1;
  const type = typeOf(value, isList);
  if (type === null || levels.maxRepetition !== (isList ? 1 : 0)) return null;
  const note = Object.hasOwn(notes, node.name) ? notes[node.name] : undefined;
  const { meaning } = value;
  const isNumbered = typeof meaning === 'object';
  return {
    spec: {
      name: node.name,
      type,
      unit: typeof note?.unit === 'string' ? note.unit : '',
      revision: typeof note?.revision === 'number' ? note.revision : 1,
    },
    leaf: {
      ...levels,
      physical: value.physical!,
      unsigned: isNumbered && 'signed' in meaning && !meaning.signed,
      exact: type === 'timestamp_ns',
    },
    index,
    ...listLevels(path),
    nsPerUnit: isNumbered && 'nsPerUnit' in meaning ? meaning.nsPerUnit : 1n,
  };
}

/**
 * From a column to its values: the column itself, or `group (LIST) > repeated group > element`, or the older
 * `group (LIST) > repeated element`. Of anything else the end is a group, which is no value.
 */
function listPath(node: SchemaNode): SchemaNode[] {
  if (node.physical !== null || node.meaning !== 'list' || node.children.length !== 1) return [node];
  const repeated = node.children[0]!;
  if (repeated.repetition !== Repetition.Repeated) return [node];
  if (repeated.physical !== null) return [node, repeated];
  return repeated.children.length === 1 ? [node, repeated, repeated.children[0]!] : [node];
}

function levelsOf(path: readonly SchemaNode[]): { maxDefinition: number; maxRepetition: number } {
  return {
    maxDefinition: path.filter(({ repetition }) => repetition !== Repetition.Required).length,
    maxRepetition: path.filter(({ repetition }) => repetition === Repetition.Repeated).length,
  };
}

function listLevels(path: readonly SchemaNode[]): { listFrom: number; itemFrom: number } {
  const listFrom = path[0]!.repetition === Repetition.Required ? 0 : 1;
  return { listFrom, itemFrom: listFrom + 1 };
}

/** As specsOfArrow has it: signed integers are doubles, since no column of flows has a sign. */
function valueType(physical: number, meaning: Meaning): ColumnType | null {
  if (physical === Physical.ByteArray) return meaning === 'text' ? 'utf8' : null;
  if (physical === Physical.Boolean) return 'bool';
  if (physical === Physical.Float || physical === Physical.Double) return meaning === 'none' ? 'float64' : null;
  if (physical !== Physical.Int32 && physical !== Physical.Int64) return null;
  if (meaning === 'none') return 'float64';
  if (typeof meaning === 'string') return null;
  if ('nsPerUnit' in meaning) return physical === Physical.Int64 ? 'timestamp_ns' : null;
  if (meaning.signed) return 'float64';
  if (meaning.bits === 8 || meaning.bits === 16 || meaning.bits === 32) return `uint${meaning.bits}`;
  return meaning.bits === 64 ? 'uint53' : null;
}

function typeOf({ physical, meaning }: SchemaNode, isList: boolean): ColumnType | null {
  const type = physical === null ? null : valueType(physical, meaning);
  if (!isList || type === null) return type;
  if (type === 'utf8') return 'list_utf8';
  if (type === 'bool' || type === 'timestamp_ns') return null;
  const fits = physical === Physical.Int32 && type !== 'uint32';
  return fits ? 'list_int32' : 'list_float64';
}

/** The rows of a row group, at most `most` at a time, each batch a table of its own. */
export function* tablesOfRowGroup(
  columns: readonly ParquetColumn[],
  group: RowGroup,
  source: PageSource,
  most: number,
): Generator<Table> {
  const specs = columns.map(({ spec }) => spec);
  const readers = columns.map(({ leaf, index }) => new ColumnReader(source, leaf, group.chunks[index]!));
  for (let done = 0; done < group.rows; ) {
    const rows = Math.min(most, group.rows - done);
    const room = { left: PARQUET_LIMITS.batchBytes };
    const table = createTable(specs, rows);
    table.length = rows;
    columns.forEach((column, i) => {
      fillColumn(table.columns.get(column.spec.name)!, column, readers[i]!, rows, room);
    });
    yield table;
    done += rows;
  }
  for (const reader of readers) {
    if (reader.fill()) throw new ParquetDamage('a column has more rows than its row group');
    reader.close();
  }
}

/** Bytes that lists and texts of a batch may still take: one text of a dictionary can stand in every row. */
interface Room {
  left: number;
}

function takeRoom(room: Room, bytes: number): void {
  room.left -= bytes;
  if (room.left < 0) throw new ParquetDamage('its lists and texts do not fit the memory');
}

function fillColumn(column: Column, from: ParquetColumn, reader: ColumnReader, rows: number, room: Room): void {
  switch (column.type) {
    case 'findings':
      return;
    case 'utf8':
      eachScalar(from, reader, rows, (row, values, at) => putText(column, row, values, at, room));
      return;
    case 'timestamp_ns':
      eachScalar(from, reader, rows, (row, values, at) => {
        if (at < 0 || values.kind !== 'counts') return;
        column.values[row] = values.counts[at]! * from.nsPerUnit;
        column.valid[row] = 1;
      });
      return;
    case 'list_utf8':
      eachList(from, reader, rows, (row, values, at) => putListText(column, row, values, at, room), {
        none: (row) => {
          column.offsets[row + 1] = column.offsets[row]!;
        },
        end: (row) => endTextList(column, row),
      });
      return;
    case 'list_int32':
    case 'list_float64':
      fillList(column, from, reader, rows, room);
      return;
    default:
      fillNumbers(column, from, reader, rows);
  }
}

/** Takes an index among the page's values, -1 for null. */
type TakeValue = (row: number, values: Values, at: number) => void;

function eachScalar({ leaf }: ParquetColumn, reader: ColumnReader, rows: number, take: TakeValue): void {
  const { maxDefinition } = leaf;
  for (let row = 0; row < rows; ) {
    if (!reader.fill()) throw tooFewRows();
    const { definitions, values, entries } = reader;
    const end = Math.min(entries, reader.entry + rows - row);
    let { entry, value } = reader;
    for (; entry < end; entry++, row++) {
      const isThere = maxDefinition === 0 || definitions[entry] === maxDefinition;
      take(row, values, isThere ? value++ : -1);
    }
    reader.entry = entry;
    reader.value = value;
  }
}

function fillNumbers(column: ScalarColumn, from: ParquetColumn, reader: ColumnReader, rows: number): void {
  const target = column.values as Float64Array;
  const { valid } = column;
  eachScalar(from, reader, rows, (row, values, at) => {
    if (at < 0 || values.kind !== 'numbers') return;
    const number = values.numbers[at]!;
    // What is no finite number in somebody else's table is a null in ours.
    if (!Number.isFinite(number)) return;
    target[row] = number;
    valid[row] = 1;
  });
}

function putText(column: TextColumn, row: number, values: Values, at: number, room: Room): void {
  if (at < 0 || values.kind !== 'texts') {
    column.offsets[row + 1] = column.offsets[row]!;
    return;
  }
  takeRoom(room, values.ends[at]! - values.starts[at]!);
  appendUtf8(column, row, utf8Of(values.bytes, values.starts[at]!, values.ends[at]!));
}

function putListText(column: TextListColumn, row: number, values: Values, at: number, room: Room): void {
  takeRoom(room, ITEM_BYTES);
  if (at < 0 || values.kind !== 'texts') {
    appendListItem(column, row, NO_BYTES, 0, 0);
    return;
  }
  takeRoom(room, values.ends[at]! - values.starts[at]!);
  const text = utf8Of(values.bytes, values.starts[at]!, values.ends[at]!);
  appendListItem(column, row, text, 0, text.length);
}

interface ListEnds {
  /** The row has no list. */
  readonly none: (row: number) => void;
  /** All items of the row were taken. */
  readonly end: (row: number) => void;
}

/** Entries with repetition level 0 begin a row, those with 1 go on with it, on the next page too. */
function eachList(from: ParquetColumn, reader: ColumnReader, rows: number, take: TakeValue, ends: ListEnds): void {
  const { leaf, listFrom, itemFrom } = from;
  for (let row = 0; row < rows; row++) {
    if (!reader.fill()) throw tooFewRows();
    if (reader.repetitions[reader.entry] !== 0) throw new ParquetDamage('a row begins in the middle of a list');
    const level = reader.definitions[reader.entry]!;
    if (level < itemFrom) {
      reader.entry++;
      if (level < listFrom) ends.none(row);
      else ends.end(row);
    } else {
      do {
        const definition = reader.definitions[reader.entry++]!;
        if (definition < itemFrom) throw new ParquetDamage('a list goes on without an item');
        take(row, reader.values, definition === leaf.maxDefinition ? reader.value++ : -1);
      } while (reader.fill() && reader.repetitions[reader.entry] !== 0);
      ends.end(row);
    }
  }
}

function fillList(column: ListColumn, from: ParquetColumn, reader: ColumnReader, rows: number, room: Room): void {
  let count = 0;
  const take: TakeValue = (row, values, at) => {
    takeRoom(room, ITEM_BYTES);
    const number = at < 0 || values.kind !== 'numbers' ? 0 : values.numbers[at]!;
    const start = reserveItems(column, row, count + 1);
    // Neither null nor infinite has a place in a list.
    column.items[start + count++] = Number.isFinite(number) ? number : 0;
  };
  const end = (row: number) => {
    column.offsets[row + 1] = column.offsets[row]! + count;
    column.valid[row] = 1;
    count = 0;
  };
  const none = (row: number) => {
    column.offsets[row + 1] = column.offsets[row]!;
  };
  eachList(from, reader, rows, take, { none, end });
}

function tooFewRows(): ParquetDamage {
  return new ParquetDamage('a column has fewer rows than its row group');
}
