/**
 * Payloads on disk until their destination takes them, oldest first: segments that are written one after the other, bounded
 * in all. Whatever kills the process, what was written before is found by the next, except what it was writing.
 *
 * A power failure may take what the system had not yet put on the disk; a segment is forced there when it is full.
 */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { lockFolder, unwritable } from './folder-lock.ts';
import { SINK_LIMITS } from './limits.ts';
import { decodeRecords, RECORD_HEAD, rowsOf, SEGMENT_HEAD, type SpillRecord, segmentTag } from './spill-records.ts';
import { type OpenSegment, openSegment, SpillSegment } from './spill-segment.ts';
import { Tally } from './tally.ts';

const SEGMENT_NAME = /^(\d{10})\.spill$/;
const CURSOR = 'cursor.json';
/** A quarter of all at most, so that dropping the oldest leaves the rest. */
const SEGMENTS_AT_LEAST = 4;
const ALL = { items: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const NONE = { records: [], end: 0 };

/** How far an earlier run came: the records of segments before `segment`, and those in it before `bytes`, are settled. */
interface Cursor {
  readonly segment: number;
  readonly records: number;
  readonly bytes: number;
}

interface Reading {
  readonly segment: SpillSegment;
  readonly count: number;
  readonly rows: number;
  readonly end: number;
}

export class SpillStore {
  readonly #folder: string;
  readonly #tag: string;
  readonly #maxBytes: number;
  readonly #openFile: OpenSegment;
  readonly #unlock: () => void;
  /** Oldest first. */
  #segments: SpillSegment[] = [];
  /** The last of them, while it is written to. */
  #active: SpillSegment | null = null;
  #nextId = 1;
  #reading: Reading | null = null;
  readonly #held = new Tally();
  readonly #dropped = new Tally();
  #torn = 0;
  /** One thing at a time happens to the files. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, tag: string, maxBytes: number, openFile: OpenSegment, unlock: () => void) {
    this.#folder = folder;
    this.#tag = tag;
    this.#maxBytes = maxBytes;
    this.#openFile = openFile;
    this.#unlock = unlock;
  }

  /**
   * @param tag what the payloads are
   * @throws FlowlampError OUTPUT_UNWRITABLE, or OPTION_INVALID for a folder of another sink
   */
  static async open(
    folder: string,
    tag: string,
    maxBytes: number = SINK_LIMITS.spillBytes,
    openFile: OpenSegment = openSegment,
  ): Promise<SpillStore> {
    const unlock = lockFolder(folder);
    const store = new SpillStore(folder, tag, maxBytes, openFile, unlock);
    try {
      await store.#findSegments();
    } catch (error) {
      unlock();
      throw error instanceof FlowlampError ? error : unwritable(folder, error);
    }
    return store;
  }

  /** Payloads on disk, those included that are being delivered. */
  get items(): number {
    return this.#held.items;
  }

  /** Rows that they tell of. */
  get rows(): number {
    return this.#held.rows;
  }

  /** Payloads that were lost: the oldest made room, or their file was damaged. */
  get dropped(): number {
    return this.#dropped.items;
  }

  get droppedRows(): number {
    return this.#dropped.rows;
  }

  /** Records that an earlier run had begun and not ended, when the store was opened; nobody knows of how many rows. */
  get torn(): number {
    return this.#torn;
  }

  /** Payloads that can be read. */
  get hasUnread(): boolean {
    return this.#held.items > (this.#reading?.count ?? 0);
  }

  /**
   * Puts payloads behind all others; all of them or, where that fails, none. Where there is no room the oldest segment goes.
   */
  append(records: readonly SpillRecord[]): Promise<void> {
    return this.#inTurn(async () => {
      const bytes = records.reduce((sum, { payload }) => sum + RECORD_HEAD + payload.length, 0);
      if (this.#active !== null && this.#active.bytes + bytes > this.#segmentBytes) await this.#seal();
      await this.#makeRoom(bytes + SEGMENT_HEAD);
      this.#active ??= await this.#begin();
      await this.#active.append(records);
      this.#held.add(records.length, rowsOf(records));
    });
  }

  /** The oldest payloads; they stay until `commit`. Empty where there are none, or they turn out to be damaged. */
  read(most: { items: number; bytes: number }): Promise<readonly SpillRecord[]> {
    return this.#inTurn(async () => {
      const segment = this.#segments.find(({ left }) => left > 0);
      if (segment === undefined) return [];
      try {
        const { records, end } = await segment.read(most);
        this.#reading = { segment, count: records.length, rows: rowsOf(records), end };
        return records;
      } catch {
        this.#drop(segment);
        await this.#remove(segment);
        return [];
      }
    });
  }

  /** What was read last is settled. */
  commit(): Promise<void> {
    return this.#inTurn(async () => {
      const reading = this.#reading;
      this.#reading = null;
      if (reading === null) return;
      const { segment, count, rows, end } = reading;
      this.#held.add(-count, -rows);
      if (segment.isGone) return;
      segment.settled += count;
      segment.settledRows += rows;
      segment.settledBytes = end;
      if (segment.left === 0) await this.#remove(segment);
      else await this.#note({ segment: segment.id, records: segment.settled, bytes: end });
    });
  }

  /** What was read last will be read again. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      const reading = this.#reading;
      this.#reading = null;
      if (reading?.segment.isGone !== true) return;
      this.#lose(reading.count, reading.rows);
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const segment of this.#segments) {
        if (segment === this.#active) await segment.sync().catch(() => undefined);
        await segment.close().catch(() => undefined);
      }
      this.#segments = [];
      this.#unlock();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  get #segmentBytes(): number {
    return Math.min(SINK_LIMITS.segmentBytes, Math.floor(this.#maxBytes / SEGMENTS_AT_LEAST));
  }

  async #begin(): Promise<SpillSegment> {
    const id = this.#nextId++;
    const segment = await SpillSegment.create(id, this.#pathOf(id), this.#tag, this.#openFile);
    this.#segments.push(segment);
    return segment;
  }

  async #seal(): Promise<void> {
    const segment = this.#active;
    this.#active = null;
    if (segment === null) return;
    await segment.sync().catch(() => undefined);
    if (segment.left === 0) await this.#remove(segment);
  }

  async #makeRoom(bytes: number): Promise<void> {
    let total = this.#segments.reduce((sum, segment) => sum + segment.bytes, bytes);
    while (total > this.#maxBytes && this.#segments.length > 0) {
      const oldest = this.#segments[0]!;
      total -= oldest.bytes;
      this.#drop(oldest);
      await this.#remove(oldest);
    }
  }

  /** What is left of the segment is lost, but for what is being delivered. */
  #drop(segment: SpillSegment): void {
    const { count, rows } = this.#reading?.segment === segment ? this.#reading : { count: 0, rows: 0 };
    this.#lose(segment.left - count, segment.leftRows - rows);
  }

  #lose(items: number, rows: number): void {
    this.#held.add(-items, -rows);
    this.#dropped.add(items, rows);
  }

  async #remove(segment: SpillSegment): Promise<void> {
    if (segment === this.#active) this.#active = null;
    this.#segments = this.#segments.filter((other) => other !== segment);
    await segment.remove();
  }

  /** Where it cannot be noted, a later run delivers again what this one did. */
  async #note(cursor: Cursor): Promise<void> {
    const path = join(this.#folder, CURSOR);
    try {
      await writeFile(`${path}.new`, JSON.stringify(cursor), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch {}
  }

  async #findSegments(): Promise<void> {
    const cursor = await this.#readCursor();
    // A number is never used again, lest the cursor be taken to speak of another segment.
    this.#nextId = (cursor?.segment ?? 0) + 1;
    const names = (await readdir(this.#folder)).filter((name) => SEGMENT_NAME.test(name)).sort();
    for (const name of names) {
      const id = Number(SEGMENT_NAME.exec(name)![1]);
      this.#nextId = Math.max(this.#nextId, id + 1);
      await this.#findSegment(id, cursor);
    }
  }

  async #findSegment(id: number, cursor: Cursor | null): Promise<void> {
    const path = this.#pathOf(id);
    const bytes = await readFile(path);
    const tag = segmentTag(bytes);
    if (tag !== null && tag !== this.#tag) throw this.#ofAnother(tag);
    // Without a whole head, it was killed before the first record.
    const found = tag === null ? NONE : decodeRecords(bytes, SEGMENT_HEAD, ALL);
    if (found.end < bytes.length && bytes.length > SEGMENT_HEAD) this.#torn++;
    const segment = await SpillSegment.found(id, path, found.end, found.records, this.#openFile);
    if (cursor?.segment === id && cursor.records <= segment.records && cursor.bytes <= segment.bytes) {
      segment.settled = cursor.records;
      segment.settledRows = rowsOf(found.records.slice(0, cursor.records));
      segment.settledBytes = cursor.bytes;
    }
    if (segment.left === 0) return segment.remove();
    this.#segments.push(segment);
    this.#held.add(segment.left, segment.leftRows);
  }

  async #readCursor(): Promise<Cursor | null> {
    try {
      const value = JSON.parse(await readFile(join(this.#folder, CURSOR), 'utf8')) as Partial<Cursor>;
      const numbers = [value.segment, value.records, value.bytes];
      return numbers.every((number) => Number.isSafeInteger(number) && number! >= 0) ? (value as Cursor) : null;
    } catch {
      return null;
    }
  }

  #pathOf(id: number): string {
    return join(this.#folder, `${String(id).padStart(10, '0')}.spill`);
  }

  #ofAnother(tag: string): FlowlampError {
    return new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `the folder ${this.#folder} holds what another sink has spilled (${tag})`,
      expected: `an empty folder, or one with what a sink of this kind spilled (${this.#tag})`,
      action: 'name another folder for this sink, or let the other sink deliver first',
    });
  }
}
