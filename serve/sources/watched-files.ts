/**
 * The files of a watched folder, each known by what it is, not by its name: which are to be read, in which order, which are
 * whole, and which the ring took away unread.
 */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { type FileHead, hashOf, headOf, openFile, sightingOfOpen } from './file-head.ts';
import { FileTail } from './file-tail.ts';
import type { JournalEntry, WatchJournal } from './watch-journal.ts';
import type { Sighting } from './watch-scan.ts';

export const FileState = {
  /** Too short to tell. */
  Young: 'young',
  /** Holds what was not read yet. */
  Waiting: 'waiting',
  /** Read as far as it goes; more may come. */
  Open: 'open',
  /** Whole, read, and not noted yet. */
  Handed: 'handed',
  /** Noted: it is not read again. */
  Done: 'done',
  /** No capture, damaged, or not readable. */
  Broken: 'broken',
} as const;
export type FileState = (typeof FileState)[keyof typeof FileState];

export interface WatchedFile {
  id: string;
  name: string;
  state: FileState;
  isPacked: boolean;
  size: number;
  changedMs: number;
  /** Its place in the order: time of the first packet, us since 1970; until there is one, when it was written. */
  orderUs: number;
  hasPackets: boolean;
  headBytes: number;
  head: string;
  /** Where the whole records end that were handed on. */
  offset: number;
  /** Size up to which it was read; a part of a record may lie before it. */
  readTo: number;
  /** When it last grew, and when it was handed on whole, on a clock that never goes back. */
  grownAt: number;
  handedAt: number;
  /** When it was found gone, or null. */
  goneAt: number | null;
  /** The file that this one is packed of. */
  packedOf: WatchedFile | null;
  tail: FileTail | null;
}

export interface WatchTimes {
  /** A file is whole after so long without growth... */
  readonly quietMs: number;
  /** ...or after so long, once a later one has begun. */
  readonly graceMs: number;
  readonly overlapMs: number;
}

/** Files that are gone are kept in mind so long: a packed copy of one may come. */
const GONE_MS = 600_000;
const PACKED_ENDINGS = ['.gz', '.zst'];
const PACKED_ENDING = /\.(gz|zst)$/;
/** Files that are held open; of more that grow at once, some are opened anew for each look. */
const MOST_OPEN = 64;
const NO_HEAD = '';

export class WatchedFiles {
  /** Files that were deleted or overwritten before they were read. */
  skipped = 0;
  broken = 0;
  /** Waiting or open. */
  readonly active = new Set<WatchedFile>();
  readonly #folder: string;
  readonly #followLinks: boolean;
  readonly #journal: WatchJournal;
  readonly #times: WatchTimes;
  readonly #files = new Map<string, WatchedFile>();
  readonly #byName = new Map<string, WatchedFile>();
  readonly #handed = new Set<WatchedFile>();
  readonly #gone = new Set<WatchedFile>();
  /** Order of the latest file that has packets. */
  #latestUs = Number.NEGATIVE_INFINITY;
  #skippedNames: string[] = [];
  readonly #tell: (level: 'info' | 'warn', text: string) => void;

  constructor(
    folder: string,
    followLinks: boolean,
    journal: WatchJournal,
    times: WatchTimes,
    tell: (level: 'info' | 'warn', text: string) => void,
  ) {
    this.#folder = folder;
    this.#followLinks = followLinks;
    this.#journal = journal;
    this.#times = times;
    this.#tell = tell;
    // Gone until they are seen.
    for (const entry of journal.all()) this.#gone.add(this.#add(rememberedFile(entry)));
  }

  pathOf(file: WatchedFile): string {
    return join(this.#folder, file.name);
  }

  /** Takes what lies in the folder now. */
  async update(seen: ReadonlyMap<string, Sighting | null>): Promise<void> {
    const present = new Set<string>();
    for (const sighting of seen.values()) {
      if (sighting === null) continue;
      present.add(sighting.id);
      const file = this.#files.get(sighting.id);
      if (file === undefined) {
        await this.#meet(sighting);
        continue;
      }
      file.goneAt = null;
      this.#gone.delete(file);
      const isElsewhere = file.name !== sighting.name && seen.get(file.name)?.id !== file.id;
      if (isElsewhere) this.#rename(file, sighting.name);
      if (file.changedMs !== sighting.changedMs || file.size !== sighting.size) await this.#meetAgain(file, sighting);
    }
    for (const file of this.#files.values()) if (!present.has(file.id) && file.goneAt === null) this.#lose(file);
    this.#forgetGone();
    this.#tellSkipped();
  }

  /** Files with something to read, earliest first. */
  unread(): WatchedFile[] {
    const files = [...this.active].filter((file) => file.size > file.readTo);
    return files.sort((a, b) => a.orderUs - b.orderUs || a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  /** Whether no more is to be expected of it. */
  isWhole(file: WatchedFile): boolean {
    const quietMs = performance.now() - file.grownAt;
    if (file.goneAt !== null || quietMs >= this.#times.quietMs) return true;
    return file.orderUs < this.#latestUs && quietMs >= this.#times.graceMs;
  }

  /**
   * Opens a file where it was read to before.
   *
   * @returns null where it is no longer there, or cannot be read, which is then noted
   */
  async open(file: WatchedFile): Promise<FileTail | null> {
    const fd = this.openToRead(file);
    if (fd === null) return null;
    const tail = new FileTail(fd);
    await tail.skipTo(file.offset);
    this.#makeRoom();
    file.tail = tail;
    file.state = FileState.Open;
    return tail;
  }

  /** Names of files that are held open: what is written to them is looked for each time. */
  openNames(): string[] {
    return [...this.active].filter((file) => file.tail !== null).map((file) => file.name);
  }

  openToRead(file: WatchedFile): number | null {
    let fd: number;
    try {
      fd = openFile(this.pathOf(file), this.#followLinks);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.breakOff(file, `cannot be read (${code})`);
      return null;
    }
    if (sightingOfOpen(file.name, fd).id === file.id) return fd;
    // Another stands in its place; the next look sorts that out.
    closeSync(fd);
    return null;
  }

  /** It is whole, and all of it was handed on. */
  handOver(file: WatchedFile): void {
    this.#closeTail(file);
    this.active.delete(file);
    file.state = FileState.Handed;
    file.handedAt = performance.now();
    this.#handed.add(file);
  }

  /** The rest of it is left. Told once, and noted. */
  breakOff(file: WatchedFile, why: string): void {
    this.#closeTail(file);
    this.active.delete(file);
    this.#handed.delete(file);
    file.state = FileState.Broken;
    this.broken++;
    this.#note(file);
    this.#tell('warn', `${this.pathOf(file)} ${why}; it is left alone`);
  }

  /** Notes those that were handed on long enough ago. */
  commitOld(): void {
    const before = performance.now() - this.#times.overlapMs;
    // In the order in which they were handed on.
    for (const file of this.#handed) {
      if (file.handedAt > before) return;
      this.#commit(file);
    }
  }

  /** Everything handed on has been judged: notes how far that was. */
  commitAll(): void {
    for (const file of this.#handed) this.#commit(file);
    for (const file of this.active) if (file.offset > 0) this.#note(file);
  }

  close(): void {
    for (const file of this.active) this.#closeTail(file);
  }

  async #meet(sighting: Sighting): Promise<void> {
    const file = this.#add(newFile(sighting));
    let fd: number;
    try {
      fd = openFile(this.pathOf(file), this.#followLinks);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') this.#remove(file);
      else this.breakOff(file, `cannot be read (${code})`);
      return;
    }
    try {
      this.#judge(file, await headOf(fd));
    } finally {
      closeSync(fd);
    }
  }

  #judge(file: WatchedFile, head: FileHead): void {
    this.#learn(file, head);
    switch (head.kind) {
      case 'too short':
        file.state = FileState.Young;
        return;
      case 'other':
        this.breakOff(file, 'is no capture');
        return;
      case 'packed':
        file.isPacked = true;
        this.#adoptPacked(file, head.bytes);
        break;
      case 'capture':
        break;
    }
    if (file.packedOf === null) this.#wait(file);
  }

  /** What its head tells; a longer head tells more. */
  #learn(file: WatchedFile, head: FileHead): void {
    file.headBytes = head.bytes.length;
    file.head = hashOf(head.bytes, head.bytes.length);
    if (head.firstUs === null) return;
    file.hasPackets = true;
    file.orderUs = head.firstUs;
    this.#latestUs = Math.max(this.#latestUs, head.firstUs);
  }

  #wait(file: WatchedFile): void {
    file.state = file.tail === null ? FileState.Waiting : FileState.Open;
    this.#handed.delete(file);
    this.active.add(file);
  }

  /** A file that was compressed when it was whole is not read again. */
  #adoptPacked(file: WatchedFile, head: Uint8Array): void {
    const plain = this.#byName.get(file.name.replace(PACKED_ENDING, ''));
    if (plain === undefined || plain === file || !plain.hasPackets) return;
    if (plain.state === FileState.Broken || head.length < plain.headBytes) return;
    if (hashOf(head, plain.headBytes) !== plain.head) return;
    // Gone and unread: then the packed one is all there is.
    const isUnread = plain.goneAt !== null && plain.tail === null && plain.size > plain.readTo;
    if (isUnread) return;
    file.packedOf = plain;
    file.readTo = file.size;
    file.state = FileState.Done;
    if (plain.state === FileState.Done) this.#note(file);
  }

  async #meetAgain(file: WatchedFile, sighting: Sighting): Promise<void> {
    const wasUnreadable = file.state === FileState.Broken && file.head === NO_HEAD;
    if (file.state === FileState.Young || wasUnreadable) {
      this.#remove(file);
      return this.#meet(sighting);
    }
    const fd = this.openToRead(file);
    if (fd === null) return;
    let head: FileHead;
    try {
      head = await headOf(fd);
    } finally {
      closeSync(fd);
    }
    const isSame = head.bytes.length >= file.headBytes && hashOf(head.bytes, file.headBytes) === file.head;
    // Packed ones may be overwritten by nothing shorter than themselves.
    if (!isSame || sighting.size < Math.max(file.offset, file.readTo)) {
      this.#skipIfUnread(file);
      this.#remove(file);
      return this.#meet(sighting);
    }
    this.#learn(file, head);
    const hasGrown = sighting.size > file.size;
    file.size = sighting.size;
    file.changedMs = sighting.changedMs;
    if (hasGrown) file.grownAt = performance.now();
    if (file.packedOf?.state === FileState.Done) this.#note(file);
    if (file.state === FileState.Broken || file.packedOf !== null) return;
    if (file.size <= file.readTo) return;
    if (file.isPacked) file.readTo = 0;
    this.#wait(file);
  }

  #lose(file: WatchedFile): void {
    file.goneAt = performance.now();
    this.#gone.add(file);
    // What is open can still be read to its end.
    if (file.tail !== null) return;
    const packed = this.#copyOf(file);
    if (packed !== null && file.size > file.readTo) {
      packed.packedOf = null;
      packed.readTo = 0;
      this.#wait(packed);
    } else this.#skipIfUnread(file);
    this.active.delete(file);
  }

  /** The packed copy of a file, if one lies beside it. */
  #copyOf(file: WatchedFile): WatchedFile | null {
    const copies = PACKED_ENDINGS.map((ending) => this.#byName.get(`${file.name}${ending}`));
    return copies.find((copy) => copy?.packedOf === file && copy.goneAt === null) ?? null;
  }

  #skipIfUnread(file: WatchedFile): void {
    if (!this.active.has(file) || file.size <= file.readTo) return;
    this.skipped++;
    this.#skippedNames.push(file.name);
  }

  #tellSkipped(): void {
    const names = this.#skippedNames;
    if (names.length === 0) return;
    const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
    this.#tell('warn', `${names[0]}${more}: deleted or overwritten before the end was read; the ring is too small`);
    this.#skippedNames = [];
  }

  #forgetGone(): void {
    const before = performance.now() - GONE_MS;
    for (const file of this.#gone) {
      if (file.goneAt! > before) return;
      if (file.tail === null) this.#remove(file);
    }
  }

  #commit(file: WatchedFile): void {
    this.#handed.delete(file);
    file.state = FileState.Done;
    this.#note(file);
    const packed = this.#copyOf(file);
    if (packed !== null) this.#note(packed);
  }

  #note(file: WatchedFile): void {
    const { id, name, changedMs, offset, headBytes, head } = file;
    const isBroken = file.state === FileState.Broken;
    const size = isBroken || file.packedOf !== null ? file.size : Math.max(file.readTo, offset);
    this.#journal.set({ id, name, size, changedMs, offset, headBytes, head, isBroken });
  }

  #makeRoom(): void {
    const open = [...this.active].filter((file) => file.tail !== null);
    if (open.length < MOST_OPEN) return;
    const oldest = open.reduce((a, b) => (a.grownAt < b.grownAt ? a : b));
    this.#closeTail(oldest);
    oldest.state = FileState.Waiting;
  }

  #closeTail(file: WatchedFile): void {
    file.tail?.close();
    file.tail = null;
  }

  #add(file: WatchedFile): WatchedFile {
    this.#files.set(file.id, file);
    this.#byName.set(file.name, file);
    return file;
  }

  #rename(file: WatchedFile, name: string): void {
    if (this.#byName.get(file.name) === file) this.#byName.delete(file.name);
    file.name = name;
    this.#byName.set(name, file);
  }

  #remove(file: WatchedFile): void {
    this.#closeTail(file);
    if (this.#byName.get(file.name) === file) this.#byName.delete(file.name);
    this.#files.delete(file.id);
    this.active.delete(file);
    this.#handed.delete(file);
    this.#gone.delete(file);
    this.#journal.drop(file.id);
  }
}

function newFile({ id, name, size, modifiedMs, changedMs }: Sighting): WatchedFile {
  // As long ago as the file says, so that old ones are whole at once.
  const quietMs = Math.max(0, Date.now() - modifiedMs);
  const grownAt = performance.now() - quietMs;
  const unknown = { isPacked: false, hasPackets: false, headBytes: 0, head: NO_HEAD, offset: 0, readTo: 0 };
  const times = { orderUs: modifiedMs * 1000, grownAt, handedAt: 0, goneAt: null };
  return { id, name, size, changedMs, state: FileState.Young, ...unknown, ...times, packedOf: null, tail: null };
}

function rememberedFile(entry: JournalEntry): WatchedFile {
  const { id, name, size, changedMs, offset, headBytes, head, isBroken } = entry;
  const now = performance.now();
  return {
    ...{ id, name, size, changedMs, offset, headBytes, head },
    state: isBroken ? FileState.Broken : FileState.Done,
    // What is packed is known by its name until it is looked at.
    isPacked: PACKED_ENDING.test(name),
    hasPackets: true,
    orderUs: changedMs * 1000,
    readTo: size,
    grownAt: now,
    handedAt: now,
    goneAt: now,
    packedOf: null,
    tail: null,
  };
}
