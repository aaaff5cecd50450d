/**
 * What analysts said, kept as labelled rows in a file of JSON lines that `flowlamp train` takes as it is. A line is added at the
 * end and synchronised before the analyst is told that it is kept. Who speaks of a row again has the last word: the file is
 * then written anew beside its place and renamed, so that it holds one line for each row, and is whole at any time.
 */
import { type FileHandle, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { COLUMNS } from '../../features/vector/schema.ts';
import { VERDICT_COLUMNS } from '../verdict-columns.ts';
import { type FeedbackWord, type JudgedCase, labelOf, refuseTwin } from './word.ts';

/** A judged row, as JSON has it. */
export type FeedbackRow = Readonly<Record<string, unknown>>;

export interface FeedbackReceipt {
  readonly label: string;
  /** Something had been said of this row before. */
  readonly isReplaced: boolean;
}

export interface FeedbackFacts {
  readonly rows: number;
  readonly bytes: number;
  readonly rowsPerLabel: Readonly<Record<string, number>>;
}

export interface FeedbackStore {
  /**
   * Resolves when the word is on the disk.
   *
   * @throws FlowlampError LABELS_UNUSABLE; LIMIT_EXCEEDED where it is full; OUTPUT_UNWRITABLE
   */
  add(row: FeedbackRow, word: FeedbackWord, judged: JudgedCase): Promise<FeedbackReceipt>;
  readonly facts: FeedbackFacts;
  /** All lines, as they are now. */
  read(): AsyncIterable<Uint8Array>;
  /** Resolves when all that was taken is on the disk. */
  close(): Promise<void>;
}

export interface FeedbackLimits {
  readonly bytes: number;
  readonly rows: number;
  readonly labels: number;
  /** Words that wait to be written. */
  readonly waiting: number;
}

export const FEEDBACK_LIMITS: FeedbackLimits = {
  /** Ten thousand rows with all columns: more than people judge by hand; it is read whole at start. */
  bytes: 64 * 1024 * 1024,
  rows: 50_000,
  labels: 256,
  waiting: 64,
};

/** Columns that say who said what. */
const SAID = ['feedback_time', 'feedback_right', 'feedback_note', 'feedback_analyst', 'feedback_sequence'] as const;

/** The same in every line, since a reader takes the columns of the first. */
const LINE_COLUMNS: readonly string[] = [
  ...new Set([...COLUMNS.map(({ name }) => name), ...VERDICT_COLUMNS.map(({ name }) => name), ...SAID]),
];

/** Where the line of a row stands. */
interface Entry {
  readonly at: number;
  readonly length: number;
  readonly label: string;
}

interface Line {
  readonly key: string;
  readonly label: string;
  readonly bytes: Uint8Array;
}

export class FeedbackFile implements FeedbackStore {
  readonly #path: string;
  readonly #limits: FeedbackLimits;
  readonly #now: () => Date;
  /** By the row that they speak of, in the order of their lines. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, limits: FeedbackLimits, now: () => Date) {
    this.#path = path;
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Opens a file, or makes it. A line that was being written when the power went is left out.
   *
   * @throws FlowlampError NOT_A_TABLE for a file that was not written here, OUTPUT_UNWRITABLE, LIMIT_EXCEEDED
   */
  static async open(
    path: string,
    limits: Partial<FeedbackLimits> = {},
    now: () => Date = () => new Date(),
  ): Promise<FeedbackFile> {
    const store = new FeedbackFile(path, { ...FEEDBACK_LIMITS, ...limits }, now);
    await store.#load();
    return store;
  }

  get facts(): FeedbackFacts {
    const counts = new Map<string, number>();
    for (const { label } of this.#entries.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
    return { rows: this.#entries.size, bytes: this.#bytes, rowsPerLabel: Object.fromEntries(counts) };
  }

  async add(row: FeedbackRow, word: FeedbackWord, judged: JudgedCase): Promise<FeedbackReceipt> {
    if (this.#waiting >= this.#limits.waiting) throw full(`${this.#waiting} words wait to be written`);
    this.#waiting++;
    const done = this.#last.then(() => this.#addNow(row, word, judged));
    this.#last = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      this.#waiting--;
    }
  }

  async *read(): AsyncGenerator<Uint8Array> {
    // In turn with words that are being written: a file that is renamed away stays whole for who has it open.
    const opening = this.#last.then(async () => ({ file: await open(this.#path, 'r'), bytes: this.#bytes }));
    this.#last = opening.catch(() => undefined);
    const { file, bytes } = await opening;
    try {
      if (bytes > 0) yield* file.createReadStream({ start: 0, end: bytes - 1, autoClose: false });
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#last;
  }

  async #addNow(row: FeedbackRow, word: FeedbackWord, judged: JudgedCase): Promise<FeedbackReceipt> {
    const label = labelOf(word, judged);
    const labels = new Set([...this.#entries.values()].map((entry) => entry.label));
    refuseTwin(label, [...judged.labels, ...labels]);
    const key = keyOf(row);
    const before = this.#entries.get(key);
    const bytes = Buffer.from(lineOf(row, word, label, this.#now()));
    this.#checkRoom(bytes.length, before, labels.size + (labels.has(label) ? 0 : 1));
    if (before === undefined) await this.#append(bytes);
    else await this.#rewrite(await this.#linesWithout(key), bytes);
    this.#entries.set(key, { at: this.#bytes, length: bytes.length, label });
    this.#bytes += bytes.length;
    return { label, isReplaced: before !== undefined };
  }

  #checkRoom(more: number, before: Entry | undefined, labels: number): void {
    const { bytes, rows, labels: mostLabels } = this.#limits;
    if (this.#bytes + more - (before?.length ?? 0) > bytes) throw full(`it has ${this.#bytes} bytes`);
    if (before === undefined && this.#entries.size >= rows) throw full(`it has ${rows} rows`);
    if (labels > mostLabels) throw full(`it has ${mostLabels} labels`);
  }

  async #append(line: Uint8Array): Promise<void> {
    try {
      const file = await open(this.#path, 'a', 0o600);
      try {
        await writeAll(file, line);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      // What stands there of the line would join the next one.
      await truncate(this.#path, this.#bytes).catch(() => undefined);
      throw unwritable(this.#path, cause);
    }
  }

  /** The lines of all rows but one. */
  async #linesWithout(key: string): Promise<Line[]> {
    const whole = await readFile(this.#path);
    return [...this.#entries]
      .filter(([other]) => other !== key)
      .map(([other, { at, length, label }]) => ({ key: other, label, bytes: whole.subarray(at, at + length) }));
  }

  /** Puts the lines, and perhaps one more, in the place of the file; `#entries` and `#bytes` are those of the lines. */
  async #rewrite(lines: readonly Line[], more: Uint8Array): Promise<void> {
    const fresh = join(dirname(this.#path), `.${basename(this.#path)}.${process.pid}.new`);
    try {
      const file = await open(fresh, 'w', 0o600);
      try {
        await writeAll(file, Buffer.concat([...lines.map(({ bytes }) => bytes), more]));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (cause) {
      await rm(fresh, { force: true });
      throw unwritable(this.#path, cause);
    }
    this.#place(lines);
  }

  async #load(): Promise<void> {
    const whole = await this.#readWhole();
    const kept = new Map<string, Line>();
    let isChanged = false;
    for (let at = 0; at < whole.length; ) {
      const end = whole.indexOf(0x0a, at);
      const row = rowOfLine(whole.subarray(at, end < 0 ? whole.length : end));
      if (row === null && end >= 0) throw foreign(this.#path);
      // Half a line at the end was never acknowledged.
      if (row !== null) {
        const key = keyOf(row);
        if (kept.delete(key)) isChanged = true;
        const line = Buffer.from(lineOfColumns(row));
        isChanged ||= !whole.subarray(at, end + 1).equals(line);
        kept.set(key, { key, label: String(row['label']), bytes: line });
      } else isChanged = true;
      at = end < 0 ? whole.length : end + 1;
    }
    if (isChanged) await this.#rewrite([...kept.values()], new Uint8Array(0));
    else this.#place([...kept.values()]);
  }

  /** Where each of the lines stands in a file of them. */
  #place(lines: readonly Line[]): void {
    this.#entries.clear();
    let at = 0;
    for (const {
      key,
      label,
      bytes: { length },
    } of lines) {
      this.#entries.set(key, { at, length, label });
      at += length;
    }
    this.#bytes = at;
  }

  async #readWhole(): Promise<Buffer> {
    try {
      const file = await open(this.#path, 'a+', 0o600);
      try {
        const { size } = await file.stat();
        if (size > 2 * this.#limits.bytes) throw full(`it has ${size} bytes`);
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (cause) {
      if (cause instanceof FlowlampError) throw cause;
      throw unwritable(this.#path, cause);
    }
  }
}

/** Which row is spoken of. */
function keyOf(row: FeedbackRow): string {
  return JSON.stringify([row['capture'] ?? null, row['flow_id'], row['part'] ?? null, row['row_kind'] ?? null]);
}

function lineOf(row: FeedbackRow, { right, note, analyst }: FeedbackWord, label: string, now: Date): string {
  return lineOfColumns({
    ...row,
    label,
    feedback_time: now.toISOString(),
    feedback_right: right ?? row['verdict'] === label,
    feedback_note: note ?? null,
    feedback_analyst: analyst ?? null,
    feedback_sequence: row['sequence'] ?? row['feedback_sequence'] ?? null,
  });
}

function lineOfColumns(row: FeedbackRow): string {
  const cells = LINE_COLUMNS.map((name) => `${JSON.stringify(name)}:${JSON.stringify(row[name] ?? null)}`);
  return `{${cells.join(',')}}\n`;
}

/** Null for what is no labelled row. */
function rowOfLine(line: Uint8Array): FeedbackRow | null {
  try {
    const row = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as unknown;
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
    const { label, flow_id } = row as FeedbackRow;
    return typeof label === 'string' && typeof flow_id === 'number' ? (row as FeedbackRow) : null;
  } catch {
    return null;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** A rename is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function full(why: string): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `no more feedback is taken: ${why}`,
    expected: 'less',
    action: 'train with it, then begin a new file',
  });
}

function foreign(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.NotATable, {
    happened: `${path} holds lines that are no feedback`,
    expected: 'a file that flowlamp wrote, or none',
    action: 'choose another place for feedback',
  });
}

function unwritable(path: string, cause: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `feedback cannot be kept in ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    expected: 'a file in an existing folder with room, which this user may write',
    action: 'make room, or choose another place',
    cause,
  });
}
