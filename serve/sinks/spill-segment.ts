/** A file of spilled payloads: written at its end, read from its beginning. */
import { open, rm } from 'node:fs/promises';
import { SINK_LIMITS } from './limits.ts';
import {
  decodeRecords,
  encodeRecords,
  RECORD_HEAD,
  rowsOf,
  SEGMENT_HEAD,
  type SpillRecord,
  segmentHead,
} from './spill-records.ts';

/** What of a file is used here; tests put in one that fails. */
export interface SegmentFile {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export type OpenSegment = (path: string, flags: string) => Promise<SegmentFile>;

export const openSegment: OpenSegment = (path, flags) => open(path, flags, 0o600);

const READ_BYTES = 1 << 20;

export class SpillSegment {
  readonly id: number;
  readonly path: string;
  readonly #file: SegmentFile;
  /** Up to here it holds whole records. */
  bytes: number;
  records: number;
  rows: number;
  /** Records from the first on that are settled, their rows, and where they end. */
  settled = 0;
  settledRows = 0;
  settledBytes = SEGMENT_HEAD;
  /** Taken away: what is being delivered of it lies nowhere else. */
  isGone = false;

  private constructor(id: number, path: string, file: SegmentFile, bytes: number, found: readonly SpillRecord[]) {
    this.id = id;
    this.path = path;
    this.#file = file;
    this.bytes = bytes;
    this.records = found.length;
    this.rows = rowsOf(found);
  }

  static async create(id: number, path: string, tag: string, openFile: OpenSegment): Promise<SpillSegment> {
    const file = await openFile(path, 'w+');
    const segment = new SpillSegment(id, path, file, 0, []);
    try {
      await segment.#writeAll(segmentHead(tag));
    } catch (error) {
      await segment.remove();
      throw error;
    }
    return segment;
  }

  /** One that an earlier run wrote. */
  static async found(
    id: number,
    path: string,
    bytes: number,
    records: readonly SpillRecord[],
    openFile: OpenSegment,
  ): Promise<SpillSegment> {
    return new SpillSegment(id, path, await openFile(path, 'r+'), bytes, records);
  }

  get left(): number {
    return this.records - this.settled;
  }

  get leftRows(): number {
    return this.rows - this.settledRows;
  }

  /** All or nothing: what was written of it when it fails is cut off. */
  async append(records: readonly SpillRecord[]): Promise<void> {
    const before = this.bytes;
    try {
      await this.#writeAll(encodeRecords(records));
    } catch (error) {
      this.bytes = before;
      // Where that fails too, the next append writes over it, and a reader after a crash sees that it does not hold.
      await this.#file.truncate(before).catch(() => undefined);
      throw error;
    }
    this.records += records.length;
    this.rows += rowsOf(records);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.bytes);
      at += bytesWritten;
      this.bytes += bytesWritten;
    }
  }

  /**
   * The first records that are not settled, and where they end.
   *
   * @throws where the file does not hold what was written to it
   */
  async read(most: { items: number; bytes: number }): Promise<{ records: readonly SpillRecord[]; end: number }> {
    const from = this.settledBytes;
    let piece = await this.#readAt(from, READ_BYTES);
    let found = decodeRecords(piece, 0, most);
    if (found.records.length === 0 && found.missing > 0) {
      piece = await this.#readAt(from, Math.max(RECORD_HEAD, found.missing));
      found = decodeRecords(piece, 0, most);
      // The first piece may have ended within the head of a long record.
      if (found.records.length === 0 && found.missing > 0) {
        piece = await this.#readAt(from, found.missing);
        found = decodeRecords(piece, 0, most);
      }
    }
    if (found.records.length === 0) throw new Error('the spilled items on disk were damaged');
    return { records: found.records.slice(0, this.left), end: from + found.end };
  }

  async #readAt(from: number, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(count, this.bytes - from, SINK_LIMITS.recordBytes + RECORD_HEAD));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async remove(): Promise<void> {
    this.isGone = true;
    await this.#file.close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }
}
