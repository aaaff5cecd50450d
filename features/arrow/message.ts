/**
 * Messages of Arrow IPC (https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc,
 * Message.fbs and File.fbs). Nothing that they say is believed before it is held to the bytes that are there.
 */
import { ArrowDamage, FlatTable, sizeAt } from './flatbuffer.ts';
import { ARROW_LIMITS } from './limits.ts';
import { type ArrowField, readSchema } from './schema.ts';

const Message = { version: 0, headerType: 1, header: 2, bodyLength: 3 } as const;
const Header = { schema: 1, dictionary: 2, batch: 3 } as const;
const RecordBatch = { length: 0, nodes: 1, buffers: 2, compression: 3, variadic: 4 } as const;
const Compression = { codec: 0, method: 1 } as const;
const DictionaryBatch = { id: 0, data: 1, isDelta: 2 } as const;
const Footer = { version: 0, schema: 1, dictionaries: 2, batches: 3 } as const;
const NODE_BYTES = 16;
const BUFFER_BYTES = 16;
/** { offset:64, metadata bytes:32, 0:32, body bytes:64 } */
const BLOCK_BYTES = 24;

/** Rows are counted with 32 bits here. */
const MAX_ROWS = 2 ** 31 - 1;

export interface Node {
  readonly length: number;
  readonly nulls: number;
}

/** A part of the body of a message. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

export type Codec = 'lz4' | 'zstd' | null;

export interface BatchHeader {
  readonly rows: number;
  readonly nodes: readonly Node[];
  /** Each lies within the body. */
  readonly buffers: readonly Span[];
  readonly codec: Codec;
  /** Further buffers of each column of views. */
  readonly variadic: readonly number[];
}

export type ArrowMessage =
  | { readonly kind: 'schema'; readonly fields: readonly ArrowField[]; readonly bodyLength: number }
  | { readonly kind: 'batch'; readonly batch: BatchHeader; readonly bodyLength: number }
  | {
      readonly kind: 'dictionary';
      readonly id: bigint;
      readonly isDelta: boolean;
      readonly batch: BatchHeader;
      readonly bodyLength: number;
    }
  | { readonly kind: 'other'; readonly bodyLength: number };

export function readMessage(metadata: Uint8Array): ArrowMessage {
  const message = FlatTable.root(metadata);
  const bodyLength = message.size(Message.bodyLength);
  const header = message.table(Message.header);
  if (header === null) throw new ArrowDamage('a message is empty');
  switch (message.int8(Message.headerType, 0)) {
    case Header.schema:
      return { kind: 'schema', fields: readSchema(header, message.int16(Message.version, 0)), bodyLength };
    case Header.batch:
      return { kind: 'batch', batch: batchOf(header, bodyLength), bodyLength };
    case Header.dictionary: {
      const data = header.table(DictionaryBatch.data);
      if (data === null) throw new ArrowDamage('a dictionary is empty');
      const isDelta = header.int8(DictionaryBatch.isDelta, 0) !== 0;
      return {
        kind: 'dictionary',
        id: header.id(DictionaryBatch.id),
        isDelta,
        batch: batchOf(data, bodyLength),
        bodyLength,
      };
    }
    default:
      return { kind: 'other', bodyLength };
  }
}

function batchOf(table: FlatTable, bodyLength: number): BatchHeader {
  const rows = table.size(RecordBatch.length);
  if (rows > MAX_ROWS) throw new ArrowDamage(`a record batch claims ${rows} rows`);
  const nodes = table.structs(RecordBatch.nodes, NODE_BYTES);
  const buffers = table.structs(RecordBatch.buffers, BUFFER_BYTES);
  const variadic = table.structs(RecordBatch.variadic, 8);
  if (Math.max(nodes.count, buffers.count, variadic.count) > ARROW_LIMITS.buffers) {
    throw new ArrowDamage('a record batch lists more than is read');
  }
  return {
    rows,
    nodes: Array.from({ length: nodes.count }, (_, i) => ({
      length: sizeAt(nodes.view, nodes.at + NODE_BYTES * i),
      nulls: sizeAt(nodes.view, nodes.at + NODE_BYTES * i + 8),
    })),
    buffers: Array.from({ length: buffers.count }, (_, i) => {
      const offset = sizeAt(buffers.view, buffers.at + BUFFER_BYTES * i);
      const length = sizeAt(buffers.view, buffers.at + BUFFER_BYTES * i + 8);
      if (offset + length > bodyLength) throw new ArrowDamage('a buffer is not in its record batch');
      return { offset, length };
    }),
    codec: codecOf(table.table(RecordBatch.compression)),
    variadic: Array.from({ length: variadic.count }, (_, i) => sizeAt(variadic.view, variadic.at + 8 * i)),
  };
}

const CODECS = ['lz4', 'zstd'] as const;

function codecOf(compression: FlatTable | null): Codec {
  if (compression === null) return null;
  const codec = CODECS[compression.int8(Compression.codec, 0)];
  if (codec === undefined || compression.int8(Compression.method, 0) !== 0) {
    throw new ArrowDamage('it is compressed in a way that is not known');
  }
  return codec;
}

/** Where a message lies in a file: its head and metadata, then its body. */
export interface MessageBlock {
  readonly at: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

export interface ArrowFooter {
  readonly fields: readonly ArrowField[];
  /** Dictionaries first, then record batches. */
  readonly blocks: readonly MessageBlock[];
}

/** @param end where the footer begins, which no message reaches */
export function readFooter(bytes: Uint8Array, end: number): ArrowFooter {
  const footer = FlatTable.root(bytes);
  const schema = footer.table(Footer.schema);
  if (schema === null) throw new ArrowDamage('its footer has no schema');
  const blocks = [...blocksOf(footer, Footer.dictionaries), ...blocksOf(footer, Footer.batches)];
  // One message named over and over would make any number of rows of a small file.
  let free = 0;
  for (const { at, metadataBytes, bodyBytes } of [...blocks].sort((a, b) => a.at - b.at)) {
    if (at < free) throw new ArrowDamage('its messages overlap');
    free = at + metadataBytes + bodyBytes;
  }
  if (free > end) throw new ArrowDamage('a message reaches beyond the file');
  return { fields: readSchema(schema, footer.int16(Footer.version, 0)), blocks };
}

function blocksOf(footer: FlatTable, field: number): MessageBlock[] {
  const { view, at, count } = footer.structs(field, BLOCK_BYTES);
  return Array.from({ length: count }, (_, i) => {
    const metadataBytes = view.getInt32(at + BLOCK_BYTES * i + 8, true);
    if (metadataBytes < 8) throw new ArrowDamage('its footer names an empty message');
    return {
      at: sizeAt(view, at + BLOCK_BYTES * i),
      metadataBytes,
      bodyBytes: sizeAt(view, at + BLOCK_BYTES * i + 16),
    };
  });
}
