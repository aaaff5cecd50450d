/**
 * Records of a segment of spilled payloads:
 *
 *     magic:64 "FLSPILL1"  tag:192 (what the payloads are, ASCII, filled with zeros)
 *     { length:32  check:64  payload }*
 *
 * Numbers are little-endian; `check` is the first 8 bytes of the SHA-256 of length and payload.
 */
import { createHash } from 'node:crypto';
import { SINK_LIMITS } from './limits.ts';

const MAGIC = 'FLSPILL1';
const TAG_BYTES = 24;
export const SEGMENT_HEAD = MAGIC.length + TAG_BYTES;
const CHECK_BYTES = 8;
export const RECORD_HEAD = 4 + CHECK_BYTES;

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
export function encodeRecords(payloads: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(payloads.flatMap((payload) => [recordHead(payload), payload]));
}

function recordHead(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(RECORD_HEAD);
  head.writeUInt32LE(payload.length);
  checkOf(head.subarray(0, 4), payload).copy(head, 4);
  return head;
}

function checkOf(length: Uint8Array, payload: Uint8Array): Buffer {
  return createHash('sha256').update(length).update(payload).digest().subarray(0, CHECK_BYTES);
}

export interface FoundRecords {
  /** Borrowed from the bytes. */
  readonly payloads: readonly Uint8Array[];
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
 * @param most payloads, and bytes of them, to look for; the first is found however long it is
 */
export function decodeRecords(bytes: Uint8Array, at: number, most: { items: number; bytes: number }): FoundRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const payloads: Uint8Array[] = [];
  let end = at;
  let total = 0;
  while (payloads.length < most.items && (payloads.length === 0 || total < most.bytes) && end < bytes.length) {
    if (end + RECORD_HEAD > bytes.length) return { payloads, end, isDamaged: false, missing: RECORD_HEAD };
    const length = view.getUint32(end, true);
    if (length > SINK_LIMITS.recordBytes) return { payloads, end, isDamaged: true, missing: 0 };
    const from = end + RECORD_HEAD;
    if (from + length > bytes.length) return { payloads, end, isDamaged: false, missing: RECORD_HEAD + length };
    const payload = bytes.subarray(from, from + length);
    if (!checkOf(bytes.subarray(end, end + 4), payload).equals(bytes.subarray(end + 4, from))) {
      return { payloads, end, isDamaged: true, missing: 0 };
    }
    payloads.push(payload);
    total += length;
    end = from + length;
  }
  return { payloads, end, isDamaged: false, missing: 0 };
}
