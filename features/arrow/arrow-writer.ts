/** Arrow IPC bytes, batch by batch: the file format (random access, footer) or the stream format. */
import {
  AsyncByteQueue,
  CompressionType,
  compressionRegistry,
  Field,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
} from 'apache-arrow';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { BlockPlaces } from './block-places.ts';
import { arrowSchema, toRecordBatch } from './to-arrow.ts';

/** Takes bytes as they are made; they are borrowed. */
export type ByteReceiver = (bytes: Uint8Array) => void;

/**
 * The queue that Arrow's writers write to, turned into a call: the bytes are taken before the table that they may be
 * views of is filled again, and nothing piles up.
 */
class ByteSink extends AsyncByteQueue {
  readonly #receive: ByteReceiver;
  isMuted = false;

  constructor(receive: ByteReceiver) {
    super();
    this.#receive = receive;
  }

  override write(value: Uint8Array): void {
    if (value.byteLength > 0 && !this.isMuted)
      this.#receive(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
}

/** Compresses bytes as one frame of zstd. */
export type CompressZstd = (bytes: Uint8Array) => Uint8Array;

/**
 * Before each compressed buffer stands its length when unpacked. apache-arrow 21.2.0 writes the compressed one instead
 * (https://github.com/apache/arrow-js/pull/470), which other readers refuse.
 *
 * @param bodies a prefix and the bytes of each buffer
 */
function putLengths(bodies: readonly ArrayBufferView[], buffers: readonly ArrayBufferView[]): void {
  buffers.forEach(({ byteLength }, i) => {
    const prefix = bodies[2 * i]!;
    if (prefix.byteLength === 0) return;
    const view = new DataView(prefix.buffer, prefix.byteOffset);
    if (view.getBigInt64(0, true) !== STORED) view.setBigInt64(0, BigInt(byteLength), true);
  });
}

/** What did not get shorter is stored. */
const STORED = -1n;

/** A table that was begun by another writer. */
export interface BegunTable {
  /** Its length: schema and record batches. */
  readonly bytes: number;
  readonly blocks: BlockPlaces;
}

class FileWriter extends RecordBatchFileWriter {
  /** Goes on behind a table that was begun elsewhere. */
  goOn({ bytes, blocks }: BegunTable): void {
    this._position = bytes;
    this._recordBatchBlocks = blocks.map(([offset, metaDataLength, bodyLength]) => ({
      offset,
      metaDataLength,
      bodyLength,
    }));
  }

  blocksFrom(first: number): BlockPlaces {
    return this._recordBatchBlocks
      .slice(first)
      .map(({ offset, metaDataLength, bodyLength }) => [offset, metaDataLength, bodyLength]);
  }

  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const bodies = super._compressBodyBuffers(buffers);
    putLengths(bodies.buffers, buffers);
    return bodies;
  }
}

class StreamWriter extends RecordBatchStreamWriter {
  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const bodies = super._compressBodyBuffers(buffers);
    putLengths(bodies.buffers, buffers);
    return bodies;
  }
}

export class ArrowWriter {
  readonly #schema: Schema;
  readonly #writer: FileWriter | StreamWriter;
  /** Blocks that were told of. */
  #told: number;

  /**
   * @param zstd compresses the bodies of record batches; without it they are left as they are
   * @param before goes on behind a table of the same format and columns
   */
  constructor(
    format: 'arrow' | 'arrows',
    specs: readonly ColumnSpec[],
    receive: ByteReceiver,
    zstd: CompressZstd | null = null,
    before: BegunTable | null = null,
  ) {
    this.#schema = arrowSchema(specs);
    const Writer = format === 'arrow' ? FileWriter : StreamWriter;
    if (zstd !== null) {
      const { ZSTD } = CompressionType;
      compressionRegistry.set(ZSTD, { ...compressionRegistry.get(ZSTD), encode: zstd });
    }
    this.#writer = new Writer(zstd === null ? {} : { compressionType: CompressionType.ZSTD });
    this.#told = before?.blocks.length ?? 0;
    const sink = new ByteSink(receive);
    sink.isMuted = before !== null; // the schema is written
    this.#writer.reset(sink as never, this.#schema as never);
    sink.isMuted = false;
    if (before !== null && this.#writer instanceof FileWriter) this.#writer.goOn(before);
  }

  write(table: Table): void {
    this.#writer.write(toRecordBatch(this.#schema, table));
  }

  /** The record batches since the last call; none of a stream, which has no footer. */
  newBlocks(): BlockPlaces {
    if (!(this.#writer instanceof FileWriter)) return [];
    const blocks = this.#writer.blocksFrom(this.#told);
    this.#told += blocks.length;
    return blocks;
  }

  /** Writes what closes the format. */
  finish(): void {
    this.#writer.finish();
  }
}

/** The IPC message that holds the Arrow schema of the columns, all of which may be null, and `more` metadata. */
export function schemaMessage(specs: readonly ColumnSpec[], more: Iterable<readonly [string, string]>): Uint8Array {
  const pieces: Uint8Array[] = [];
  const { fields, metadata } = arrowSchema(specs);
  // As in the Parquet that it goes into: polars takes levels to be as many as this says, and panics at others.
  const nullable = fields.map(({ name, type, metadata: notes }) => new Field(name, type, true, notes));
  const schema = new Schema(nullable, new Map([...metadata, ...more]));
  // A stream begins with it, and this one is never ended.
  new RecordBatchStreamWriter().reset(new ByteSink((bytes) => pieces.push(bytes.slice())) as never, schema as never);
  const message = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    message.set(piece, at);
    at += piece.length;
  }
  return message;
}
