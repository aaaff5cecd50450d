/**
 * Which files of a watched folder have been judged, and how far: a state file, written beside its place, forced to the disk
 * and renamed. What is not in it is read, so that a lost journal costs time and repeats verdicts, but skips nothing.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { unreadable } from '../../features/capture/input.ts';
import { writeTextFile } from '../../features/files/output.ts';

/** A file, as far as it need not be read again. */
export interface JournalEntry {
  /** Device and inode. */
  readonly id: string;
  readonly name: string;
  /** Bytes that the file had. */
  readonly size: number;
  /** When it was last written or renamed, ms since 1970. */
  readonly changedMs: number;
  /** Where its whole records that were judged end; of a packed file its size. */
  readonly offset: number;
  /** Of the first so many bytes, unpacked... */
  readonly headBytes: number;
  /** ...the SHA-256: a name or an inode may come to stand for another file. */
  readonly head: string;
  /** True for what cannot be read, or not to its end. */
  readonly isBroken: boolean;
}

const VERSION = 1;
/** Room for a million entries of the longest names. */
const MOST_BYTES = 512 * 1024 * 1024;

/** XDG_STATE_HOME where it is an absolute path, else ~/.local/state; STATE_DIRECTORY of systemd before both. */
export function defaultJournal(folder: string, environment: NodeJS.ProcessEnv = process.env): string {
  const name = `watch-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}.json`;
  const { STATE_DIRECTORY: service = '', XDG_STATE_HOME: state = '' } = environment;
  const first = service.split(':')[0]!;
  if (isAbsolute(first)) return join(first, name);
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'flowlamp', name);
}

export class WatchJournal {
  readonly #path: string;
  readonly #folder: string;
  readonly #entries = new Map<string, JournalEntry>();
  #isDirty = false;

  private constructor(path: string, folder: string) {
    this.#path = path;
    this.#folder = folder;
  }

  /**
   * @param folder whose files they are
   * @param tell told of a journal that is not one: it is put aside, and all files are read
   * @throws FlowlampError OPTION_INVALID for the journal of another folder, OUTPUT_UNWRITABLE where none can be kept
   */
  static open(path: string, folder: string, tell: (text: string) => void): WatchJournal {
    const journal = new WatchJournal(path, folder);
    const text = journal.#text();
    const entries = text === null ? [] : entriesOf(text, path, folder);
    if (entries === null) {
      const aside = `${path}.broken`;
      renameSync(path, aside);
      tell(`the journal ${path} cannot be read; it is put aside as ${aside}, and all files are read again`);
    }
    for (const entry of entries ?? []) journal.#entries.set(entry.id, entry);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Now, not after an hour of reading, is the time to learn that it cannot be written.
    journal.#isDirty = true;
    journal.save();
    return journal;
  }

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  get size(): number {
    return this.#entries.size;
  }

  all(): IterableIterator<JournalEntry> {
    return this.#entries.values();
  }

  set(entry: JournalEntry): void {
    this.#entries.set(entry.id, entry);
    this.#isDirty = true;
  }

  /** The file is gone. */
  drop(id: string): void {
    if (this.#entries.delete(id)) this.#isDirty = true;
  }

  /** Writes what has changed. @throws FlowlampError OUTPUT_UNWRITABLE */
  save(): void {
    if (!this.#isDirty) return;
    const files = [...this.#entries.values()];
    writeTextFile(this.#path, `${JSON.stringify({ version: VERSION, folder: this.#folder, files })}\n`);
    syncFolder(dirname(this.#path));
    this.#isDirty = false;
  }

  #text(): string | null {
    try {
      return statSync(this.#path).size > MOST_BYTES ? '' : readFileSync(this.#path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw unreadable(this.#path, cause);
    }
  }
}

/** Null for what is no journal. */
function entriesOf(text: string, path: string, folder: string): JournalEntry[] | null {
  let content: { version?: unknown; folder?: unknown; files?: unknown };
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  if (content === null || content.version !== VERSION || !Array.isArray(content.files)) return null;
  if (content.folder !== folder) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `${path} is the journal of ${String(content.folder)}`,
      expected: `that of ${folder}`,
      action: 'give each watched folder a journal of its own',
    });
  }
  return content.files.every(isEntry) ? content.files : null;
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<keyof JournalEntry, unknown>;
  const isCount = (count: unknown) => Number.isFinite(count) && (count as number) >= 0;
  const texts = [entry.id, entry.name, entry.head].every((text) => typeof text === 'string');
  const counts = [entry.size, entry.changedMs, entry.offset, entry.headBytes].every(isCount);
  return texts && counts && typeof entry.isBroken === 'boolean';
}

/** A rename is on the disk once its folder is. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Not every file system can.
  }
}
