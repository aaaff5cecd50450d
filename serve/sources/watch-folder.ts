/**
 * `--watch DIR`: captures that another sensor writes, a ring of files. Each is read once, in the order of their first packets,
 * while it grows; flows go on from one to the next. What was read is noted in a journal once its flows must have ended: after
 * a crash the rest is read again and may bring verdicts again, with the same flow_id. Nothing that was there is skipped.
 */
import { closeSync, type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Damage } from '../../features/capture/decoder.ts';
import { newInputAccount, unpacked, unreadable } from '../../features/capture/input.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import { pause } from './back-off.ts';
import type { WatchConfig } from './config.ts';
import { filePieces, paced } from './file-pieces.ts';
import { Outlet, pump } from './outlet.ts';
import { defaultJournal, WatchJournal } from './watch-journal.ts';
import { FolderScan } from './watch-scan.ts';
import { type WatchedFile, WatchedFiles } from './watched-files.ts';

/** Changes that the system tells of are gathered so long. */
const GATHER_MS = 50;
/** A journal of many files is written less often: as a share of the time that it takes. */
const JOURNAL_SHARE = 20;

export interface WatchCounters extends SourceCounters {
  /** Files that hold what was not read yet. */
  readonly filesWaiting: number;
  /** Files that were deleted or overwritten before their end was read. */
  readonly filesSkipped: number;
  /** Files that are no captures, damaged or not readable. */
  readonly filesBroken: number;
}

export class WatchFolder implements Source {
  readonly name: string;
  /** Files can wait, but the ring that they are in does not. */
  readonly isLive = true;
  readonly #folder: string;
  readonly #config: WatchConfig;
  readonly #pollMs: number;
  #outlet: Outlet | null = null;
  #files: WatchedFiles | null = null;
  #journal: WatchJournal | null = null;
  #journalAt = Number.NEGATIVE_INFINITY;
  #isJournalFailing = false;
  /** The file whose stream is open at the sink. */
  #current: WatchedFile | null = null;
  #tell: (news: SourceNews) => void = () => undefined;

  /** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, OPTION_INVALID for what is no folder or no time */
  constructor(config: WatchConfig) {
    this.#config = config;
    this.#folder = folderOf(config.folder);
    const { pollSeconds = 1, quietSeconds = 30, overlapSeconds = 120 } = config;
    for (const seconds of [pollSeconds, quietSeconds, overlapSeconds]) requireSeconds(seconds);
    this.#pollMs = pollSeconds * 1000;
    this.name = `watch ${config.folder}`;
  }

  get counters(): WatchCounters {
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    const files = this.#files;
    return {
      ...{ captureDrops: null, captured: null, restarts: 0, streams, bytes },
      filesWaiting: files?.unread().length ?? 0,
      filesSkipped: files?.skipped ?? 0,
      filesBroken: files?.broken ?? 0,
    };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const { quietSeconds = 30, overlapSeconds = 120, followLinks = false } = this.#config;
    this.#tell = tell;
    const warn = (text: string) => tell({ level: 'warn', text });
    this.#journal = WatchJournal.open(this.#config.journal ?? defaultJournal(this.#folder), this.#folder, warn);
    const times = { quietMs: quietSeconds * 1000, graceMs: this.#pollMs, overlapMs: overlapSeconds * 1000 };
    const files = new WatchedFiles(this.#folder, followLinks, this.#journal, times, (level, text) =>
      tell({ level, text: `${this.name}: ${text}` }),
    );
    this.#files = files;
    this.#outlet = new Outlet(sink);
    const hints = new Hints(this.#folder);
    const scan = new FolderScan(this.#folder, followLinks);
    try {
      await this.#rounds(scan, hints, signal);
      await this.#outlet.close();
    } finally {
      await this.#outlet.giveUp();
      hints.close();
      files.close();
      this.#save(true);
    }
  }

  /** All that was handed on before `run` ended has been judged: the journal says how far, so that the next run goes on there. */
  settled(): void {
    this.#files?.commitAll();
    this.#save(true);
  }

  async #rounds(scan: FolderScan, hints: Hints, signal: AbortSignal): Promise<void> {
    let isLost = false;
    let isBeyond = false;
    while (!signal.aborted) {
      try {
        const named = new Set([...hints.take(), ...this.#files!.openNames()]);
        await this.#files!.update(await scan.look(named));
        if (scan.beyond > 0 && !isBeyond)
          this.#warn(`${scan.beyond} files are too many; they wait until others are gone`);
        [isLost, isBeyond] = [false, scan.beyond > 0];
      } catch (cause) {
        if (!(cause instanceof FlowlampError)) throw cause;
        if (!isLost) this.#warn(`${cause.happened}; it is looked for again`);
        isLost = true;
      }
      const hasMore = await this.#readFor(this.#pollMs, signal);
      await this.#closeWhole(signal);
      this.#files!.commitOld();
      this.#save(false);
      if (!hasMore && !signal.aborted) await hints.next(this.#pollMs, signal);
    }
  }

  /** Reads what there is, for so long at most; true where there is more. */
  async #readFor(ms: number, signal: AbortSignal): Promise<boolean> {
    const until = performance.now() + ms;
    for (const file of this.#files!.unread()) {
      if (file.isPacked) {
        if (this.#files!.isWhole(file)) await this.#readPacked(file, signal);
      } else {
        while ((await this.#readOn(file, signal)) && performance.now() < until);
        // At once, so that of many that lie there the packets come in order, and few are open.
        await this.#closeIfWhole(file);
      }
      if (signal.aborted) return false;
      if (performance.now() >= until) return true;
    }
    return false;
  }

  /** The next records of a file; false where there are none for now. */
  async #readOn(file: WatchedFile, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const tail = file.tail ?? (await this.#files!.open(file));
    if (tail === null) return false;
    const { size } = file;
    const prefix = this.#current === file ? null : tail.prefix;
    const piece = tail.next();
    if (piece.length === 0) file.readTo = Math.max(file.readTo, size);
    else await this.#handOn(file, prefix, piece);
    if (tail.damage !== Damage.None)
      await this.#breakOff(file, `is damaged (${tail.damage}) before byte ${tail.offset}`);
    return piece.length > 0 && file.tail !== null;
  }

  /** Hands over records, in a stream that is begun for them where another file's is open. */
  async #handOn(file: WatchedFile, prefix: Uint8Array | null, piece: Uint8Array): Promise<void> {
    const outlet = this.#outlet!;
    try {
      if (prefix !== null) {
        await this.#switchTo(file);
        if (prefix.length > 0) await outlet.write(prefix);
      }
      const room = outlet.write(piece);
      if (room !== undefined) await room;
      file.offset = file.tail!.offset;
      await setImmediate();
    } catch (cause) {
      if (!(cause instanceof FlowlampError)) throw cause;
      await this.#breakOff(file, cause.happened);
    }
  }

  async #switchTo(file: WatchedFile): Promise<void> {
    this.#current = null;
    await this.#outlet!.close();
    this.#outlet!.open(this.#files!.pathOf(file));
    this.#current = file;
  }

  /** Of a packed file nothing can be said of how far it was read: it is read in one go. */
  async #readPacked(file: WatchedFile, signal: AbortSignal): Promise<void> {
    const files = this.#files!;
    const fd = files.openToRead(file);
    if (fd === null) return;
    const { size } = file;
    const account = newInputAccount();
    try {
      await this.#switchTo(file);
      await pump(paced(unpacked(filePieces(fd, 0), account), signal), this.#outlet!);
      await this.#leave(file);
    } catch (cause) {
      if (!(cause instanceof FlowlampError)) throw cause;
      return await this.#breakOff(file, cause.happened);
    } finally {
      closeSync(fd);
    }
    if (signal.aborted) return;
    if (account.damage !== Damage.None)
      this.#warn(`${file.name} is packed and ends too early; it was read as far as it goes`);
    file.offset = size;
    file.readTo = size;
    files.handOver(file);
  }

  async #closeWhole(signal: AbortSignal): Promise<void> {
    for (const file of [...this.#files!.active].sort((a, b) => a.orderUs - b.orderUs)) {
      if (signal.aborted) return;
      await this.#closeIfWhole(file);
    }
  }

  /** Ends with a file that was read and is whole: what waited for another record is handed on, too. */
  async #closeIfWhole(file: WatchedFile): Promise<void> {
    const files = this.#files!;
    if (file.isPacked || !files.active.has(file) || file.size > file.readTo || !files.isWhole(file)) return;
    const tail = file.tail ?? (await files.open(file));
    while (file.tail !== null && tail !== null) {
      const prefix = this.#current === file ? null : tail.prefix;
      const piece = tail.next(true);
      if (piece.length === 0) break;
      await this.#handOn(file, prefix, piece);
    }
    if (file.tail === null) return;
    await this.#leave(file);
    files.handOver(file);
  }

  async #leave(file: WatchedFile): Promise<void> {
    if (this.#current !== file) return;
    this.#current = null;
    await this.#outlet!.close();
  }

  async #breakOff(file: WatchedFile, why: string): Promise<void> {
    if (this.#current === file) {
      this.#current = null;
      await this.#outlet!.giveUp();
    }
    if (file.tail !== null || file.isPacked) this.#files!.breakOff(file, why);
  }

  #save(isLast: boolean): void {
    const started = performance.now();
    if (!isLast && started < this.#journalAt) return;
    try {
      this.#journal?.save();
      this.#isJournalFailing = false;
    } catch (cause) {
      if (!(cause instanceof FlowlampError)) throw cause;
      // What is not noted is read again: told once, and tried again.
      if (!this.#isJournalFailing) this.#warn(`${cause.happened}; what is read now is read again after a restart`);
      this.#isJournalFailing = true;
    }
    const now = performance.now();
    this.#journalAt = now + (now - started) * JOURNAL_SHARE;
  }

  #warn(text: string): void {
    this.#tell({ level: 'warn', text: `${this.name}: ${text}` });
  }
}

/** What the system tells of changes in a folder. It need not: the folder is looked through now and then in any case. */
class Hints {
  #named = new Set<string>();
  #wake: () => void = () => undefined;
  readonly #watcher: FSWatcher | null;

  constructor(folder: string) {
    this.#watcher = this.#watch(folder);
  }

  #watch(folder: string): FSWatcher | null {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name !== null && this.#named.size < 10_000) this.#named.add(name);
        this.#wake();
      });
      return watcher.on('error', () => undefined);
    } catch {
      return null;
    }
  }

  /** Names of files that have changed since the last call. */
  take(): ReadonlySet<string> {
    const named = this.#named;
    this.#named = new Set();
    return named;
  }

  /** Settles after so long, or soon after a change. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#named.size === 0) await this.#change(ms, signal);
    await pause(Math.min(ms, GATHER_MS), signal);
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#wake = done;
    });
  }

  close(): void {
    this.#watcher?.close();
  }
}

function folderOf(path: string): string {
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${path} is no folder`,
    expected: 'the folder into which captures are written',
    action: 'use --replay for a file',
  });
}

function requireSeconds(seconds: number): void {
  if (seconds >= 0 && seconds <= 86_400) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${seconds} is no time to watch a folder with`,
    expected: 'seconds, from 0 to a day',
    action: 'correct the option',
  });
}
