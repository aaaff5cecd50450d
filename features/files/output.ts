/**
 * Where results go. A regular file appears whole or not at all: it is written beside its place and renamed when it is
 * complete. Standard output, FIFOs and devices are written to directly.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';

const BUFFER_BYTES = 1 << 20;
const STANDARD_OUTPUT = 1;

/** Thrown when whoever reads our output has gone (`| head`): not an error to report, only a reason to stop. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Files that are being written, to be removed if the process is told to stop. */
const unfinished = new Set<string>();

/** An output that a run which was stopped had begun. */
export interface BegunOutput {
  /** The file that it wrote to. */
  readonly partial: string;
  /** How much of it stands; what comes behind is cut off. */
  readonly bytes: number;
}

export class Output {
  readonly #path: string | null;
  readonly #partial: string | null;
  readonly #file: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #encoder = new TextEncoder();
  #used = 0;
  #written = 0;
  #open = true;

  /**
   * @param path the file, or null for standard output
   * @param before what to go on with
   * @throws FlowlampError OUTPUT_UNWRITABLE
   */
  constructor(path: string | null, before: BegunOutput | null = null) {
    this.#path = path;
    if (path === null) {
      this.#partial = null;
      this.#file = STANDARD_OUTPUT;
      return;
    }
    this.#partial = before?.partial ?? (isSpecial(path) ? null : partialOf(path));
    this.#written = before?.bytes ?? 0;
    try {
      if (before !== null) truncateSync(before.partial, before.bytes);
      this.#file = openSync(this.#partial ?? path, before === null ? 'w' : 'a');
    } catch (cause) {
      throw unwritable(path, cause);
    }
    // What another run has begun stays, whatever becomes of this one.
    if (this.#partial !== null && before === null) unfinished.add(this.#partial);
  }

  /** Whether people see what is written, as it is written. */
  get isTerminal(): boolean {
    return isatty(this.#file);
  }

  writeText(text: string): void {
    this.write(this.#encoder.encode(text));
  }

  /** Takes bytes; they are copied or written before the call returns. */
  write(bytes: Uint8Array): void {
    if (this.#used + bytes.length > BUFFER_BYTES) this.#drain();
    if (bytes.length > BUFFER_BYTES) this.#writeAll(bytes);
    else {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    }
  }

  /** Puts everything written so far where its reader sees it. */
  flush(): void {
    this.#drain();
  }

  /**
   * Puts everything written so far into the file, which from now on a signal leaves where it is, so that a later run can
   * go on with it.
   *
   * @returns where; null for an output that is not a regular file
   */
  checkpoint(): BegunOutput | null {
    this.#drain();
    if (this.#partial === null) return null;
    unfinished.delete(this.#partial);
    return { partial: this.#partial, bytes: this.#written };
  }

  /** Completes the output: from here on the file is there. */
  finish(): void {
    this.#drain();
    this.#open = false;
    if (this.#path === null) return;
    try {
      if (this.#partial !== null) fsyncSync(this.#file);
      closeSync(this.#file);
      if (this.#partial !== null) renameSync(this.#partial, this.#path);
    } catch (cause) {
      if (this.#partial !== null) rmSync(this.#partial, { force: true });
      throw unwritable(this.#path, cause);
    } finally {
      if (this.#partial !== null) unfinished.delete(this.#partial);
    }
  }

  /** Gives up: nothing is left behind. Harmless after `finish`. */
  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#path === null) return;
    closeSync(this.#file);
    if (this.#partial !== null) {
      rmSync(this.#partial, { force: true });
      unfinished.delete(this.#partial);
    }
  }

  #drain(): void {
    const used = this.#used;
    this.#used = 0;
    this.#writeAll(this.#buffer.subarray(0, used));
  }

  #writeAll(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      try {
        const count = writeSync(this.#file, bytes, from);
        from += count;
        this.#written += count;
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code;
        if (code === 'EPIPE') throw new OutputClosed();
        // A pipe in non-blocking mode whose reader is slow.
        if (code === 'EAGAIN') sleep(5);
        else throw unwritable(this.#path ?? 'standard output', cause);
      }
    }
  }
}

/**
 * Writes a text as a whole; what was there before stays if that fails.
 *
 * @param path the file, or null for standard output
 * @param text written as UTF-8
 * @throws FlowlampError OUTPUT_UNWRITABLE
 * @throws OutputClosed if whoever reads a pipe has gone
 */
export function writeTextFile(path: string | null, text: string): void {
  const output = new Output(path);
  try {
    output.writeText(text);
    output.finish();
  } finally {
    output.abandon();
  }
}

/** Removes what was being written; for signal handlers. */
export function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { force: true });
  unfinished.clear();
}

/** Where a regular file is written until it is whole. */
function partialOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
}

/** True for what exists and is no regular file: FIFOs, sockets, /dev/stdout. */
function isSpecial(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && !status.isFile() && !status.isDirectory();
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function unwritable(path: string, cause: unknown): FlowlampError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${path} cannot be written (${code})`,
    expected: 'a path in an existing folder with room that this user may write to',
    action: 'choose another with -o',
    cause,
  });
}
