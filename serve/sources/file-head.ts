/** The beginning of a file in a watched folder: what it is, when its first packet was, and what to know it by. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { newInputAccount, unpacked } from '../../features/capture/input.ts';
import { CaptureReader, looksLikeCapture } from '../../features/capture/reader.ts';
import { isPacked } from '../../features/files/inputs.ts';
import { type Sighting, sightingOf } from './watch-scan.ts';

export const HEAD_BYTES = 64 * 1024;
const MAGIC_BYTES = 4;
const scratch = new Uint8Array(HEAD_BYTES);

export interface FileHead {
  readonly kind: 'capture' | 'packed' | 'other' | 'too short';
  /** The first bytes, unpacked; at most HEAD_BYTES. */
  readonly bytes: Uint8Array;
  /** Time of the first packet, us since 1970; null where there is none yet. */
  readonly firstUs: number | null;
}

/**
 * Opens a file, and only a file: neither a FIFO, which would wait, nor what a link leads to.
 *
 * @throws the error of the system
 */
export function openFile(path: string, followLinks: boolean): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
  const file = openSync(path, flags);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw Object.assign(new Error('no file'), { code: 'no file' });
}

/** The open file as it is now. */
export function sightingOfOpen(name: string, file: number): Sighting {
  return sightingOf(name, fstatSync(file, { bigint: true }));
}

export async function headOf(file: number): Promise<FileHead> {
  const raw = firstBytes(file);
  if (raw.length < MAGIC_BYTES) return { kind: 'too short', bytes: raw, firstUs: null };
  if (!isPacked(raw)) {
    if (!looksLikeCapture(raw)) return { kind: 'other', bytes: raw, firstUs: null };
    return { kind: 'capture', bytes: raw, firstUs: firstTime(raw) };
  }
  const bytes = await unpackedHead(raw);
  const isOther = bytes.length >= MAGIC_BYTES && !looksLikeCapture(bytes);
  return { kind: isOther ? 'other' : 'packed', bytes, firstUs: firstTime(bytes) };
}

/** SHA-256 of the first `count` bytes. */
export function hashOf(bytes: Uint8Array, count: number): string {
  return createHash('sha256').update(bytes.subarray(0, count)).digest('hex');
}

function firstBytes(file: number): Uint8Array {
  return scratch.slice(0, readSync(file, scratch, 0, HEAD_BYTES, 0));
}

async function unpackedHead(raw: Uint8Array): Promise<Uint8Array> {
  async function* once() {
    yield raw;
  }
  const head = new Uint8Array(HEAD_BYTES);
  let used = 0;
  for await (const piece of unpacked(once(), newInputAccount())) {
    const part = piece.subarray(0, HEAD_BYTES - used);
    head.set(part, used);
    used += part.length;
    if (used === HEAD_BYTES) break;
  }
  return head.subarray(0, used);
}

/** A larger first packet than the head holds leaves null: the file then goes by the time at which it was written. */
function firstTime(head: Uint8Array): number | null {
  let first: number | null = null;
  const reader = new CaptureReader('head', {
    frame: (_view, _at, _end, _wireLength, us) => {
      first ??= us;
    },
  });
  try {
    reader.write(head);
    reader.finish();
  } catch {
    // Too short for a capture; it is looked at again when it has grown.
  }
  return first;
}
