/** The values of one column in one row group, page by page: never more than a page and its dictionary are held. */
import { PARQUET_LIMITS } from './limits.ts';
import { type Chunk, type PageHeader, PageType, readPageHeader } from './metadata.ts';
import { decodeRuns } from './runs.ts';
import { CutOff, ParquetDamage } from './thrift.ts';
import { type Decompressors, decompressPage } from './unpack.ts';
import { decodeValues, lengthAt, plainValues, type Values, type ValueType } from './values.ts';

/** Bytes `[start, end)` of the file, fewer if it is shorter. They stay as they are. */
export type ReadAt = (start: number, end: number) => Uint8Array;

/** What all columns of a file share: where it is read from, and how much may still be asked of it. */
export interface PageSource {
  readonly readAt: ReadAt;
  readonly decompressors: Decompressors;
  /** Bytes of pages held now. */
  heldBytes: number;
  /** Values that may still come. */
  valuesLeft: number;
}

/** A leaf of the schema, as it is read. */
export interface LeafType extends ValueType {
  /** Definition level of a value that is there, and repetition level of an item that goes on with a list. */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

const NO_LEVELS = new Int32Array(0);
const HEADER_GUESS = 8192;

export class ColumnReader {
  readonly #source: PageSource;
  readonly #leaf: LeafType;
  readonly #chunk: Chunk;
  #at: number;
  #valuesSeen = 0;
  #dictionary: Values | null = null;
  #dictionaryBytes = 0;
  #pageBytes = 0;

  /** The current page: levels (none where a column has none), how many entries, and the values of those that have one. */
  repetitions: Int32Array = NO_LEVELS;
  definitions: Int32Array = NO_LEVELS;
  entries = 0;
  values: Values = { kind: 'numbers', numbers: new Float64Array(0) };
  /** The next entry and the next value to be taken; the caller moves them on. */
  entry = 0;
  value = 0;

  constructor(source: PageSource, leaf: LeafType, chunk: Chunk) {
    this.#source = source;
    this.#leaf = leaf;
    this.#chunk = chunk;
    this.#at = chunk.start;
  }

  /** Makes the next page the current one once all entries were taken; false at the end of the chunk. */
  fill(): boolean {
    while (this.entry >= this.entries) {
      if (this.#valuesSeen >= this.#chunk.values) return false;
      this.#nextPage();
    }
    return true;
  }

  /** Forgets its pages. */
  close(): void {
    this.#source.heldBytes -= this.#pageBytes + this.#dictionaryBytes;
    this.#pageBytes = 0;
    this.#dictionaryBytes = 0;
    this.#dictionary = null;
  }

  #nextPage(): void {
    const header = this.#header();
    this.#at += header.length;
    const { compressedBytes, type } = header;
    if (this.#at + compressedBytes > this.#chunk.end) throw new ParquetDamage('a page is longer than its column');
    if (type !== PageType.Index) this.#check(header);
    const body = type === PageType.Index ? null : this.#source.readAt(this.#at, this.#at + compressedBytes);
    if (body !== null && body.length < compressedBytes) throw new ParquetDamage('a page is cut off');
    this.#at += compressedBytes;
    if (type === PageType.Dictionary) this.#takeDictionary(header, body!);
    else if (type === PageType.Data) this.#takePage(header, this.#unpacked(header, body!));
    else if (type === PageType.DataV2) this.#takePageV2(header, body!);
    else if (type !== PageType.Index) throw new ParquetDamage('a page is of no known type');
  }

  #header(): PageHeader {
    const { start, end } = { start: this.#at, end: this.#chunk.end };
    if (start >= end) throw new ParquetDamage('a column has fewer values than it says');
    for (let size = HEADER_GUESS; ; size = PARQUET_LIMITS.headerBytes) {
      try {
        return readPageHeader(this.#source.readAt(start, Math.min(end, start + size)));
      } catch (error) {
        if (!(error instanceof CutOff) || size === PARQUET_LIMITS.headerBytes || start + size >= end) throw error;
      }
    }
  }

  #check({ uncompressedBytes, compressedBytes, values }: PageHeader): void {
    if (Math.max(uncompressedBytes, compressedBytes) > PARQUET_LIMITS.pageBytes || values > PARQUET_LIMITS.pageValues) {
      throw new ParquetDamage('a page is larger than is read');
    }
  }

  /** Levels and values take eight bytes each, whatever they took in the file. */
  #hold(header: PageHeader, before: number): number {
    const bytes = header.uncompressedBytes + header.values * 16;
    this.#source.heldBytes += bytes - before;
    if (this.#source.heldBytes > PARQUET_LIMITS.heldBytes) throw new ParquetDamage('its pages do not fit the memory');
    return bytes;
  }

  #takeDictionary(header: PageHeader, body: Uint8Array): void {
    this.#dictionaryBytes = this.#hold(header, this.#dictionaryBytes);
    this.#dictionary = plainValues(this.#unpacked(header, body), 0, header.values, this.#leaf);
  }

  #unpacked({ uncompressedBytes }: PageHeader, body: Uint8Array): Uint8Array {
    return decompressPage(body, uncompressedBytes, this.#chunk.codec, this.#source.decompressors);
  }

  #count(header: PageHeader): void {
    this.#pageBytes = this.#hold(header, this.#pageBytes);
    this.#valuesSeen += header.values;
    this.#source.valuesLeft -= header.values;
    if (this.#valuesSeen > this.#chunk.values) throw new ParquetDamage('a column has more values than it says');
    if (this.#source.valuesLeft < 0) throw new ParquetDamage('it holds far more values than its size allows');
  }

  #takePage(header: PageHeader, page: Uint8Array): void {
    this.#count(header);
    const { maxRepetition, maxDefinition } = this.#leaf;
    let at = 0;
    const levels = (max: number): Int32Array => {
      if (max === 0) return NO_LEVELS;
      const end = at + 4 + lengthAt(page, at);
      if (end > page.length) throw new ParquetDamage('a page is cut off');
      const runs = decodeRuns(page, at + 4, end, widthOf(max), header.values);
      at = end;
      return runs;
    };
    const repetitions = levels(maxRepetition);
    this.#set(header, repetitions, levels(maxDefinition), page, at);
  }

  #takePageV2(header: PageHeader, body: Uint8Array): void {
    this.#count(header);
    const { maxRepetition, maxDefinition } = this.#leaf;
    const { repetitionBytes, definitionBytes, uncompressedBytes, values } = header;
    const levelBytes = repetitionBytes + definitionBytes;
    if (repetitionBytes < 0 || definitionBytes < 0 || levelBytes > Math.min(body.length, uncompressedBytes)) {
      throw new ParquetDamage('a page has impossible levels');
    }
    const levels = (max: number, at: number, end: number) =>
      max === 0 ? NO_LEVELS : decodeRuns(body, at, end, widthOf(max), values);
    const packed = body.subarray(levelBytes);
    const length = uncompressedBytes - levelBytes;
    // A page of nulls alone has nothing behind its levels, not even what compresses nothing.
    const page =
      header.isCompressed && packed.length > 0
        ? decompressPage(packed, length, this.#chunk.codec, this.#source.decompressors)
        : packed;
    const repetitions = levels(maxRepetition, 0, repetitionBytes);
    this.#set(header, repetitions, levels(maxDefinition, repetitionBytes, levelBytes), page, 0);
  }

  #set(header: PageHeader, repetitions: Int32Array, definitions: Int32Array, page: Uint8Array, at: number): void {
    const { maxDefinition } = this.#leaf;
    let present = header.values;
    for (let i = 0; i < definitions.length; i++) if (definitions[i] !== maxDefinition) present--;
    this.values = decodeValues(page, at, present, header.encoding, this.#leaf, this.#dictionary);
    this.repetitions = repetitions;
    this.definitions = definitions;
    this.entries = header.values;
    this.entry = 0;
    this.value = 0;
  }
}

/** Bits that hold numbers up to `max`. */
function widthOf(max: number): number {
  return 32 - Math.clz32(max);
}
