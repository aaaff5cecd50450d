/** What a user names on the command line, as a list of files: a file, a folder, a glob, or standard input. */
import { closeSync, type Dirent, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { isPipe, STANDARD_INPUT, unreadable } from '../capture/input.ts';
import { looksLikeCapture } from '../capture/reader.ts';

/** Enough for the magic of every format, and for the first column name of a CSV file. */
export const HEAD_BYTES = 128;
/** Of gzip and zstd. */
const PACKED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
] as const;
const PACKED_CAPTURE = /\.(pcap|pcapng|cap|dmp)\d*\.(gz|zst)$/i;

/**
 * Expands inputs, in the order given, folders and globs sorted by name.
 *
 * @param folder which files of folders are taken; what is named, or matched by a glob, is taken in any case
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, NOTHING_FOUND
 */
export function expandInputs(inputs: readonly string[], folder: FolderRule = CAPTURES): string[] {
  const files: string[] = [];
  for (const input of inputs) {
    if (input === STANDARD_INPUT) files.push(input);
    else files.push(...expandInput(input, folder));
    if (files.length > LIMITS.inputFiles) throw tooMany(input);
  }
  return files;
}

function expandInput(input: string, folder: FolderRule): string[] {
  const status = statusOf(input);
  if (status === null && isDynamicPattern(input)) return matches(input);
  if (status === null) throw unreadable(input, Object.assign(new Error(), { code: 'ENOENT' }));
  if (!status.isDirectory()) return [input];
  const found = [...filesIn(input, folder.takes)];
  if (found.length === 0) throw nothingIn(input, folder);
  return found;
}

/**
 * The path that a URL names.
 *
 * @throws FlowlampError OPTION_INVALID for any but a `file:` URL
 */
export function pathOfUrl(url: URL): string {
  if (url.protocol === 'file:') return fileURLToPath(url);
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${url.href.slice(0, 80)} is not read`,
    expected: 'a file: URL',
    action: 'fetch it, and give the body of the response',
  });
}

/** A name that exists is that file, even if it reads like a pattern. */
function statusOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, cause);
  }
}

function matches(pattern: string): string[] {
  const found = globSync(pattern, { dot: false, expandDirectories: false }).sort();
  if (found.length > 0) return found;
  throw new FlowlampError(ErrorCode.NothingFound, {
    happened: `no file matches ${pattern}`,
    expected: 'at least one',
    action: 'check the pattern',
  });
}

function* filesIn(folder: string, takes: FolderRule['takes']): Generator<string> {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path, takes);
    else if (entry.isFile() && takes(path)) yield path;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/** By its first bytes; what is compressed is judged by its name. */
export function isCapture(path: string): boolean {
  return PACKED_CAPTURE.test(path) || looksLikeCapture(headOf(path));
}

/** Which files of a folder are taken. */
export interface FolderRule {
  readonly takes: (path: string) => boolean;
  /** What is looked for, and how it would look. */
  readonly wanted: string;
  readonly expected: string;
}

const CAPTURES: FolderRule = { takes: isCapture, wanted: 'capture', expected: 'pcap or pcapng files' };

/**
 * The first bytes of a file, fewer if it is shorter.
 *
 * @throws FlowlampError FILE_UNREADABLE
 */
export function headOf(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      const head = new Uint8Array(HEAD_BYTES);
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function isPacked(head: Uint8Array): boolean {
  return PACKED.some((magic) => magic.every((byte, i) => head[i] === byte));
}

/** True for what can only be read from its beginning to its end: pipes, and what is compressed. */
export function isStream(path: string): boolean {
  return isPipe(path) || isPacked(headOf(path));
}

function nothingIn(folder: string, { wanted, expected }: FolderRule): FlowlampError {
  return new FlowlampError(ErrorCode.NothingFound, {
    happened: `${folder} holds no ${wanted}`,
    expected: `${expected} in the folder or below it`,
    action: 'check the path',
  });
}

function tooMany(input: string): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${input} brings more than ${LIMITS.inputFiles} files`,
    expected: 'fewer',
    action: 'name a smaller folder',
  });
}
