/**
 * A file of lines that grows, and is rotated by size or age. Lines are whole: what fails in the middle is cut off again, and
 * what a killed process left of a line is ended before the next begins.
 */
import { open, rename, stat } from 'node:fs/promises';
import { RotatedFiles, type RotationOptions } from './rotated-files.ts';

/** What of a file is used here; tests put in one that fails. */
export interface LineFile {
  write(bytes: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number; birthtimeMs: number; mtimeMs: number }>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenLineFile = (path: string) => Promise<LineFile>;

/** What is written always goes to the end, also when somebody has cut the file (copytruncate). */
export const openLineFile: OpenLineFile = (path) => open(path, 'a+', 0o640);

export interface LogFileOptions extends RotationOptions {
  /** Bytes from which on the file is rotated; 0 for never. */
  readonly rotateBytes: number;
  /** Age from which on it is rotated, ms; 0 for never. */
  readonly rotateMs: number;
  readonly openFile?: OpenLineFile;
}

const LINE_FEED = 0x0a;

/** Takes lines; a method is called when the last call of one has settled. */
export interface Lines {
  /** All of them, or none, as far as that can be had. */
  write(lines: Uint8Array, signal: AbortSignal): Promise<void>;
  wakeAt(): number | null;
  tend(): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export class LogFile implements Lines {
  readonly #path: string;
  readonly #options: LogFileOptions;
  readonly #rotated: RotatedFiles;
  readonly #openFile: OpenLineFile;
  #file: LineFile | null = null;
  #size = 0;
  #begunAt = 0;
  /** Compressing and removing goes on beside writing. */
  #tidying: Promise<void> | null = null;
  #isUntidy: boolean;

  constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#rotated = new RotatedFiles(path, options);
    this.#openFile = options.openFile ?? openLineFile;
    // An earlier run may have been stopped before it had compressed what it rotated.
    this.#isUntidy = options.gzip;
  }

  /** @throws where the file cannot be written */
  async open(): Promise<void> {
    const file = await this.#openFile(this.#path);
    try {
      const { size, birthtimeMs, mtimeMs } = await file.stat();
      this.#begunAt = size === 0 ? Date.now() : Math.min(...[birthtimeMs, mtimeMs, Date.now()].filter((ms) => ms > 0));
      if (size > 0 && (await lastByte(file, size)) !== LINE_FEED)
        await file.write(Uint8Array.of(LINE_FEED), 0, 1, null);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    this.#file = file;
  }

  async write(lines: Uint8Array): Promise<void> {
    if (this.#file === null) await this.open();
    await this.#measure();
    const { rotateBytes } = this.#options;
    if (rotateBytes > 0 && this.#size > 0 && this.#size + lines.length > rotateBytes) await this.#rotate();
    try {
      await writeAll(this.#file!, lines);
      this.#size += lines.length;
    } catch (error) {
      await this.#file!.truncate(this.#size).catch(() => undefined);
      // Begun anew, it is looked at whether the last line has an end.
      await this.#letGo();
      throw error;
    }
    this.#tidy();
  }

  /** Somebody else may have cut it. */
  async #measure(): Promise<void> {
    this.#size = (await this.#file!.stat()).size;
  }

  wakeAt(): number | null {
    return this.#options.rotateMs > 0 && this.#file !== null && this.#size > 0
      ? this.#begunAt + this.#options.rotateMs
      : null;
  }

  async tend(): Promise<void> {
    await this.#rotate();
    this.#tidy();
  }

  async reopen(): Promise<void> {
    await this.#letGo();
    await this.open();
    await this.#measure();
  }

  async close(): Promise<void> {
    await this.#letGo();
    await this.#tidying;
  }

  async #rotate(): Promise<void> {
    await this.#letGo();
    // Somebody else may have moved it.
    if ((await stat(this.#path).catch(() => null)) !== null) {
      await rename(this.#path, await this.#rotated.next(Date.now()));
    }
    this.#isUntidy = true;
    await this.open();
    this.#size = 0;
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    this.#size = 0;
    await file?.close();
  }

  /** What fails is tried again after the next lines: neither stops the other. */
  #tidy(): void {
    if (!this.#isUntidy || this.#tidying !== null) return;
    this.#isUntidy = false;
    this.#tidying = this.#rotated
      .tidy()
      .catch(() => {
        this.#isUntidy = true;
      })
      .finally(() => {
        this.#tidying = null;
      });
  }
}

async function lastByte(file: LineFile, size: number): Promise<number> {
  const last = new Uint8Array(1);
  await file.read(last, 0, 1, size - 1);
  return last[0]!;
}

async function writeAll(file: LineFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, null)).bytesWritten;
  }
}
