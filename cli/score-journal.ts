/**
 * The journal of a scoring run, beside its output (`FILE.journal`): which inputs are done, and how far the output had come
 * after each. With it `--resume` goes on with a run that was stopped, to the same bytes. Lines of JSON, the first of which
 * says what run it is; a line that a kill has cut counts for nothing. docs/scoring-runs.md says what it promises.
 */
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { isPipe } from '../features/capture/input.ts';
import { isOtherAlive, ownMark, type ProcessMark } from '../features/files/process-mark.ts';
import type { ExtractCounters } from '../features/flow-extractor.ts';
import { counted } from './numbers.ts';
import { type RunIdentity, refuseOther } from './run-identity.ts';
import type { SinkCheckpoint } from './verdict-sink.ts';
import type { TallyState } from './verdict-tally.ts';

/** What is known once an input is done. */
export interface DoneInput {
  /** Null as long as no row has been written. */
  readonly output: SinkCheckpoint | null;
  readonly tally: TallyState;
  /** Of a capture. */
  readonly counters: ExtractCounters | null;
}

interface Entry extends DoneInput {
  readonly input: string;
  readonly size: number;
  readonly mtimeMs: number;
}

interface Header {
  /** Of this form of journal. */
  readonly journal: 1;
  readonly process: ProcessMark;
  readonly identity: RunIdentity;
}

export class ScoreJournal {
  readonly #path: string;
  readonly #files: readonly string[];
  /** The header of a run to go on with. */
  readonly #header: Header | null;
  /** Inputs that are done, as far as they are the first of this run's. */
  readonly #entries: Entry[];
  #identity: RunIdentity | null = null;
  /** Whether it has been written by this run. */
  isBegun = false;

  private constructor(path: string, files: readonly string[], header: Header | null, entries: Entry[]) {
    this.#path = path;
    this.#files = files;
    this.#header = header;
    this.#entries = entries;
  }

  /**
   * The journal of a run that writes to `output`.
   *
   * @param isResumed goes on with what a run before has noted
   * @returns null where another run is writing the same output
   * @throws FlowlampError OPTION_INVALID if what is there is no journal, OUTPUT_UNWRITABLE if another run that is still at
   *   work wrote it
   */
  static open(output: string, files: readonly string[], isResumed: boolean): ScoreJournal | null {
    const path = `${output}.journal`;
    const found = read(path);
    const isOthers = found?.header != null && isOtherAlive(found.header.process);
    if (!isResumed) return isOthers ? null : new ScoreJournal(path, files, null, []);
    if (found === null) return new ScoreJournal(path, files, null, []);
    if (found.header === null) throw noJournal(path);
    if (isOthers) throw stillWritten(output, found.header.process.pid);
    return new ScoreJournal(path, files, found.header, stillDone(found.entries, files, dirname(output)));
  }

  /** Inputs that need not be read again. */
  get done(): number {
    return this.#entries.length;
  }

  /** True if there was a run to go on with, though all of its inputs may have changed. */
  get isResumed(): boolean {
    return this.#header !== null;
  }

  get last(): DoneInput | null {
    return this.#entries.at(-1) ?? null;
  }

  /** Where the output is gone on with: the last place, and what was written before it. */
  get output(): SinkCheckpoint | null {
    const places = this.#entries.flatMap(({ output }) => (output === null ? [] : [output]));
    const last = places.at(-1);
    if (last === undefined) return null;
    return { ...last, columns: places[0]!.columns, blocks: places.flatMap(({ blocks }) => blocks) };
  }

  /** Of the captures that are done. */
  get counters(): readonly ExtractCounters[] {
    return this.#entries.flatMap(({ counters }) => (counters === null ? [] : [counters]));
  }

  /**
   * Says what run this is. To be called before anything is written.
   *
   * @throws FlowlampError OPTION_INVALID if the run to go on with was another
   */
  identify(identity: RunIdentity): void {
    this.#identity = identity;
    if (this.#header !== null) refuseOther(this.#path, this.#header.identity, identity);
  }

  /**
   * Whether the next input is worth a note. A pipe cannot be read again, so neither it nor what comes behind it can be left
   * out next time; after the last input there is nothing to go on with.
   */
  get wantsMore(): boolean {
    const next = this.#entries.length;
    return next + 1 < this.#files.length && !isPipe(this.#files[next]!);
  }

  /**
   * Notes that the next input is done.
   *
   * @throws FlowlampError OUTPUT_UNWRITABLE
   */
  note(done: DoneInput): void {
    const input = this.#files[this.#entries.length]!;
    const { size, mtimeMs } = statSync(input);
    // Columns are the same throughout, and many: they are written once.
    const isFirst = this.output === null;
    const output = isFirst || done.output === null ? done.output : { ...done.output, columns: [] };
    this.#entries.push({ ...done, input, size, mtimeMs, output });
    try {
      if (this.isBegun) appendFileSync(this.#path, line(this.#entries.at(-1)!));
      else this.#begin();
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  /** Nothing is left to be gone on with; what runs that were killed before their first note left behind goes as well. */
  remove(): void {
    rmSync(this.#path, { force: true });
    const folder = dirname(this.#path);
    const output = basename(this.#path, '.journal');
    for (const name of readdirSync(folder)) {
      const pid = name.startsWith(`.${output}.`) ? /^\d+(?=\.partial$)/.exec(name.slice(output.length + 2)) : null;
      if (pid === null || Number(pid[0]) === process.pid) continue;
      if (!isOtherAlive({ pid: Number(pid[0]), started: null })) rmSync(join(folder, name), { force: true });
    }
  }

  /** Takes the place of whatever journal was there, in one step. */
  #begin(): void {
    const header: Header = { journal: 1, process: ownMark(), identity: this.#identity! };
    const abandoned = new Set(read(this.#path)?.entries.flatMap(({ output }) => output?.partial ?? []));
    const fresh = `${this.#path}.new-${process.pid}`;
    writeFileSync(fresh, [header, ...this.#entries].map(line).join(''));
    renameSync(fresh, this.#path);
    this.isBegun = true;
    for (const { output } of this.#entries) if (output !== null) abandoned.delete(output.partial);
    for (const partial of abandoned) rmSync(besides(this.#path, partial), { force: true });
  }
}

function line(value: Header | Entry): string {
  return `${JSON.stringify(value)}\n`;
}

/** Null if there is none; without a header if it is something else. */
function read(path: string): { header: Header | null; entries: Entry[] } | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const values: unknown[] = [];
  // What stands behind the last line end was cut off.
  for (const json of text.split('\n').slice(0, -1)) {
    try {
      values.push(JSON.parse(json));
    } catch {
      break;
    }
  }
  const [header, ...entries] = values as [Header?, ...Entry[]];
  const isOurs =
    header?.journal === 1 && typeof header.process?.pid === 'number' && typeof header.identity === 'object';
  return { header: isOurs ? header : null, entries: isOurs ? entries.filter(isEntry) : [] };
}

function isEntry(entry: Entry): boolean {
  return typeof entry?.input === 'string' && typeof entry.tally === 'object' && entry.output !== undefined;
}

/** The first entries that are still true: of the same inputs in the same order, unchanged, and with their output there. */
function stillDone(entries: readonly Entry[], files: readonly string[], folder: string): Entry[] {
  const end = entries.findIndex((entry, i) => {
    const status = statSync(entry.input, { throwIfNoEntry: false });
    const isSame = entry.input === files[i] && status?.size === entry.size && status.mtimeMs === entry.mtimeMs;
    return !isSame || !hasOutput(entry.output, folder);
  });
  return entries.slice(0, end < 0 ? entries.length : end).map((entry) => ({
    ...entry,
    output: entry.output && { ...entry.output, partial: join(folder, basename(entry.output.partial)) },
  }));
}

function hasOutput(output: SinkCheckpoint | null, folder: string): boolean {
  if (output === null) return true;
  const status = statSync(join(folder, basename(output.partial)), { throwIfNoEntry: false });
  return status?.isFile() === true && status.size >= output.bytes;
}

function besides(path: string, partial: string): string {
  return join(dirname(path), basename(partial));
}

function noJournal(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${path} is no journal of a scoring run`,
    expected: 'the file that a run which was stopped left there',
    action: 'move it away, or leave out --resume',
  });
}

function stillWritten(output: string, pid: number): FlowlampError {
  return new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${output} is still being written by process ${pid}`,
    expected: 'a run that was stopped',
    action: `wait for it, or remove ${output}.journal if that process is another`,
  });
}

function unwritable(path: string, cause: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.OutputUnwritable, {
    happened: `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    expected: 'room for a line for each input',
    action: 'make room, and go on with --resume',
    cause,
  });
}

/** `going on after 3 of 10 inputs`, or that there is nothing to go on with. */
export function resumeText(journal: ScoreJournal, inputs: number): string {
  if (journal.done > 0) return `going on after ${journal.done} of ${counted(inputs, 'input')}`;
  return journal.isResumed
    ? 'nothing of the run before can be used: its inputs or its output have changed; beginning anew'
    : 'no run to go on with; beginning anew';
}

/** The journal of a run that writes to a regular file; null for any other. */
export function openJournal(output: string | null, files: readonly string[], isResumed: boolean): ScoreJournal | null {
  return output === null || isPipe(output) ? null : ScoreJournal.open(output, files, isResumed);
}
