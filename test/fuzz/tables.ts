/**
 * Damaged flow tables, one after the other, everything drawn from the seed and the number of the input. Each must end in
 * rows or in one line that says what is wrong.
 */
import { FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { Table } from '../../core/table.ts';
import { inMemory } from '../../features/files/random-access.ts';
import { type TableKind, tableBatches } from '../../features/files/table-reader.ts';
import { mutate } from './mutate.ts';

/** A whole table, and where in it damage is worth most: lengths, offsets and types stand there. */
export interface TableSample {
  readonly name: string;
  readonly kind: TableKind;
  readonly bytes: Uint8Array;
}

export interface Outcome {
  readonly sample: TableSample;
  readonly rows: number;
  /** Null where the table was read. */
  readonly refusal: FlowlampError | null;
}

const REFUSALS: readonly string[] = ['NOT_A_TABLE', 'FILE_EMPTY'];
const LONGEST_LINE = 1000;

/** The damaged bytes of an input. */
export function damaged(
  samples: readonly TableSample[],
  seed: number,
  index: number,
): { sample: TableSample; bytes: Uint8Array } {
  const random = new Prng(`tables ${seed}/${index}`);
  const sample = random.pick(samples);
  const bytes = new Uint8Array(sample.bytes.length + 64);
  bytes.set(sample.bytes);
  // Half of them where the metadata is: at the beginning, or at the end.
  const size = sample.bytes.length;
  const window = Math.min(size, random.pick([64, 512, 4096, 32_768]));
  const where = random.below(4);
  const from = where === 0 ? 0 : where === 1 ? size - window : where === 2 ? random.below(size - window + 1) : -1;
  const other = random.pick(samples).bytes;
  if (from < 0) return { sample, bytes: bytes.subarray(0, mutate(bytes, size, other, random)) };
  const part = bytes.slice(from, from + window);
  mutate(part, window, other, random);
  bytes.set(part, from);
  return { sample, bytes: bytes.subarray(0, size) };
}

/**
 * Reads one damaged table.
 *
 * @throws Error for anything but rows or a refusal of one line
 */
export async function readDamaged(samples: readonly TableSample[], seed: number, index: number): Promise<Outcome> {
  const { sample, bytes } = damaged(samples, seed, index);
  let rows = 0;
  try {
    const from = { name: 'fuzz', pieces: () => once(bytes), anywhere: () => inMemory(bytes) };
    for await (const { batch } of tableBatches(from, sample.kind)) {
      checkTable(batch);
      rows += batch.length;
    }
    return { sample, rows, refusal: null };
  } catch (error) {
    if (!(error instanceof FlowlampError) || !REFUSALS.includes(error.code)) throw error;
    if (error.message.includes('\n') || error.message.length > LONGEST_LINE) throw error;
    return { sample, rows, refusal: error };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** No row holds what is no number, and no offset runs astray. */
function checkTable(table: Table): void {
  for (const [name, column] of table.columns) {
    if (column.type === 'findings') continue;
    for (let row = 0; row < table.length; row++) {
      if ('offsets' in column) {
        if (!(column.offsets[row]! >= 0 && column.offsets[row + 1]! >= column.offsets[row]!)) throw broken(name, row);
      } else if (
        column.valid[row] !== 0 &&
        typeof column.values[row] === 'number' &&
        !Number.isFinite(column.values[row])
      ) {
        throw broken(name, row);
      }
    }
    if (!('offsets' in column)) continue;
    const end = column.offsets[table.length]!;
    if (column.type === 'utf8' && end > column.bytes.length) throw broken(name, table.length);
    if ('items' in column && end > column.items.length) throw broken(name, table.length);
  }
}

function broken(name: string, row: number): Error {
  return new Error(`column ${name} is broken in row ${row}`);
}
