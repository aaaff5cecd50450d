/** Capture files of judged flows on disk: whole or not at all, bounded in space, with a log that shows what was changed. */
import { mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { evidenceNames, PART_ENDING, partNames, readLogs } from './evidence-files.ts';
import {
  LOG_NAME,
  type LogEntry,
  LogEvent,
  MOST_OLD_LOGS,
  NO_FILE,
  NO_LINE,
  replay,
  sha256Of,
  writeLine,
} from './evidence-log.ts';
import type { EvidenceBundle } from './packet-keeper.ts';

export interface FolderOptions {
  readonly folder: string;
  /** Bytes of all capture files; the oldest are deleted. Default 1 GiB. */
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  /** Bytes that may wait to be written: a disk that hangs must not fill the memory. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /** Bytes of a log before the next is begun. Seven older ones are kept. Default 8 MiB. */
  readonly logBytes?: number;
  /** The wall clock, milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

const DEFAULTS = {
  maxBytes: 1024 * 1024 * 1024,
  maxFiles: 10_000,
  maxWaitingBytes: 64 * 1024 * 1024,
  logBytes: 8 * 1024 * 1024,
  now: Date.now,
} as const;

export interface FolderCounters {
  readonly files: number;
  readonly bytes: number;
  readonly written: number;
  /** Deleted because there was no more space. */
  readonly deleted: number;
  /** Not written: too many waited, one was larger than all space, or the disk refused. */
  readonly dropped: number;
  readonly waiting: number;
  /** Hash of the last line of the log: to be told elsewhere, so that a cut log shows. */
  readonly head: string;
  /** What went wrong last, in words; null after a file was written. */
  readonly trouble: string | null;
}

export class EvidenceFolder {
  readonly #options: Required<FolderOptions>;
  /** Files that are there, oldest first. */
  readonly #files = new Map<string, LogEntry>();
  #bytes = 0;
  #head = NO_LINE;
  #log: FileHandle | null = null;
  #logBytes = 0;
  /** False while a line is being written, and after that failed. */
  #isLogSure = true;
  #waitingBytes = 0;
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();
  readonly #counts = { written: 0, deleted: 0, dropped: 0 };
  #trouble: string | null = null;

  private constructor(options: Required<FolderOptions>) {
    this.#options = options;
  }

  /**
   * Opens a folder, which only this process may write to, and makes it where there is none. Goes on with its log; files that were
   * not finished are deleted, files without a line get one.
   *
   * @throws FlowlampError OUTPUT_UNWRITABLE
   */
  static async open(options: FolderOptions): Promise<EvidenceFolder> {
    const folder = new EvidenceFolder({ ...DEFAULTS, ...options });
    try {
      await folder.#begin();
    } catch (cause) {
      throw new FlowlampError(ErrorCode.OutputUnwritable, {
        happened: `the evidence folder ${options.folder} cannot be used: ${messageOf(cause)}`,
        expected: 'a folder that this process may write to',
        action: 'choose another --evidence',
        cause,
      });
    }
    return folder;
  }

  get counters(): FolderCounters {
    const { size } = this.#files;
    const { written, deleted, dropped } = this.#counts;
    const [head, trouble] = [this.#head, this.#trouble];
    return { files: size, bytes: this.#bytes, written, deleted, dropped, waiting: this.#waiting, head, trouble };
  }

  /** Takes a capture file, or counts it as dropped. Does not block and does not throw. */
  store(bundle: EvidenceBundle): void {
    const { length } = bundle.bytes;
    const { maxBytes, maxWaitingBytes } = this.#options;
    if (length > maxBytes) this.#drop(`a file of ${length} bytes is larger than all space`);
    else if (this.#waitingBytes + length > maxWaitingBytes) this.#drop('the disk is slower than what is to be kept');
    else {
      this.#waiting++;
      this.#waitingBytes += length;
      this.#work = this.#work.then(() => this.#write(bundle));
    }
  }

  /** Settles when all that was taken is written or dropped. */
  async drain(): Promise<void> {
    await this.#work;
  }

  /** After `drain`. */
  async close(): Promise<void> {
    await this.#work;
    await this.#log?.close();
    this.#log = null;
  }

  #drop(trouble: string): void {
    this.#counts.dropped++;
    this.#trouble = trouble;
  }

  async #begin(): Promise<void> {
    const { folder } = this.#options;
    // Packets are private.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of partNames(folder)) unlinkSync(join(folder, name));
    const { lines, isTorn } = readLogs(folder);
    const { head, files, faults } = replay(lines);
    this.#head = head;
    await this.#openLog();
    if (isTorn) await this.#resume();
    // What the log says and is not there stays in the log; whoever verifies the folder hears of it.
    const there = evidenceNames(folder);
    for (const [name, entry] of files) if (there.includes(name)) this.#enter(entry);
    for (const name of there.filter((each) => !files.has(each))) await this.#adopt(name);
    if (faults.length > 0) this.#trouble = `the log of ${folder} was changed: ${faults[0]}`;
    await this.#makeRoom(0);
  }

  async #openLog(): Promise<void> {
    const path = join(this.#options.folder, LOG_NAME);
    this.#log = await open(path, 'a', 0o600);
    this.#logBytes = (await stat(path)).size;
  }

  async #adopt(name: string): Promise<void> {
    const content = readFileSync(join(this.#options.folder, name));
    const flowId = Number(name.split('-')[2]);
    await this.#append({ event: LogEvent.Found, sha256: sha256Of(content), bytes: content.length, file: name, flowId });
  }

  async #write(bundle: EvidenceBundle): Promise<void> {
    const { bytes } = bundle;
    const file = this.#nameOf(bundle);
    const part = join(this.#options.folder, `.${file}${PART_ENDING}`);
    const path = join(this.#options.folder, file);
    try {
      await this.#makeRoom(bytes.length);
      await writeNew(part, bytes);
      await rename(part, path);
      const flowId = bundle.facts.flow_id ?? 0;
      await this.#append({ event: LogEvent.Kept, sha256: sha256Of(bytes), bytes: bytes.length, file, flowId });
      this.#counts.written++;
      this.#trouble = null;
    } catch (error) {
      this.#drop(messageOf(error));
      // A file without a line would look like one that was put in.
      if (!this.#files.has(file)) for (const each of [part, path]) await unlink(each).catch(() => {});
    } finally {
      this.#waiting--;
      this.#waitingBytes -= bytes.length;
    }
  }

  /** `20260203T040506Z-mining-4503599627370497-first.pcapng`: safe characters only, whatever the verdict is called. */
  #nameOf({ facts, stretch }: EvidenceBundle): string {
    const stamp = facts.first_seen.slice(0, 19).replace(/[-:]/g, '');
    const time = /^\d{8}T\d{6}$/.test(stamp) ? stamp : '00000000T000000';
    const verdict = facts.verdict.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 32) || '_';
    const base = `${time}Z-${verdict}-${facts.flow_id ?? 0}-${stretch}`;
    let name = `${base}.pcapng`;
    for (let i = 2; this.#files.has(name); i++) name = `${base}-${i}.pcapng`;
    return name;
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { maxBytes, maxFiles, folder } = this.#options;
    const most = bytes > 0 ? maxFiles - 1 : maxFiles;
    for (const [name, entry] of this.#files) {
      if (this.#bytes + bytes <= maxBytes && this.#files.size <= most) return;
      // The line first: a file that is still there after a crash is found again, one that is gone would look stolen.
      await this.#append({ ...entry, event: LogEvent.Deleted });
      await unlink(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      this.#counts.deleted++;
    }
  }

  /** The line is on the disk before anybody is told that the file is there. */
  async #append(said: Omit<LogEntry, 'time'>): Promise<void> {
    if (!this.#isLogSure) await this.#repair();
    const entry = { ...said, time: new Date(this.#options.now()).toISOString() };
    const line = writeLine(entry, this.#head);
    this.#isLogSure = false;
    await this.#log!.appendFile(`${line}\n`);
    await this.#log!.datasync();
    this.#isLogSure = true;
    this.#head = sha256Of(line);
    this.#logBytes += line.length + 1;
    if (entry.event === LogEvent.Deleted) this.#leave(entry);
    else if (entry.event !== LogEvent.Resumed) this.#enter(entry);
    if (this.#logBytes >= this.#options.logBytes) await this.#turnLogs();
  }

  /** A line may have been written in part, or whole although the disk refused: what stands there counts. */
  async #repair(): Promise<void> {
    await this.#log?.close().catch(() => {});
    this.#log = null;
    await this.#openLog();
    const { lines, isTorn } = readLogs(this.#options.folder);
    const { head, files } = replay(lines);
    this.#head = head;
    this.#isLogSure = true;
    if (isTorn) await this.#resume();
    for (const entry of [...this.#files.values()]) if (!files.has(entry.file)) this.#leave(entry);
    for (const [name, entry] of files) {
      if (this.#files.has(name)) continue;
      this.#enter(entry);
      await this.#append({ ...entry, event: LogEvent.Deleted });
    }
  }

  async #resume(): Promise<void> {
    await this.#log!.appendFile('\n');
    await this.#append({ event: LogEvent.Resumed, sha256: NO_LINE, bytes: 0, file: NO_FILE, flowId: 0 });
  }

  #enter(entry: LogEntry): void {
    this.#files.set(entry.file, entry);
    this.#bytes += entry.bytes;
  }

  #leave({ file, bytes }: LogEntry): void {
    this.#files.delete(file);
    this.#bytes -= bytes;
  }

  async #turnLogs(): Promise<void> {
    const path = join(this.#options.folder, LOG_NAME);
    await this.#log?.close();
    this.#log = null;
    for (let i = MOST_OLD_LOGS - 1; i >= 1; i--) await rename(`${path}.${i}`, `${path}.${i + 1}`).catch(() => {});
    await rename(path, `${path}.1`);
    await this.#openLog();
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
