/** From a table's columns to the matrix that a model reads, or a refusal that says what differs. */
import type { Digests } from '../core/digest.ts';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { Column, ColumnSpec, ListColumn, Table } from '../core/table.ts';
import { hashInputs, ListForm, type ListPart, type ModelInput } from './card.ts';

/**
 * Checks that a table has the columns that a model reads, with the meaning that they had in training.
 *
 * @param model what reads the columns, for the error: a model, or this program
 * @param table what to call the table in the error
 * @throws FlowlampError SCHEMA_MISMATCH with both hashes
 */
export function checkInputs(
  model: string,
  inputs: readonly ModelInput[],
  table: string,
  specs: readonly ColumnSpec[],
  digests: Pick<Digests, 'sha256Hex'>,
): void {
  const found = inputs.map(({ name }) => specs.find((spec) => spec.name === name));
  const wanted = hashInputs(inputs, digests);
  const present = inputs.flatMap((input, i): ModelInput[] => {
    const spec = found[i];
    return spec === undefined ? [] : [{ ...input, type: spec.type, revision: spec.revision }];
  });
  const hash = hashInputs(present, digests);
  if (hash === wanted) return;
  throw new FlowlampError(ErrorCode.SchemaMismatch, {
    happened: `${table} does not fit ${model}: ${differences(inputs, found)}; its inputs hash to ${short(hash)}`,
    expected: short(wanted),
    action: 'extract the captures again with this version, or train again',
  });
}

const MOST_SHOWN = 3;

function differences(inputs: readonly ModelInput[], found: readonly (ColumnSpec | undefined)[]): string {
  if (found.every((spec) => spec === undefined)) return `it has none of the ${inputs.length} columns that are read`;
  const texts: string[] = [];
  inputs.forEach((input, i) => {
    const spec = found[i];
    if (spec === undefined) texts.push(`no column ${input.name}`);
    else if (spec.type !== input.type) texts.push(`${input.name} is ${spec.type}, not ${input.type}`);
    else if (spec.revision !== input.revision) {
      texts.push(`${input.name} has revision ${spec.revision}, not ${input.revision}`);
    }
  });
  const more = texts.length - MOST_SHOWN;
  return texts.slice(0, MOST_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}

/** Places that the inputs take in a row of the model's matrix. */
export function inputWidth(inputs: readonly ModelInput[]): number {
  let width = 0;
  for (const { list } of inputs) width += list?.length ?? 1;
  return width;
}

/** The name of each place: the column's own, or `name[0]`, `name[1]`, ... for the items of a list. */
export function placeNames(inputs: readonly ModelInput[]): string[] {
  return inputs.flatMap(({ name, list }) =>
    list === undefined ? [name] : Array.from({ length: list.length }, (_, i) => `${name}[${i}]`),
  );
}

/** The column that a place belongs to, and which item of its list it is; null for a column of numbers. */
export function columnOfPlace(place: string): { readonly column: string; readonly item: number | null } {
  const match = /^(.+)\[(\d+)\]$/.exec(place);
  return match === null ? { column: place, item: null } : { column: match[1]!, item: Number(match[2]) };
}

/**
 * The model's inputs of all rows, row-major [table.length, inputWidth(inputs)], NaN where a value is null or a list ends.
 *
 * @throws FlowlampError UNSUPPORTED for a column that holds no numbers, or lists where a number is read
 */
export function readInputs(table: Table, inputs: readonly ModelInput[]): Float32Array {
  const out = new Float32Array(table.length * inputWidth(inputs));
  readInputRows(table, inputs, { from: 0, count: table.length }, out, 0);
  return out;
}

/** Rows of a table. */
export interface RowRange {
  readonly from: number;
  readonly count: number;
}

/**
 * Rows that are read column by column together. Of fewer, too little of each column is read at a time (64: half as fast
 * again); of more, their places in the matrix are no longer in the cache: 180 KB at 180 inputs.
 */
const BLOCK_ROWS = 256;

/**
 * As `readInputs`, of some rows, into a matrix that the caller keeps; allocates nothing.
 *
 * @param out row-major, the first of the rows going to row `at`
 */
export function readInputRows(
  table: Table,
  inputs: readonly ModelInput[],
  { from, count }: RowRange,
  out: Float32Array,
  at: number,
): void {
  const width = inputWidth(inputs);
  for (let block = 0; block < count; block += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, count - block);
    let place = (at + block) * width;
    for (const { name, list } of inputs) {
      const column = table.columns.get(name)!;
      if (list === undefined) putNumbers(column, from + block, rows, out, place, width);
      else putItems(column, list, from + block, rows, out, place, width);
      place += list?.length ?? 1;
    }
  }
}

function putNumbers(column: Column, from: number, rows: number, out: Float32Array, at: number, width: number): void {
  if (!('valid' in column) || 'offsets' in column || column.type === 'timestamp_ns') throw notNumbers(column.type);
  const { values, valid } = column;
  // The same loop for each kind of array: one loop that meets them all takes three times as long.
  if (values instanceof Float64Array) {
    for (let i = 0; i < rows; i++) out[at + i * width] = valid[from + i] === 0 ? Number.NaN : values[from + i]!;
  } else if (values instanceof Uint32Array) {
    for (let i = 0; i < rows; i++) out[at + i * width] = valid[from + i] === 0 ? Number.NaN : values[from + i]!;
  } else if (values instanceof Uint16Array) {
    for (let i = 0; i < rows; i++) out[at + i * width] = valid[from + i] === 0 ? Number.NaN : values[from + i]!;
  } else {
    for (let i = 0; i < rows; i++) out[at + i * width] = valid[from + i] === 0 ? Number.NaN : values[from + i]!;
  }
}

function putItems(
  column: Column,
  { length, form }: ListPart,
  from: number,
  rows: number,
  out: Float32Array,
  at: number,
  width: number,
): void {
  if (column.type !== 'list_int32' && column.type !== 'list_float64') throw notNumbers(column.type);
  const { offsets, items, valid } = column;
  for (let i = 0; i < rows; i++) {
    const start = offsets[from + i]!;
    const count = valid[from + i] === 0 ? 0 : Math.min(offsets[from + i + 1]! - start, length);
    const to = at + i * width;
    let before = 0;
    for (let k = 0; k < count; k++) {
      const item = items[start + k]!;
      out[to + k] = form === ListForm.Steps ? item - before : item;
      before = item;
    }
    out.fill(Number.NaN, to + count, to + length);
  }
}

/**
 * Every number that an input takes, NaN where there is none: one per row, or `list.length` per row.
 *
 * @throws FlowlampError UNSUPPORTED for a column that holds no numbers, or lists where a number is read
 */
export function readInput(
  column: Column,
  { list }: Pick<ModelInput, 'list'>,
  rows: number,
  take: (row: number, item: number, value: number) => void,
): void {
  switch (column.type) {
    case 'list_int32':
    case 'list_float64':
      if (list === undefined) throw notNumbers(column.type);
      readLists(column, list, rows, take);
      return;
    case 'utf8':
    case 'list_utf8':
    case 'findings':
    case 'timestamp_ns':
      throw notNumbers(column.type);
    default: {
      if (list !== undefined) throw notNumbers(column.type);
      const { values, valid } = column;
      for (let row = 0; row < rows; row++) take(row, 0, valid[row] === 0 ? Number.NaN : values[row]!);
    }
  }
}

function readLists(
  { items, offsets, valid }: ListColumn,
  { length, form }: ListPart,
  rows: number,
  take: (row: number, item: number, value: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    const start = offsets[row]!;
    const count = valid[row] === 0 ? 0 : Math.min(offsets[row + 1]! - start, length);
    let before = 0;
    for (let i = 0; i < count; i++) {
      const item = items[start + i]!;
      take(row, i, form === ListForm.Steps ? item - before : item);
      before = item;
    }
    for (let i = count; i < length; i++) take(row, i, Number.NaN);
  }
}

function notNumbers(type: string): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: `a column of type ${type} cannot be a model input here`,
    expected: 'a column of numbers, or of lists of numbers for a learner that reads sequences',
    action: 'choose other inputs',
  });
}
