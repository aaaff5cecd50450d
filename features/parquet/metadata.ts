/**
 * Footer and page headers of a Parquet file (https://parquet.apache.org/docs/file-format/metadata/). Field numbers are
 * those of parquet.thrift.
 *
 *     "PAR1" row groups | FileMetaData | its length:32 | "PAR1"
 */
import { ParquetDamage, ThriftReader, ThriftType } from './thrift.ts';

export const Physical = {
  Boolean: 0,
  Int32: 1,
  Int64: 2,
  Int96: 3,
  Float: 4,
  Double: 5,
  ByteArray: 6,
  FixedByteArray: 7,
} as const;

export const Repetition = { Required: 0, Optional: 1, Repeated: 2 } as const;

export const Encoding = {
  Plain: 0,
  PlainDictionary: 2,
  Rle: 3,
  DeltaBinaryPacked: 5,
  DeltaLengthByteArray: 6,
  DeltaByteArray: 7,
  RleDictionary: 8,
  ByteStreamSplit: 9,
} as const;

export const PageType = { Data: 0, Index: 1, Dictionary: 2, DataV2: 3 } as const;

/** What a value means beyond its physical type, as far as flow tables care. */
export type Meaning =
  | 'none'
  | 'text'
  | 'list'
  | { readonly bits: number; readonly signed: boolean }
  | { readonly nsPerUnit: bigint }
  | 'other';

export interface SchemaNode {
  readonly name: string;
  /** Null for a group. */
  readonly physical: number | null;
  readonly repetition: number;
  readonly meaning: Meaning;
  readonly children: readonly SchemaNode[];
}

/** A column's part of a row group. */
export interface Chunk {
  readonly codec: number;
  readonly values: number;
  /** First byte of its first page. */
  readonly start: number;
  readonly end: number;
}

export interface RowGroup {
  readonly rows: number;
  /** One for each leaf of the schema, in order. */
  readonly chunks: readonly Chunk[];
}

export interface FileMetadata {
  /** The root's children: the columns. */
  readonly columns: readonly SchemaNode[];
  readonly rowGroups: readonly RowGroup[];
  readonly keyValues: ReadonlyMap<string, string>;
}

/** @throws ParquetDamage */
export function readFileMetadata(bytes: Uint8Array): FileMetadata {
  const reader = new ThriftReader(bytes);
  const elements: SchemaElement[] = [];
  const rowGroups: RowGroup[] = [];
  const keyValues = new Map<string, string>();
  reader.struct((id) => {
    if (id === 2) reader.list(() => elements.push(readElement(reader)));
    else if (id === 4) reader.list(() => rowGroups.push(readRowGroup(reader)));
    else if (id === 5) reader.list(() => readKeyValue(reader, keyValues));
    else return false;
    return true;
  });
  const columns = treeOf(elements);
  const leaves = leavesOf(columns).length;
  if (rowGroups.some(({ chunks }) => chunks.length !== leaves)) {
    throw new ParquetDamage('a row group has other columns than its schema');
  }
  return { columns, rowGroups, keyValues };
}

export function leavesOf(nodes: readonly SchemaNode[]): SchemaNode[] {
  return nodes.flatMap((node) => (node.physical === null ? leavesOf(node.children) : [node]));
}

interface SchemaElement extends Omit<SchemaNode, 'children'> {
  readonly childCount: number;
}

function readElement(reader: ThriftReader): SchemaElement {
  let physical: number | null = null;
  let repetition: number = Repetition.Required;
  let name = '';
  let childCount = 0;
  let converted: Meaning = 'none';
  let logical: Meaning = 'none';
  reader.struct((id) => {
    if (id === 1) physical = reader.integer();
    else if (id === 3) repetition = reader.integer();
    else if (id === 4) name = reader.text();
    else if (id === 5) childCount = reader.integer();
    else if (id === 6) converted = meaningOfConverted(reader.integer());
    else if (id === 10) logical = readLogical(reader);
    else return false;
    return true;
  });
  return {
    name,
    physical: childCount > 0 ? null : physical,
    repetition,
    meaning: (logical as Meaning) === 'none' ? converted : logical,
    childCount,
  };
}

/** ConvertedType, by number: what older writers have instead of a logical type. */
function meaningOfConverted(type: number): Meaning {
  if (type === 0 || type === 4) return 'text';
  if (type === 3) return 'list';
  if (type === 9) return { nsPerUnit: 1_000_000n };
  if (type === 10) return { nsPerUnit: 1000n };
  if (type >= 11 && type <= 14) return { bits: 8 << (type - 11), signed: false };
  if (type >= 15 && type <= 18) return { bits: 8 << (type - 15), signed: true };
  return 'other';
}

/** The field of the union LogicalType that is set. */
function readLogical(reader: ThriftReader): Meaning {
  let meaning: Meaning = 'none';
  reader.struct((id) => {
    if (id === 8) meaning = readTimestamp(reader);
    else if (id === 10) meaning = readInteger(reader);
    else {
      meaning = id === 1 || id === 4 ? 'text' : id === 3 ? 'list' : 'other';
      return false;
    }
    return true;
  });
  return meaning;
}

const NS_PER_UNIT: Readonly<Record<number, bigint>> = { 1: 1_000_000n, 2: 1000n, 3: 1n };

function readTimestamp(reader: ThriftReader): Meaning {
  let nsPerUnit: bigint | undefined;
  reader.struct((id) => {
    if (id !== 2) return false;
    reader.struct((unit) => {
      nsPerUnit = NS_PER_UNIT[unit];
      return false;
    });
    return true;
  });
  return nsPerUnit === undefined ? 'other' : { nsPerUnit };
}

function readInteger(reader: ThriftReader): Meaning {
  let bits = 0;
  let signed = true;
  reader.struct((id, type) => {
    if (id === 2) signed = type === ThriftType.True;
    if (id !== 1) return false;
    // A byte, which is no zigzag number; hyparquet-writer 0.17 writes one nevertheless.
    bits = type === ThriftType.Byte ? reader.byte() : reader.integer();
    return true;
  });
  return { bits, signed };
}

function readRowGroup(reader: ThriftReader): RowGroup {
  let rows = 0;
  const chunks: Chunk[] = [];
  reader.struct((id) => {
    if (id === 1) reader.list(() => chunks.push(readChunk(reader)));
    else if (id === 3) rows = natural(reader.integer());
    else return false;
    return true;
  });
  return { rows, chunks };
}

function readChunk(reader: ThriftReader): Chunk {
  let chunk: Chunk | null = null;
  reader.struct((id) => {
    if (id === 1) throw new ParquetDamage('its columns lie in other files');
    if (id !== 3) return false;
    chunk = readChunkMetadata(reader);
    return true;
  });
  if (chunk === null) throw new ParquetDamage('a column has no metadata, or is encrypted');
  return chunk;
}

function readChunkMetadata(reader: ThriftReader): Chunk {
  let codec = -1;
  let values = 0;
  let size = 0;
  let data = 0;
  let dictionary = 0;
  reader.struct((id) => {
    if (id === 4) codec = reader.integer();
    else if (id === 5) values = natural(reader.integer());
    else if (id === 7) size = natural(reader.integer());
    else if (id === 9) data = natural(reader.integer());
    else if (id === 11) dictionary = natural(reader.integer());
    else return false;
    return true;
  });
  // Some writers say 0 where there is no dictionary.
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  return { codec, values, start, end: start + size };
}

function readKeyValue(reader: ThriftReader, into: Map<string, string>): void {
  let key = '';
  let value = '';
  reader.struct((id) => {
    if (id === 1) key = reader.text();
    else if (id === 2) value = reader.text();
    else return false;
    return true;
  });
  into.set(key, value);
}

/** The elements come as the tree is walked, each before its children. */
function treeOf(elements: readonly SchemaElement[]): SchemaNode[] {
  let next = 1;
  const childrenOf = (count: number, depth: number): SchemaNode[] => {
    if (depth > 16) throw new ParquetDamage('its schema is too deep');
    const children: SchemaNode[] = [];
    for (let i = 0; i < count; i++) {
      const element = elements[next++];
      if (element === undefined) throw new ParquetDamage('its schema is cut off');
      const { childCount, ...node } = element;
      if (node.physical === null && childCount === 0) throw new ParquetDamage('a column has no type');
      children.push({ ...node, children: childrenOf(childCount, depth + 1) });
    }
    return children;
  };
  if (elements.length === 0) throw new ParquetDamage('it has no schema');
  return childrenOf(elements[0]!.childCount, 0);
}

export interface PageHeader {
  readonly type: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly values: number;
  readonly encoding: number;
  /** Of pages of version 2; -1 in others, where levels carry their lengths. */
  readonly repetitionBytes: number;
  readonly definitionBytes: number;
  readonly isCompressed: boolean;
  /** Bytes of the header itself. */
  readonly length: number;
}

/** @throws CutOff if the header is longer than the bytes */
export function readPageHeader(bytes: Uint8Array): PageHeader {
  const reader = new ThriftReader(bytes);
  const header = {
    type: -1,
    uncompressedBytes: 0,
    compressedBytes: 0,
    values: 0,
    encoding: -1,
    repetitionBytes: -1,
    definitionBytes: -1,
    isCompressed: true,
  };
  const readData = () =>
    reader.struct((id) => {
      if (id === 1) header.values = natural(reader.integer());
      else if (id === 2) header.encoding = reader.integer();
      else return false;
      return true;
    });
  const readDataV2 = () =>
    reader.struct((id, type) => {
      if (id === 1) header.values = natural(reader.integer());
      else if (id === 4) header.encoding = reader.integer();
      else if (id === 5) header.definitionBytes = natural(reader.integer());
      else if (id === 6) header.repetitionBytes = natural(reader.integer());
      else {
        if (id === 7) header.isCompressed = type === ThriftType.True;
        return false;
      }
      return true;
    });
  reader.struct((id) => {
    if (id === 1) header.type = reader.integer();
    else if (id === 2) header.uncompressedBytes = natural(reader.integer());
    else if (id === 3) header.compressedBytes = natural(reader.integer());
    else if (id === 5 || id === 7) readData();
    else if (id === 8) readDataV2();
    else return false;
    return true;
  });
  return { ...header, length: reader.at };
}

function natural(value: number): number {
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw new ParquetDamage('a count in its metadata is impossible');
  return value;
}
