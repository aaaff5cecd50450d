/**
 * Columns of text: the UTF-8 bytes of all rows behind each other, as Arrow lays them out. Rows are written in order; no
 * string is kept, so a batch of flows costs no garbage and goes to Arrow or to another thread as it is.
 */

/** Row `r` is `bytes[offsets[r], offsets[r + 1])` where `valid[r]` is 1; `bytes` is replaced by a larger array when it fills. */
export interface TextColumn {
  readonly type: 'utf8';
  readonly offsets: Int32Array;
  bytes: Uint8Array;
  readonly valid: Uint8Array;
}

const BYTES_PER_ROW = 16;
/** UTF-8 takes at most so many bytes for a UTF-16 code unit. */
export const MAX_BYTES_PER_UNIT = 3;
/** Up to here a loop over ASCII beats the call into the encoder. */
const SHORT_TEXT = 64;

const encoder = new TextEncoder();
// A byte order mark is part of a text as any other character.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function createTextColumn(capacity: number): TextColumn {
  return {
    type: 'utf8',
    offsets: new Int32Array(capacity + 1),
    bytes: new Uint8Array(capacity * BYTES_PER_ROW + SHORT_TEXT),
    valid: new Uint8Array(capacity),
  };
}

/** The text of a row, null where it has none. */
export function textAt(column: TextColumn, row: number): string | null {
  if (column.valid[row] === 0) return null;
  return textOf(column.bytes, column.offsets[row]!, column.offsets[row + 1]!);
}

/** The text whose UTF-8 is `bytes[start, end)`. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** `bytes[start, end)` if they are UTF-8, else with what is not replaced: whatever a file says, columns hold UTF-8. */
export function utf8Of(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const text = bytes.subarray(start, end);
  for (let i = 0; i < text.length; i++) if (text[i]! > 0x7f) return encoder.encode(decoder.decode(text));
  return text;
}

/** Writes a row's text, which must be UTF-8; all rows before it must have been written. */
export function appendUtf8(column: TextColumn, row: number, text: Uint8Array): void {
  const start = column.offsets[row]!;
  reserveBytes(column, row, text.length).set(text, start);
  column.offsets[row + 1] = start + text.length;
  column.valid[row] = 1;
}

/** The texts of the first `rows` rows. */
export function textsOf(column: TextColumn, rows: number): (string | null)[] {
  return Array.from({ length: rows }, (_, row) => textAt(column, row));
}

/** Writes a row's text; all rows before it must have been written. */
export function appendText(column: TextColumn, row: number, text: string | null): void {
  const start = column.offsets[row]!;
  if (text === null) {
    column.valid[row] = 0;
    column.offsets[row + 1] = start;
    return;
  }
  const bytes = reserveBytes(column, row, text.length * MAX_BYTES_PER_UNIT);
  column.offsets[row + 1] = writeUtf8(text, bytes, start);
  column.valid[row] = 1;
}

/** Makes room for `count` bytes of a row, behind those of the rows before it, and returns the bytes. */
export function reserveBytes(column: TextColumn, row: number, count: number): Uint8Array {
  column.bytes = withRoom(column.bytes, column.offsets[row]! + count);
  return column.bytes;
}

/** The bytes, or a larger copy if they are fewer than `needed`. */
export function withRoom(bytes: Uint8Array, needed: number): Uint8Array {
  if (needed <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

/** Writes the text at `at`, where there must be room, and returns where it ends. */
export function writeUtf8(text: string, bytes: Uint8Array, at: number): number {
  const { length } = text;
  if (length <= SHORT_TEXT) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      bytes[at + i] = unit;
    }
    if (i === length) return at + length;
  }
  return at + encoder.encodeInto(text, bytes.subarray(at)).written;
}
