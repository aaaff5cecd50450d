/**
 * Arrow tables from files, standard input or memory, batch by batch. What files say of themselves is checked before it is
 * believed (features/arrow): apache-arrow's reader takes any length for true, and with it any amount of memory.
 */

import { type ColumnSpec, createTable, type Table } from '../../core/table.ts';
import { BatchBody, type BodyReader } from '../arrow/body.ts';
import { DictionaryShelf } from '../arrow/dictionaries.ts';
import { ArrowDamage } from '../arrow/flatbuffer.ts';
import { type ArrowColumn, checkRows, columnsOfArrow, openBatch, tableOfRows } from '../arrow/from-arrow.ts';
import { ARROW_LIMITS, type ArrowBounds } from '../arrow/limits.ts';
import { type ArrowFooter, type ArrowMessage, type BatchHeader, readFooter, readMessage } from '../arrow/message.ts';
import type { ArrowField } from '../arrow/schema.ts';
import { notATable } from '../text/text-reader.ts';
import { batchRows } from './batch-rows.ts';
import { ByteQueue } from './byte-queue.ts';
import type { RandomAccess } from './random-access.ts';

/** Which columns to take. */
export type Wanted = (name: string) => boolean;

export interface Batch {
  readonly batch: Table;
  readonly specs: readonly ColumnSpec[];
}

const ALL: Wanted = () => true;

/**
 * A table in the file format, which is read from its end.
 *
 * @param name what to call it in errors
 * @returns at least one batch, empty if the table is; none of more rows than batchRows allows
 * @throws FlowlampError NOT_A_TABLE
 */
export function arrowFileBatches(
  name: string,
  file: RandomAccess,
  wanted: Wanted = ALL,
  bounds: ArrowBounds = ARROW_LIMITS,
): AsyncGenerator<Batch> {
  return damageNamed(name, fileBatches(file, wanted, bounds));
}

/** The same of a table in the stream format. */
export function arrowStreamBatches(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  wanted: Wanted = ALL,
  bounds: ArrowBounds = ARROW_LIMITS,
): AsyncGenerator<Batch> {
  return damageNamed(name, streamBatches(new ByteQueue(pieces), wanted, bounds));
}

/** A generator around another, so that what its user throws is not taken for damage. */
async function* damageNamed(name: string, batches: AsyncGenerator<Batch>): AsyncGenerator<Batch> {
  try {
    for (;;) {
      const next = await batches.next().catch((cause: unknown) => {
        if ((cause as Error).name === 'FlowlampError') throw cause;
        throw notATable(name, `it is no whole Arrow table (${(cause as Error).message})`, cause);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await batches.return(undefined);
  }
}

const MAGIC = 'ARROW1';
/** Length of the footer, and the magic. */
const TAIL_BYTES = 4 + MAGIC.length;
/** `continuation:32 = -1` since Arrow 0.15, then the length of the metadata. */
const CONTINUATION = 0xffff_ffff;

async function* fileBatches(file: RandomAccess, wanted: Wanted, bounds: ArrowBounds): AsyncGenerator<Batch> {
  const { fields, blocks } = footerOf(file);
  const reader = new TableReader(fields, wanted, bounds);
  for (const { at, metadataBytes } of blocks) {
    const { metadata, length } = metadataAt(file, at, metadataBytes);
    const message = readMessage(metadata);
    const bodyAt = at + length;
    const body: BodyReader = (offset, count) => file.readAt(bodyAt + offset, bodyAt + offset + count);
    yield* reader.take(message, body);
  }
  yield* reader.finish();
}

function footerOf({ size, readAt }: RandomAccess): ArrowFooter {
  const tail = readAt(Math.max(0, size - TAIL_BYTES), size);
  if (tail.length < TAIL_BYTES || String.fromCharCode(...tail.subarray(4)) !== MAGIC) {
    throw new ArrowDamage('its end is missing');
  }
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  const end = size - TAIL_BYTES;
  if (length > Math.min(end, ARROW_LIMITS.metadataBytes)) throw new ArrowDamage('its footer is longer than the file');
  return readFooter(readAt(end - length, end), end - length);
}

/** The metadata of a message, and how many bytes stand before its body. */
function metadataAt({ readAt }: RandomAccess, at: number, most: number): { metadata: Uint8Array; length: number } {
  if (most > ARROW_LIMITS.metadataBytes) throw new ArrowDamage('the metadata of a message is longer than is read');
  const bytes = readAt(at, at + most);
  if (bytes.length < most) throw new ArrowDamage('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = view.getUint32(0, true) === CONTINUATION ? 8 : 4;
  const length = view.getUint32(head - 4, true);
  if (head + length > most) throw new ArrowDamage('its metadata is damaged');
  return { metadata: bytes.subarray(head, head + length), length: most };
}

async function* streamBatches(queue: ByteQueue, wanted: Wanted, bounds: ArrowBounds): AsyncGenerator<Batch> {
  try {
    let reader: TableReader | null = null;
    for (let message = await nextMessage(queue); message !== null; message = await nextMessage(queue)) {
      if (message.kind === 'schema') {
        if (reader !== null) throw new ArrowDamage('it has a second schema');
        reader = new TableReader(message.fields, wanted, bounds);
      }
      if (message.bodyLength > ARROW_LIMITS.batchBytes) {
        throw new ArrowDamage(`a message has ${message.bodyLength} bytes: write smaller record batches`);
      }
      const bytes = await queue.take(message.bodyLength);
      if (bytes.length < message.bodyLength) throw new ArrowDamage('it is cut off');
      yield* reader?.take(message, (offset, count) => bytes.subarray(offset, offset + count)) ?? [];
    }
    if (reader === null) throw new ArrowDamage('it has no schema');
    yield* reader.finish();
  } finally {
    await queue.close();
  }
}

/** Null at the end of the stream: its mark, or no more bytes. */
async function nextMessage(queue: ByteQueue): Promise<ArrowMessage | null> {
  let head = await queue.take(4);
  if (head.length === 0) return null;
  if (head.length === 4 && wordOf(head) === CONTINUATION) head = await queue.take(4);
  if (head.length < 4) throw new ArrowDamage('it is cut off');
  const length = wordOf(head);
  if (length === 0) return null;
  if (length > ARROW_LIMITS.metadataBytes) throw new ArrowDamage('the metadata of a message is longer than is read');
  const metadata = await queue.take(length);
  if (metadata.length < length) throw new ArrowDamage('it is cut off');
  return readMessage(metadata);
}

function wordOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** Messages in, tables out. */
class TableReader {
  readonly #columns: readonly ArrowColumn[];
  readonly #specs: readonly ColumnSpec[];
  readonly #dictionaries: DictionaryShelf;
  readonly #bounds: ArrowBounds;
  #tables = 0;

  constructor(fields: readonly ArrowField[], wanted: Wanted, bounds: ArrowBounds) {
    this.#bounds = bounds;
    this.#columns = columnsOfArrow(fields, wanted);
    this.#specs = this.#columns.flatMap(({ spec }) => (spec === null ? [] : [spec]));
    this.#dictionaries = new DictionaryShelf(fields, bounds);
  }

  async *take(message: ArrowMessage, read: BodyReader): AsyncGenerator<Batch> {
    if (message.kind === 'batch') yield* this.#batch(message.batch, read);
    else if (message.kind === 'dictionary') {
      await this.#dictionaries.take(message.id, message.isDelta, new BatchBody(message.batch, read, this.#bounds));
    }
  }

  async *#batch(header: BatchHeader, read: BodyReader): AsyncGenerator<Batch> {
    const opened = await openBatch(this.#columns, new BatchBody(header, read, this.#bounds), this.#dictionaries.all);
    checkRows(header, opened);
    const most = batchRows(this.#specs.length);
    for (let start = 0; start < header.rows; start += most) {
      const end = Math.min(header.rows, start + most);
      this.#tables++;
      yield { batch: tableOfRows(this.#columns, this.#specs, opened, start, end, this.#bounds), specs: this.#specs };
    }
  }

  *finish(): Generator<Batch> {
    if (this.#tables === 0) yield { batch: createTable(this.#specs, 0), specs: this.#specs };
  }
}
