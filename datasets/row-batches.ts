/**
 * Rows of many small tables, written in batches of the usual size: what is written batch by batch is read batch by batch,
 * and each costs as much as a thousand rows.
 */
import { LIMITS } from '../core/limits.ts';
import {
  type Column,
  type ColumnSpec,
  createTable,
  type FindingsColumn,
  type ListColumn,
  reserveItems,
  type ScalarColumn,
  type Table,
} from '../core/table.ts';
import { reserveBytes, type TextColumn } from '../core/text-column.ts';
import { appendTextList, type TextListColumn, textListAt } from '../core/text-list-column.ts';

export class RowBatches {
  readonly #batch: Table;
  readonly #columns: readonly Column[];
  readonly #names: readonly string[];
  readonly #receive: (batch: Table) => void;

  /** @param receive gets the batches; they are filled again after the call */
  constructor(specs: readonly ColumnSpec[], receive: (batch: Table) => void) {
    this.#batch = createTable(specs, LIMITS.batchRows);
    this.#names = specs.map(({ name }) => name);
    this.#columns = this.#names.map((name) => this.#batch.columns.get(name)!);
    this.#receive = receive;
  }

  /** Takes the given rows of a table with the same columns; those that it lacks are null. */
  add({ columns }: Table, rows: readonly number[]): void {
    for (let from = 0; from < rows.length; ) {
      const taken = Math.min(rows.length - from, LIMITS.batchRows - this.#batch.length);
      for (let i = 0; i < this.#columns.length; i++) {
        const to = this.#columns[i]!;
        const source = columns.get(this.#names[i]!);
        appendCells(source?.type === to.type ? source : null, rows, from, taken, to, this.#batch.length);
      }
      this.#batch.length += taken;
      from += taken;
      if (this.#batch.length === LIMITS.batchRows) this.flush();
    }
  }

  /** Hands on what there is. */
  flush(): void {
    if (this.#batch.length === 0) return;
    this.#receive(this.#batch);
    this.#batch.length = 0;
  }
}

/** Appends `count` rows, those that `rows` names from `first` on, behind the row `at`; nulls where there is no source. */
function appendCells(
  source: Column | null,
  rows: readonly number[],
  first: number,
  count: number,
  to: Column,
  at: number,
): void {
  switch (to.type) {
    case 'findings':
      for (let i = 0; i < count; i++)
        to.values[at + i] = (source as FindingsColumn | null)?.values[rows[first + i]!] ?? null;
      return;
    case 'list_utf8':
      for (let i = 0; i < count; i++) {
        appendTextList(to, at + i, source === null ? null : textListAt(source as TextListColumn, rows[first + i]!));
      }
      return;
    case 'utf8':
      appendTexts(source as TextColumn | null, rows, first, count, to, at);
      return;
    case 'list_int32':
    case 'list_float64':
      appendLists(source as ListColumn | null, rows, first, count, to, at);
      return;
    default:
      appendNumbers(source as ScalarColumn | null, rows, first, count, to as ScalarColumn, at);
  }
}

function appendNumbers(
  source: ScalarColumn | null,
  rows: readonly number[],
  first: number,
  count: number,
  to: ScalarColumn,
  at: number,
): void {
  if (source === null) {
    // What is left of the batch before stands where a null is, and nothing reads it.
    to.valid.fill(0, at, at + count);
    return;
  }
  gatherBytes(source.valid, rows, first, count, to.valid, at);
  const { values } = to;
  if (values instanceof Uint8Array) gatherBytes(source.values as Uint8Array, rows, first, count, values, at);
  else if (values instanceof Uint16Array) gatherPairs(source.values as Uint16Array, rows, first, count, values, at);
  else if (values instanceof Uint32Array) gatherWords(source.values as Uint32Array, rows, first, count, values, at);
  else if (values instanceof Float64Array) gatherDoubles(source.values as Float64Array, rows, first, count, values, at);
  else gatherTimes(source.values as BigInt64Array, rows, first, count, values, at);
}

type Gather<T> = (from: T, rows: readonly number[], first: number, count: number, to: T, at: number) => void;

// A loop for each kind of array: one that meets them all takes four times as long (megamorphic access).
const gatherBytes: Gather<Uint8Array> = (from, rows, first, count, to, at) => {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[first + i]!]!;
};
const gatherPairs: Gather<Uint16Array> = (from, rows, first, count, to, at) => {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[first + i]!]!;
};
const gatherWords: Gather<Uint32Array> = (from, rows, first, count, to, at) => {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[first + i]!]!;
};
const gatherDoubles: Gather<Float64Array> = (from, rows, first, count, to, at) => {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[first + i]!]!;
};
const gatherTimes: Gather<BigInt64Array> = (from, rows, first, count, to, at) => {
  for (let i = 0; i < count; i++) to[at + i] = from[rows[first + i]!]!;
};

function appendTexts(
  source: TextColumn | null,
  rows: readonly number[],
  first: number,
  count: number,
  to: TextColumn,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[first + i]!;
    const start = to.offsets[at + i]!;
    const isThere = source !== null && source.valid[row] === 1;
    to.valid[at + i] = isThere ? 1 : 0;
    if (!isThere) {
      to.offsets[at + i + 1] = start;
      continue;
    }
    const from = source.offsets[row]!;
    const length = source.offsets[row + 1]! - from;
    const bytes = reserveBytes(to, at + i, length);
    for (let k = 0; k < length; k++) bytes[start + k] = source.bytes[from + k]!;
    to.offsets[at + i + 1] = start + length;
  }
}

function appendLists(
  source: ListColumn | null,
  rows: readonly number[],
  first: number,
  count: number,
  to: ListColumn,
  at: number,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[first + i]!;
    const from = source?.offsets[row] ?? 0;
    const length = (source?.offsets[row + 1] ?? 0) - from;
    const start = reserveItems(to, at + i, length);
    for (let k = 0; k < length; k++) to.items[start + k] = source!.items[from + k]!;
    to.offsets[at + i + 1] = start + length;
    to.valid[at + i] = source?.valid[row] ?? 0;
  }
}
