/**
 * Parquet bytes, row group by row group. Batches are gathered until they fill a row group, so that many small batches do
 * not make many small row groups, and no more than one is held.
 */
import { ByteWriter, ParquetWriter as Encoder } from 'hyparquet-writer';
import type { Column, ColumnSpec, Table } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { textListAt } from '../../core/text-list-column.ts';
import { type ByteReceiver, schemaMessage } from '../arrow/arrow-writer.ts';
import { TABLE_VERSION, VERSION_KEY } from '../arrow/to-arrow.ts';
import { ARROW_KEY, COLUMNS_KEY } from './keys.ts';
import { parquetSchemaOf } from './schema.ts';

/** Rows of a row group: a few tens of megabytes while they are gathered. */
const GROUP_ROWS = 32_768;

/** Compresses the bytes of a page. */
export type CompressPage = (bytes: Uint8Array) => Uint8Array;

export class ParquetWriter {
  readonly #specs: readonly ColumnSpec[];
  readonly #bytes: ByteWriter;
  readonly #encoder: Encoder;
  readonly #receive: ByteReceiver;
  readonly #groupRows: number;
  #rows = 0;
  #cells: unknown[][];

  /** @param zstd compresses pages with zstd; without it they are compressed with Snappy */
  constructor(specs: readonly ColumnSpec[], receive: ByteReceiver, zstd: CompressPage | null, groupRows = GROUP_ROWS) {
    this.#specs = specs;
    this.#receive = receive;
    this.#groupRows = groupRows;
    this.#cells = specs.map(() => []);
    this.#bytes = new ByteWriter(1 << 20);
    this.#encoder = new Encoder({
      writer: this.#bytes,
      schema: parquetSchemaOf(specs),
      codec: zstd === null ? 'SNAPPY' : 'ZSTD',
      ...(zstd && { compressors: { ZSTD: zstd } }),
      kvMetadata: keyValues(specs),
      createdBy: 'flowlamp',
    });
  }

  write(table: Table): void {
    for (let from = 0; from < table.length; ) {
      const to = Math.min(table.length, from + this.#groupRows - this.#rows);
      this.#specs.forEach(({ name }, i) => {
        appendCells(this.#cells[i]!, table.columns.get(name)!, from, to);
      });
      this.#rows += to - from;
      if (this.#rows === this.#groupRows) this.#endGroup();
      from = to;
    }
  }

  /** Writes the last row group and the footer. */
  finish(): void {
    this.#endGroup();
    this.#encoder.finish();
    this.#hand();
  }

  #endGroup(): void {
    if (this.#rows === 0) return;
    const columnData = this.#specs.map(({ name }, i) => ({ name, data: this.#cells[i]! }));
    this.#encoder.write({ columnData, rowGroupSize: this.#rows });
    this.#cells = this.#specs.map(() => []);
    this.#rows = 0;
    this.#hand();
  }

  /** What was encoded goes on; its place is used again. */
  #hand(): void {
    this.#receive(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }
}

function keyValues(specs: readonly ColumnSpec[]): { key: string; value: string }[] {
  const columns = JSON.stringify(
    Object.fromEntries(specs.map(({ name, unit, revision }) => [name, { unit, revision }])),
  );
  return [
    { key: VERSION_KEY, value: TABLE_VERSION },
    { key: COLUMNS_KEY, value: columns },
    // In it again, so that it stays when a program that works on Arrow reads the file and writes another.
    { key: ARROW_KEY, value: base64(schemaMessage(specs, [[COLUMNS_KEY, columns]])) },
  ];
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function appendCells(cells: unknown[], column: Column, from: number, to: number): void {
  switch (column.type) {
    case 'utf8':
      for (let row = from; row < to; row++) cells.push(textAt(column, row));
      return;
    case 'list_utf8':
      for (let row = from; row < to; row++) cells.push(textListAt(column, row));
      return;
    case 'findings':
      for (let row = from; row < to; row++) cells.push(column.values[row]);
      return;
    case 'list_int32':
    case 'list_float64':
      for (let row = from; row < to; row++) {
        const isThere = column.valid[row] === 1;
        cells.push(isThere ? Array.from(column.items.subarray(column.offsets[row], column.offsets[row + 1])) : null);
      }
      return;
    default: {
      const { values, valid, type } = column;
      const wrap = type === 'bool' ? Boolean : type === 'uint53' ? BigInt : (value: number | bigint) => value;
      for (let row = from; row < to; row++) cells.push(valid[row] === 0 ? null : wrap(values[row]!));
    }
  }
}
