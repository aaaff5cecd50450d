/**
 * An Arrow file that is being written: record batches, and at the end the footer. Until then it can be gone on with after a
 * crash: batches stand behind each other and say how long they are, so that the whole ones are found (`readJournal`), and the
 * footer is made of that.
 */
import { open } from 'node:fs/promises';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { ArrowWriter, CompressZstd } from '../../features/arrow/arrow-writer.ts';
import type { BlockPlaces } from '../../features/arrow/block-places.ts';
import { columnsOfArrow } from '../../features/arrow/from-arrow.ts';
import { ARROW_LIMITS } from '../../features/arrow/limits.ts';
import { type ArrowMessage, readMessage } from '../../features/arrow/message.ts';
import type { ArrowField } from '../../features/arrow/schema.ts';
import { type ArrowModule, loadArrow } from './table-form.ts';

/** Filled up to eight bytes; the stream format follows. */
const MAGIC = new TextEncoder().encode('ARROW1\0\0');

/** What of a file is used here; tests put in one that fails. */
export interface JournalFile {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export type OpenJournal = (path: string, flags: 'wx' | 'r+') => Promise<JournalFile>;

export const openJournal: OpenJournal = (path, flags) => open(path, flags, 0o640);

export class TableJournal {
  readonly path: string;
  readonly specs: readonly ColumnSpec[];
  readonly #file: JournalFile;
  readonly #zstd: CompressZstd | null;
  readonly #arrow: ArrowModule;
  #writer: ArrowWriter | null = null;
  #pieces: Uint8Array[] = [];
  /** Up to here it holds whole record batches. */
  #bytes = 0;

  private constructor(
    path: string,
    specs: readonly ColumnSpec[],
    file: JournalFile,
    zstd: CompressZstd | null,
    arrow: ArrowModule,
  ) {
    this.path = path;
    this.specs = specs;
    this.#file = file;
    this.#zstd = zstd;
    this.#arrow = arrow;
  }

  static async create(
    path: string,
    specs: readonly ColumnSpec[],
    zstd: CompressZstd | null,
    openFile: OpenJournal,
  ): Promise<TableJournal> {
    const arrow = await loadArrow();
    return new TableJournal(path, specs, await openFile(path, 'wx'), zstd, arrow);
  }

  /** All of the table or, where that fails, none: what was written of it is cut off. */
  async append(table: Table): Promise<void> {
    this.#pieces = [];
    try {
      this.#writer ??= this.#newWriter();
      this.#writer.write(table);
      const bytes = Buffer.concat(this.#pieces);
      await writeAll(this.#file, bytes, this.#bytes);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#writer = null; // it takes for written what is not
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
  }

  /** apache-arrow leaves out the schema in front, which the format has and without which no crash could be survived. */
  #newWriter(): ArrowWriter {
    let begun = this.#bytes;
    if (begun === 0) {
      this.#pieces.push(MAGIC, this.#arrow.schemaMessage(this.specs, []));
      begun = this.#pieces.reduce((sum, { length }) => sum + length, 0);
    }
    const receive = (bytes: Uint8Array) => void this.#pieces.push(bytes.slice());
    return new this.#arrow.ArrowWriter('arrow', this.specs, receive, this.#zstd, { bytes: begun, blocks: [] });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function writeAll(file: JournalFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

/** `continuation:32 = -1`, then the length of the metadata. */
const CONTINUATION = 0xffff_ffff;
const PREFIX_BYTES = 8;

interface FoundJournal {
  readonly fields: readonly ArrowField[];
  /** Where the last whole record batch ends. */
  readonly bytes: number;
  readonly blocks: BlockPlaces;
}

/**
 * Puts the footer behind the whole record batches of a journal, and lets it be on the disk.
 *
 * @returns false where there is no row in it
 */
export async function endJournal(path: string, openFile: OpenJournal): Promise<boolean> {
  const { ArrowWriter } = await loadArrow();
  const file = await openFile(path, 'r+');
  try {
    const found = await readJournal(file);
    if (found === null || found.blocks.length === 0) return false;
    const pieces: Uint8Array[] = [];
    const receive = (bytes: Uint8Array) => void pieces.push(bytes.slice());
    new ArrowWriter('arrow', specsOf(found.fields), receive, null, found).finish();
    await file.truncate(found.bytes);
    await writeAll(file, Buffer.concat(pieces), found.bytes);
    await file.datasync();
    return true;
  } finally {
    await file.close();
  }
}

/** Null where not even the schema is whole. */
async function readJournal(file: JournalFile): Promise<FoundJournal | null> {
  const { size } = await file.stat();
  let fields: readonly ArrowField[] | null = null;
  const blocks: (readonly [number, number, number])[] = [];
  let at = MAGIC.length;
  for (let next = await messageAt(file, at, size); next !== null; next = await messageAt(file, at, size)) {
    const { message, metadataBytes } = next;
    if (message.kind === 'schema') fields = message.fields;
    else if (message.kind === 'batch') blocks.push([at, metadataBytes, message.bodyLength]);
    at += metadataBytes + message.bodyLength;
  }
  return fields === null ? null : { fields, bytes: at, blocks };
}

/** Null where no whole message stands there. */
async function messageAt(
  file: JournalFile,
  at: number,
  size: number,
): Promise<{ message: ArrowMessage; metadataBytes: number } | null> {
  if (at + PREFIX_BYTES > size) return null;
  const prefix = new DataView((await readExactly(file, at, PREFIX_BYTES)).buffer);
  const length = prefix.getUint32(4, true);
  const isMessage = prefix.getUint32(0, true) === CONTINUATION && length > 0 && length <= ARROW_LIMITS.metadataBytes;
  if (!isMessage || at + PREFIX_BYTES + length > size) return null;
  try {
    const message = readMessage(await readExactly(file, at + PREFIX_BYTES, length));
    const metadataBytes = PREFIX_BYTES + length;
    return at + metadataBytes + message.bodyLength > size ? null : { message, metadataBytes };
  } catch {
    return null;
  }
}

async function readExactly(file: JournalFile, at: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    const { bytesRead } = await file.read(bytes, filled, count - filled, at + filled);
    if (bytesRead === 0) throw new Error('the journal of a table got shorter while it was read');
    filled += bytesRead;
  }
  return bytes;
}

/** Those that it was written with: lists of structures are the findings, which tables otherwise do not take from Arrow. */
function specsOf(fields: readonly ArrowField[]): ColumnSpec[] {
  return columnsOfArrow(fields, () => true).flatMap(({ field, spec }) => {
    if (spec !== null) return [spec];
    return field.typeName.startsWith('list')
      ? [{ name: field.name, type: 'findings', unit: '', revision: 1 } as const]
      : [];
  });
}
