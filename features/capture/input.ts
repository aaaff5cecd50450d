/**
 * Bytes from files and standard input, decompressed where they are gzip or zstd: the only place where captures touch
 * the operating system. Nothing is held but the current piece, however large the input.
 */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Damage } from './decoder.ts';

/** Read size: large enough that the system call disappears in the cost of parsing (64 KiB is four times slower). */
const PIECE_BYTES = 1 << 20;

/** What a pipe of Linux holds. */
const PIPE_BYTES = 1 << 16;

/** What gunzip gets first, then ever more: at damage it forgets what it made of the last part, so small files need small ones. */
const FIRST_GUNZIP_BYTES = 1 << 12;

export const STANDARD_INPUT = '-';

/** What to call an input in messages. */
export function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

export interface InputAccount {
  /** How the bytes were packed. */
  compression: 'none' | 'gzip' | 'zstd';
  /** Why the compressed stream ended early, or `None`. */
  damage: Damage;
}

/** How far an input has been read. */
export interface ReadProgress {
  /** Bytes as they lie in the file or came through the pipe. */
  packedBytes: number;
}

/** Of a pipe, which can be read only once: what was read to look at its beginning, and how it goes on. */
interface Begun {
  readonly head: readonly Uint8Array[];
  readonly rest: AsyncGenerator<Uint8Array>;
  readonly account: InputAccount;
  readonly progress: ReadProgress;
}

/** Pipes that are being read, and those whose beginning was looked at, by path. */
const streams = new Map<string, Readable>();
const begun = new Map<string, Begun>();

/** True for what comes as it comes and can be read only once: standard input, FIFOs, `/dev/fd/63`, sockets. */
export function isPipe(path: string): boolean {
  if (path === STANDARD_INPUT) return true;
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && !status.isFile() && !status.isDirectory();
}

/** True where a pipe that is being read has nothing to give for now. */
export function isIdle(path: string): boolean {
  return streams.get(path)?.readableLength === 0;
}

/**
 * The bytes of an input, decompressed. Pieces are borrowed: each is valid until the next is asked for.
 *
 * @param path a file, a pipe, or `-` for standard input
 * @param account filled while reading
 * @param progress kept up to date while reading
 * @throws FlowlampError FILE_NOT_FOUND or FILE_UNREADABLE
 */
export async function* readInput(
  path: string,
  account: InputAccount,
  progress: ReadProgress = { packedBytes: 0 },
): AsyncGenerator<Uint8Array> {
  const before = begun.get(path);
  if (before === undefined) return yield* fromBeginning(path, account, progress);
  begun.delete(path);
  const catchUp = () => {
    Object.assign(account, before.account);
    progress.packedBytes = before.progress.packedBytes;
  };
  for (const piece of before.head) {
    catchUp();
    yield piece;
  }
  for await (const piece of before.rest) {
    catchUp();
    yield piece;
  }
  catchUp();
}

/**
 * The first bytes of an input, decompressed. Of a pipe they are put back for `readInput`.
 *
 * @param isEnough true once more bytes would tell no more; at the input's end there may be fewer
 * @returns as `readInput` otherwise
 */
export async function headOfInput(path: string, isEnough: (head: Uint8Array) => boolean): Promise<Uint8Array> {
  const account = newInputAccount();
  const progress = { packedBytes: 0 };
  const rest = fromBeginning(path, account, progress);
  const pieces: Uint8Array[] = [];
  let head = new Uint8Array(0);
  while (!isEnough(head)) {
    const next = await rest.next();
    if (next.done === true) break;
    pieces.push(new Uint8Array(next.value));
    head = joined(head, next.value);
  }
  if (isPipe(path)) begun.set(path, { head: pieces, rest, account, progress });
  else await rest.return(undefined);
  return head;
}

function fromBeginning(path: string, account: InputAccount, progress: ReadProgress): AsyncGenerator<Uint8Array> {
  return unpacked(counted(isPipe(path) ? readPipe(path) : readFile(path), progress), account);
}

/** The bytes of any source, decompressed, as readInput has them. */
export async function* unpacked(raw: AsyncIterable<Uint8Array>, account: InputAccount): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(raw);
  if (isGzip(head)) {
    account.compression = 'gzip';
    yield* gunzip(rest, account);
  } else if (isZstd(head)) {
    account.compression = 'zstd';
    yield* unzstd(rest, account);
  } else yield* rest;
}

async function* counted(source: AsyncIterable<Uint8Array>, progress: ReadProgress): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    progress.packedBytes += piece.length;
    yield piece;
  }
}

export function newInputAccount(): InputAccount {
  return { compression: 'none', damage: Damage.None };
}

/** Not through `readSync`: waiting for a pipe must not stop everything else. */
async function* readPipe(path: string): AsyncGenerator<Uint8Array> {
  const stream = path === STANDARD_INPUT ? process.stdin : createReadStream(path, { highWaterMark: PIPE_BYTES });
  streams.set(path, stream);
  try {
    for await (const piece of stream) yield piece as Uint8Array;
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    streams.delete(path);
  }
}

async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const file = open(path);
  try {
    const piece = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const count = read(file, piece, path);
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    const file = openSync(path, 'r');
    if (statSync(path).isDirectory()) {
      closeSync(file);
      throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    }
    return file;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function read(file: number, piece: Uint8Array, path: string): number {
  try {
    return readSync(file, piece);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The user's error for a file system error. */
export function unreadable(path: string, cause: unknown): FlowlampError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOENT') {
    return new FlowlampError(ErrorCode.FileNotFound, {
      happened: `${path} does not exist`,
      expected: 'a file, a folder, a glob or -',
      action: 'check the path',
      cause,
    });
  }
  return new FlowlampError(ErrorCode.FileUnreadable, {
    happened: `${path} cannot be read (${code})`,
    expected: 'a file that this user may read',
    action: 'check its permissions',
    cause,
  });
}

interface Peeked {
  readonly head: Uint8Array;
  readonly rest: AsyncGenerator<Uint8Array>;
}

/** The first bytes of a stream (at least four if it has them), and the stream with those bytes put back. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let head = new Uint8Array(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = head.length === 0 ? new Uint8Array(next.value) : joined(head, next.value);
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      if (head.length > 0) yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head, rest: rest() };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
}

/** A damaged or cut gzip stream yields what could be unpacked; the account says so. */
async function* gunzip(source: AsyncIterable<Uint8Array>, account: InputAccount): AsyncGenerator<Uint8Array> {
  const unpacker = createGunzip({ chunkSize: PIECE_BYTES });
  const feeding = feed(source, unpacker);
  try {
    for await (const piece of unpacker) yield piece as Uint8Array;
  } catch {
    account.damage = Damage.CutOff;
  }
  await feeding;
}

async function feed(source: AsyncIterable<Uint8Array>, target: NodeJS.WritableStream): Promise<void> {
  let size = FIRST_GUNZIP_BYTES;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      if (!(target as unknown as { writable: boolean }).writable) return;
      // The piece is borrowed and the unpacker works later: it gets a copy.
      const part = piece.slice(at, at + size);
      if (!target.write(part)) await drained(target);
      at += part.length;
      size = Math.min(size * 2, PIECE_BYTES);
    }
  }
  target.end();
}

function drained(target: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) target.removeListener(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) target.once(event, done);
  });
}

/** fzstd is loaded only where it is needed: few captures are zstd. */
async function* unzstd(source: AsyncIterable<Uint8Array>, account: InputAccount): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const ready: Uint8Array[] = [];
  const unpacker = new Decompress((piece) => ready.push(piece));
  try {
    for await (const piece of source) {
      unpacker.push(new Uint8Array(piece));
      yield* ready.splice(0);
    }
    unpacker.push(new Uint8Array(0), true);
  } catch {
    account.damage = Damage.CutOff;
  }
  yield* ready.splice(0);
}
