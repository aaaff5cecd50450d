/** Tables to a file or standard output, in the format asked for. */
import { assertNever, ErrorCode, FlowlampError } from '../../core/errors.ts';
import { nearestFew } from '../../core/json-schema.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { BlockPlaces } from '../arrow/block-places.ts';
import { csvHeader, csvLines, jsonLines } from '../text/text-writer.ts';
import { type BegunOutput, Output } from './output.ts';
import { loadZstd } from './zstd.ts';

export const TABLE_FORMATS = ['arrow', 'arrows', 'parquet', 'csv', 'jsonl'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

const FORMAT_BY_ENDING: Readonly<Record<string, TableFormat>> = {
  arrow: 'arrow',
  feather: 'arrow',
  arrows: 'arrows',
  parquet: 'parquet',
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
};

/** The format that a file name's ending asks for, null if it asks for none. */
export function formatOfPath(path: string): TableFormat | null {
  return FORMAT_BY_ENDING[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''] ?? null;
}

/** Ways to compress; those formats that have a place for it (`COMPRESSED_FORMATS`) take them. */
export const COMPRESSIONS = ['none', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];
export const COMPRESSED_FORMATS: readonly TableFormat[] = ['arrow', 'arrows', 'parquet'];

/** Turns tables to bytes, which an output takes. */
interface Encoder {
  write(table: Table): void;
  /** Writes what closes the format. */
  finish(): void;
  /** What it has to know of what it wrote since the last call, for another encoder to go on. */
  newBlocks(): BlockPlaces;
}

/** Formats whose writing another process can go on with. */
export const RESUMABLE_FORMATS: readonly string[] = ['arrow', 'arrows', 'csv', 'jsonl'] satisfies TableFormat[];

/** Where a table that is being written can be gone on with. */
export interface TableCheckpoint extends BegunOutput {
  /** Of the record batches since the checkpoint before. */
  readonly blocks: BlockPlaces;
}

export class TableWriter {
  readonly #output: Output;
  readonly #encoder: Encoder;

  private constructor(output: Output, encoder: Encoder) {
    this.#output = output;
    this.#encoder = encoder;
  }

  /**
   * Libraries of formats are loaded only where they are asked for: Arrow's takes a tenth of a second.
   *
   * @param path the file, or null for standard output
   * @param compression of Arrow and Parquet. Parquet without it is compressed with Snappy, as everywhere
   * @param before goes on with a table of the same columns, in one of RESUMABLE_FORMATS
   * @throws FlowlampError OUTPUT_UNWRITABLE, or UNSUPPORTED where the compressor is not installed
   */
  static async open(
    path: string | null,
    format: TableFormat,
    specs: readonly ColumnSpec[],
    compression: Compression = 'none',
    before: TableCheckpoint | null = null,
  ): Promise<TableWriter> {
    const zstd = compression === 'zstd' ? await loadZstd() : null;
    const output = new Output(path, before);
    return new TableWriter(output, await encoderOf(format, specs, output, zstd, before));
  }

  write(table: Table): void {
    this.#encoder.write(table);
  }

  /** Puts everything written so far where its reader sees it. */
  flush(): void {
    this.#output.flush();
  }

  /** As `Output.checkpoint`. */
  checkpoint(): TableCheckpoint | null {
    const begun = this.#output.checkpoint();
    return begun === null ? null : { ...begun, blocks: this.#encoder.newBlocks() };
  }

  finish(): void {
    this.#encoder.finish();
    this.#output.finish();
  }

  abandon(): void {
    this.#output.abandon();
  }
}

async function encoderOf(
  format: TableFormat,
  specs: readonly ColumnSpec[],
  output: Output,
  zstd: ((bytes: Uint8Array) => Uint8Array) | null,
  before: TableCheckpoint | null,
): Promise<Encoder> {
  const receive = (bytes: Uint8Array) => output.write(bytes);
  const { isTerminal } = output;
  switch (format) {
    case 'arrow':
    case 'arrows': {
      const { ArrowWriter } = await import('../arrow/arrow-writer.ts');
      return new ArrowWriter(format, specs, receive, zstd, before);
    }
    case 'parquet': {
      const { ParquetWriter } = await import('../parquet/parquet-writer.ts');
      const writer = new ParquetWriter(specs, receive, zstd);
      return { write: (table) => writer.write(table), finish: () => writer.finish(), newBlocks: () => [] };
    }
    case 'csv':
      if (before === null) output.writeText(csvHeader(specs, isTerminal));
      return textEncoder((table) => output.writeText(csvLines(specs, table, isTerminal)));
    case 'jsonl':
      return textEncoder((table) => output.writeText(jsonLines(specs, table)));
    default:
      return assertNever(format);
  }
}

function textEncoder(write: (table: Table) => void): Encoder {
  return { write, finish: () => undefined, newBlocks: () => [] };
}

/** The named columns of a schema, in the order named. */
export function chooseColumns(specs: readonly ColumnSpec[], names: readonly string[]): ColumnSpec[] {
  return names.map((name) => {
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec !== undefined) return spec;
    const known = specs.map((candidate) => candidate.name);
    const near = nearestFew(name, known, 3);
    throw new FlowlampError(ErrorCode.ColumnUnknown, {
      happened: `there is no column ${name}`,
      expected: near.length === 0 ? `a column, such as ${known.slice(0, 5).join(', ')}` : `perhaps ${near.join(', ')}`,
      action: 'correct --columns (docs/features.md)',
    });
  });
}
