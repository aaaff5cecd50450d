/** How values get into columns: a value makes its row valid; a row that is not put is null. */
import type { ListColumn, ScalarColumn } from '../../core/table.ts';

export type NumberColumn = ScalarColumn<'bool' | 'uint8' | 'uint16' | 'uint32' | 'uint53' | 'float64'>;

export function put(column: NumberColumn, row: number, value: number): void {
  column.values[row] = value;
  column.valid[row] = 1;
}

export function putBool(column: ScalarColumn<'bool'>, row: number, value: boolean): void {
  put(column, row, value ? 1 : 0);
}

const TWO_32 = 0x1_0000_0000;
/** The 32-bit halves of each column of times: two integer stores cost a tenth of a BigInt. */
const halvesOf = new WeakMap<BigInt64Array, Int32Array>();

/** Writes `us` microseconds and `ns` nanoseconds since 1970 as nanoseconds. */
export function putTime(column: ScalarColumn<'timestamp_ns'>, row: number, us: number, ns: number): void {
  let halves = halvesOf.get(column.values);
  if (halves === undefined) {
    halves = new Int32Array(column.values.buffer);
    halvesOf.set(column.values, halves);
  }
  const usHigh = Math.floor(us / TWO_32);
  const low = (us - usHigh * TWO_32) * 1000 + ns;
  const carry = Math.floor(low / TWO_32);
  halves[2 * row] = low - carry * TWO_32;
  halves[2 * row + 1] = usHigh * 1000 + carry;
  column.valid[row] = 1;
}

/** Ends the row's list at `end`, which counts the items of all rows so far, and makes it valid. */
export function putListEnd(column: ListColumn, row: number, end: number): void {
  column.offsets[row + 1] = end;
  column.valid[row] = 1;
}
