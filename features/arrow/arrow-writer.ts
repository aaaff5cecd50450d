/** Arrow IPC bytes, batch by batch: the file format (random access, footer) or the stream format. */
import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { arrowSchema, toRecordBatch } from './to-arrow.ts';

/** Takes bytes as they are made; they are borrowed. */
export type ByteReceiver = (bytes: Uint8Array) => void;

/**
 * The queue that Arrow's writers write to, turned into a call: the bytes are taken before the table that they may be
 * views of is filled again, and nothing piles up.
 */
class ByteSink extends AsyncByteQueue {
  readonly #receive: ByteReceiver;

  constructor(receive: ByteReceiver) {
    super();
    this.#receive = receive;
  }

  override write(value: Uint8Array): void {
    if (value.byteLength > 0) this.#receive(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
}

export class ArrowWriter {
  readonly #schema: Schema;
  readonly #writer: RecordBatchFileWriter | RecordBatchStreamWriter;

  constructor(format: 'arrow' | 'arrows', specs: readonly ColumnSpec[], receive: ByteReceiver) {
    this.#schema = arrowSchema(specs);
    this.#writer = format === 'arrow' ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
    this.#writer.reset(new ByteSink(receive) as never, this.#schema as never);
  }

  write(table: Table): void {
    this.#writer.write(toRecordBatch(this.#schema, table));
  }

  /** Writes what closes the format. */
  finish(): void {
    this.#writer.finish();
  }
}
