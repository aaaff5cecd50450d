/** How values get into columns: a value makes its row valid; a row that is not put is null. */
import type { ListColumn, ScalarColumn } from '../../core/table.ts';
import { reserveBytes, type TextColumn } from '../../core/text-column.ts';

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

/** The decimal digits of each byte. */
const DECIMALS = Array.from({ length: 256 }, (_, byte) =>
  Uint8Array.from(String(byte), (digit) => digit.charCodeAt(0)),
);
const IPV4_BYTES = 15;
const DOT = 46;

/** Writes an IPv4 address, given as one big-endian word, in dotted decimal. */
export function putIpv4(column: TextColumn, row: number, word: number): void {
  const bytes = reserveBytes(column, row, IPV4_BYTES);
  let at = column.offsets[row]!;
  for (let shift = 24; shift >= 0; shift -= 8) {
    const digits = DECIMALS[(word >>> shift) & 255]!;
    for (let i = 0; i < digits.length; i++) bytes[at++] = digits[i]!;
    if (shift > 0) bytes[at++] = DOT;
  }
  column.offsets[row + 1] = at;
  column.valid[row] = 1;
}

/** Ends the row's list at `end`, which counts the items of all rows so far, and makes it valid. */
export function putListEnd(column: ListColumn, row: number, end: number): void {
  column.offsets[row + 1] = end;
  column.valid[row] = 1;
}
