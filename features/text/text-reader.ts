/** CSV and JSON lines to tables: known columns get their type from the feature table, others are read as text. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import {
  type Column,
  type ColumnSpec,
  createTable,
  type ListColumn,
  reserveItems,
  type ScalarType,
  type Table,
} from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { appendTextList } from '../../core/text-list-column.ts';
import { featureNamed } from '../vector/schema.ts';
import { parseTime } from './cell.ts';

/** Far more than any table of flows has; each costs some hundred bytes before it holds anything. */
const MAX_COLUMNS = 65_536;

/**
 * The columns of a text table, by the names in its header or first object.
 *
 * @param table what to call it in errors
 * @throws FlowlampError NOT_A_TABLE where two have one name, or they are more than a table may have
 */
export function specsOfNames(names: readonly string[], table = 'the table'): ColumnSpec[] {
  if (names.length > MAX_COLUMNS) throw notATable(table, `it has ${names.length} columns`);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw notATable(table, `it has two columns ${shown(name)}`);
    seen.add(name);
  }
  return names.map((name) => featureNamed(name) ?? { name, type: 'utf8', unit: '', revision: 1 });
}

/** Rows of cells (in the order of `specs`) as a table. */
export function tableOfCells(name: string, specs: readonly ColumnSpec[], rows: readonly string[][]): Table {
  const table = createTable(specs, rows.length);
  table.length = rows.length;
  specs.forEach((spec, index) => {
    const column = table.columns.get(spec.name)!;
    rows.forEach((cells, row) => {
      const cell = cells[index] ?? '';
      if (cell === '') setCell(name, spec, column, row, null);
      else setCell(name, spec, column, row, valueOfText(name, spec, cell));
    });
  });
  return table;
}

/** JSON objects, one a line, as a table; fields that are not in `specs` are left out. */
export function tableOfObjects(
  name: string,
  specs: readonly ColumnSpec[],
  objects: readonly Readonly<Record<string, unknown>>[],
): Table {
  const table = createTable(specs, objects.length);
  table.length = objects.length;
  for (const spec of specs) {
    const column = table.columns.get(spec.name)!;
    for (const [row, object] of objects.entries()) {
      const value = Object.hasOwn(object, spec.name) ? object[spec.name] : null;
      setCell(name, spec, column, row, value ?? null);
    }
  }
  return table;
}

/** @throws FlowlampError NOT_A_TABLE where a line is no JSON object */
export function parseJsonLines(name: string, lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => {
    const value = parseJson(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw notATable(name, 'a line is no JSON object');
    }
    return value as Record<string, unknown>;
  });
}

export function notATable(name: string, what: string, cause?: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.NotATable, {
    happened: `${name} is no flow table: ${what}`,
    expected: 'what `flowlamp extract` writes (Arrow, Parquet, CSV or JSONL)',
    action: 'extract the captures again',
    cause,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A CSV cell as the JSON value that JSONL would hold. */
function valueOfText(name: string, spec: ColumnSpec, cell: string): unknown {
  switch (spec.type) {
    case 'utf8':
    case 'timestamp_ns':
      return cell;
    case 'bool':
      return cell === 'true' ? true : cell === 'false' ? false : badCell(name, spec, cell);
    case 'list_int32':
    case 'list_float64':
    case 'list_utf8':
      return parseJson(cell) ?? badCell(name, spec, cell);
    default:
      return cell.trim() === '' ? badCell(name, spec, cell) : Number(cell);
  }
}

function setCell(name: string, spec: ColumnSpec, column: Column, row: number, value: unknown): void {
  switch (column.type) {
    case 'utf8':
      appendText(column, row, value === null || typeof value === 'string' ? value : jsonText(name, spec, value));
      return;
    case 'list_utf8':
      appendTextList(column, row, value === null ? null : itemsOf(name, spec, value, isText));
      return;
    case 'findings':
      // Evidence is written for readers, not read back: no flow table has it.
      return;
    case 'list_int32':
    case 'list_float64': {
      const isItem = column.type === 'list_int32' ? isInt32 : isFiniteNumber;
      const items = value === null ? [] : itemsOf(name, spec, value, isItem);
      const start = reserveItems(column as ListColumn, row, items.length);
      items.forEach((item, i) => {
        column.items[start + i] = item;
      });
      column.offsets[row + 1] = start + items.length;
      column.valid[row] = value === null ? 0 : 1;
      return;
    }
    case 'timestamp_ns': {
      if (value === null) return;
      const time = typeof value === 'string' ? parseTime(value) : typeof value === 'bigint' ? int64(value) : null;
      column.values[row] = time ?? badCell(name, spec, value);
      column.valid[row] = 1;
      return;
    }
    default: {
      if (value === null) return;
      const number = column.type === 'bool' && typeof value === 'boolean' ? Number(value) : value;
      if (!isFiniteNumber(number) || !fits(number, column.type)) badCell(name, spec, value);
      column.values[row] = number;
      column.valid[row] = 1;
    }
  }
}

/** Largest value of each unsigned type; others hold any finite number. */
const LARGEST: Readonly<Partial<Record<ScalarType, number>>> = {
  bool: 1,
  uint8: 0xff,
  uint16: 0xffff,
  uint32: 0xffff_ffff,
  uint53: Number.MAX_SAFE_INTEGER,
};

/** A typed array would wrap what does not fit. */
export function fits(value: number, type: ScalarType): boolean {
  const largest = LARGEST[type];
  return largest === undefined || (Number.isInteger(value) && value >= 0 && value <= largest);
}

function itemsOf<T>(name: string, spec: ColumnSpec, value: unknown, isItem: (item: unknown) => item is T): T[] {
  return Array.isArray(value) && value.every(isItem) ? value : badCell(name, spec, value);
}

const isText = (item: unknown): item is string => typeof item === 'string';
const isFiniteNumber = (item: unknown): item is number => Number.isFinite(item);
export const isInt32 = (item: unknown): item is number => Number.isInteger(item) && ((item as number) | 0) === item;

/** Nanoseconds, as rows in memory have them. */
const int64 = (value: bigint): bigint | null => (BigInt.asIntN(64, value) === value ? value : null);

/** What is no text, in a column of texts. */
function jsonText(name: string, spec: ColumnSpec, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Lists within lists without end.
    return badCell(name, spec, value);
  }
}

/** @throws FlowlampError NOT_A_TABLE that names the column, what it holds and what belongs there */
export function badCell(name: string, { name: column, type }: ColumnSpec, value: unknown): never {
  const called = /^\w{1,80}$/.test(column) ? column : shown(column);
  throw notATable(name, `column ${called} holds ${shown(value)} where a ${type} belongs`);
}

const LONGEST_SHOWN = 40;

/** The beginning of a value as JSON has it. */
function shown(value: unknown): string {
  const start = typeof value === 'string' ? value.slice(0, LONGEST_SHOWN) : value;
  try {
    return (JSON.stringify(start) ?? String(start)).slice(0, LONGEST_SHOWN);
  } catch {
    return Array.isArray(value) ? 'lists within lists' : `a ${typeof value}`;
  }
}
