/** Files that are read from anywhere in them: on a disk, or held because they come from a pipe or from memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { unreadable } from '../capture/input.ts';

export interface RandomAccess {
  readonly size: number;
  /** The bytes `[start, end)`, fewer where the file ends. */
  readonly readAt: (start: number, end: number) => Uint8Array;
  close(): void;
}

/** A pipe cannot be read from its end, so all of it is held. */
const MAX_HELD_BYTES = 1 << 30;

/** Bytes that are at hand. */
export function inMemory(bytes: Uint8Array): RandomAccess {
  return { size: bytes.length, readAt: (start, end) => bytes.subarray(start, end), close: () => undefined };
}

/** @throws FlowlampError FILE_NOT_FOUND or FILE_UNREADABLE */
export function openFile(path: string): RandomAccess {
  try {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const readAt = (start: number, end: number) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      let filled = 0;
      while (filled < bytes.length) {
        const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    };
    return { size, readAt, close: () => closeSync(file) };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * All bytes of a source.
 *
 * @param name what to call it in errors
 * @throws FlowlampError LIMIT_EXCEEDED for more than 1 GiB
 */
export async function holdAll(name: string, pieces: AsyncIterable<Uint8Array>): Promise<RandomAccess> {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    held.push(piece.slice());
    size += piece.length;
    if (size > MAX_HELD_BYTES) throw tooMuch(name);
  }
  return inMemory(Buffer.concat(held));
}

function tooMuch(name: string): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${name} is larger than 1 GiB`,
    expected: 'less where it is not a file, since tables of this format are read from their end',
    action: 'name it as a file',
  });
}
