/**
 * Records of a segment of spilled payloads:
 *
 *     magic:64 "FLSPILL2"  tag:192 (what the payloads are, ASCII, filled with zeros)
 *     { length:32  rows:32  check:64  payload }*
 *
 * Numbers are little-endian; `length` is that of the payload, `rows` how many rows it tells of, `check` the first 8 bytes of the
 * SHA-256 of length, rows and payload.
 */
import { createHash } from 'node:crypto';
import { SINK_LIMITS } from './limits.ts';

const MAGIC = 'FLSPILL2';
const TAG_BYTES = 24;
export const SEGMENT_HEAD = MAGIC.length + TAG_BYTES;
const COUNTS_BYTES = 8;
const CHECK_BYTES = 8;
export const RECORD_HEAD = COUNTS_BYTES + CHECK_BYTES;

export interface SpillRecord {
  readonly payload: Uint8Array;
  /** Rows that it tells of: what is lost with it. */
  readonly rows: number;
}

export function rowsOf(records: readonly SpillRecord[]): number {
  return records.reduce((sum, { rows }) => sum + rows, 0);
}

export function segmentHead(tag: string): Uint8Array {
  const head = Buffer.alloc(SEGMENT_HEAD);
  head.write(MAGIC, 'latin1');
  head.write(tag.slice(0, TAG_BYTES), MAGIC.length, 'latin1');
  return head;
}

/** What the payloads of a segment are; null where the bytes begin none. */
export function segmentTag(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (head.length < SEGMENT_HEAD || head.toString('latin1', 0, MAGIC.length) !== MAGIC) return null;
  return head.toString('latin1', MAGIC.length, SEGMENT_HEAD).replace(/\0+$/, '');
}

/** The bytes of records, one behind the other. */
export function encodeRecords(records: readonly SpillRecord[]): Uint8Array {
  return Buffer.concat(records.flatMap((record) => [recordHead(record), record.payload]));
}

function recordHead({ payload, rows }: SpillRecord): Buffer {
  const head = Buffer.alloc(RECORD_HEAD);
  head.writeUInt32LE(payload.length);
  head.writeUInt32LE(rows, 4);
  checkOf(head.subarray(0, COUNTS_BYTES), payload).copy(head, COUNTS_BYTES);
  return head;
}

function checkOf(counts: Uint8Array, payload: Uint8Array): Buffer {
  return createHash('sha256').update(counts).update(payload).digest().subarray(0, CHECK_BYTES);
}

export interface FoundRecords {
  /** Borrowed from the bytes. */
  readonly records: readonly SpillRecord[];
  /** Where the last whole record ends. */
  readonly end: number;
  /** True where what stands behind it is damaged, and not merely unfinished. */
  readonly isDamaged: boolean;
  /** Bytes of the record behind it, of which some are missing; 0 where there is none. */
  readonly missing: number;
}

/**
 * The whole records in these bytes, from `at` on.
 *
 * @param most records, and bytes of them, to look for; the first is found however long it is
 */
export function decodeRecords(bytes: Uint8Array, at: number, most: { items: number; bytes: number }): FoundRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: SpillRecord[] = [];
  let end = at;
  let total = 0;
  while (records.length < most.items && (records.length === 0 || total < most.bytes) && end < bytes.length) {
    if (end + RECORD_HEAD > bytes.length) return { records, end, isDamaged: false, missing: RECORD_HEAD };
    const length = view.getUint32(end, true);
    if (length > SINK_LIMITS.recordBytes) return { records, end, isDamaged: true, missing: 0 };
    const from = end + RECORD_HEAD;
    if (from + length > bytes.length) return { records, end, isDamaged: false, missing: RECORD_HEAD + length };
    const payload = bytes.subarray(from, from + length);
    if (!checkOf(bytes.subarray(end, end + COUNTS_BYTES), payload).equals(bytes.subarray(end + COUNTS_BYTES, from))) {
      return { records, end, isDamaged: true, missing: 0 };
    }
    records.push({ payload, rows: view.getUint32(end + 4, true) });
    total += length;
    end = from + length;
  }
  return { records, end, isDamaged: false, missing: 0 };
}
