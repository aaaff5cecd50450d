/** Which flows are copies of each other but for their times: the same sizes and directions in the same order. */
import type { ListColumn, Table } from '../../core/table.ts';
import { MODEL_INPUTS } from '../../features/vector/schema.ts';

/** Sequences shorter than this are the same by chance: a query and its answer are no copy. */
export const SHORTEST_SEQUENCE = 3;

export const SEQUENCE_COLUMN = 'payload_sizes';

/** Columns that are compared where a row has no sequence: tables of others. */
export const VECTOR_COLUMNS: readonly string[] = MODEL_INPUTS.map(({ name }) => name);

/** A number that is the same for the same sequence, and for another one by an odd chance in 2^53; 0 for none. */
export type SequenceReader = (row: number) => number;

/**
 * @param shortest packets with payload that a sequence must have to count
 * @returns by sequence where the row has one, else by all that a model could read
 */
export function sequenceReader(table: Table, shortest: number): SequenceReader {
  const column = table.columns.get(SEQUENCE_COLUMN);
  const vector = vectorReader(table);
  if (column?.type !== 'list_int32' && column?.type !== 'list_float64') return vector;
  const { offsets, items, valid } = column as ListColumn;
  return (row) => {
    if (valid[row] === 0) return vector(row);
    const from = offsets[row]!;
    const to = offsets[row + 1]!;
    if (to - from < shortest) return 0;
    let a = 0x811c9dc5;
    let b = to - from;
    for (let i = from; i < to; i++) {
      a = mix(a, items[i]!);
      b = mix(b ^ 0x5bd1e995, items[i]!);
    }
    return joined(a, b);
  };
}

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

function vectorReader(table: Table): SequenceReader {
  const columns = VECTOR_COLUMNS.map((name) => table.columns.get(name)).filter(
    (column) =>
      column !== undefined && 'values' in column && column.type !== 'findings' && column.type !== 'timestamp_ns',
  ) as { readonly values: Float64Array; readonly valid: Uint8Array }[];
  if (columns.length === 0) return () => 0;
  return (row) => {
    let a = 0x811c9dc5;
    let b = 0x1000193;
    for (const { values, valid } of columns) {
      double[0] = valid[row] === 0 ? Number.NaN : values[row]!;
      a = mix(mix(a, halves[0]!), halves[1]!);
      b = mix(mix(b ^ 0x5bd1e995, halves[1]!), halves[0]!);
    }
    return joined(a, b);
  };
}

/** One round of MurmurHash3 (Appleby, public domain). */
function mix(hash: number, value: number): number {
  let k = Math.imul(value | 0, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** 53 bits of both, never 0. */
function joined(a: number, b: number): number {
  return finished(a) * 0x20_0000 + (finished(b) >>> 11) + 1;
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
