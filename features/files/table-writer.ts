/** Tables to a file or standard output, in the format asked for. */
import { assertNever, ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import type { ArrowWriter } from '../arrow/arrow-writer.ts';
import { csvHeader, csvLines, jsonLines } from '../text/text-writer.ts';
import { Output } from './output.ts';

export const TABLE_FORMATS = ['arrow', 'arrows', 'csv', 'jsonl'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

const FORMAT_BY_ENDING: Readonly<Record<string, TableFormat>> = {
  arrow: 'arrow',
  feather: 'arrow',
  arrows: 'arrows',
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
};

/** The format that a file name's ending asks for, null if it asks for none. */
export function formatOfPath(path: string): TableFormat | null {
  return FORMAT_BY_ENDING[/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? ''] ?? null;
}

export class TableWriter {
  readonly #format: TableFormat;
  readonly #specs: readonly ColumnSpec[];
  readonly #output: Output;
  readonly #arrow: ArrowWriter | null;

  private constructor(format: TableFormat, specs: readonly ColumnSpec[], output: Output, arrow: ArrowWriter | null) {
    this.#format = format;
    this.#specs = specs;
    this.#output = output;
    this.#arrow = arrow;
    if (format === 'csv') output.writeText(csvHeader(specs));
  }

  /**
   * Arrow's library is loaded only where it is asked for: that takes a tenth of a second.
   *
   * @param path the file, or null for standard output
   * @throws FlowlampError OUTPUT_UNWRITABLE
   */
  static async open(path: string | null, format: TableFormat, specs: readonly ColumnSpec[]): Promise<TableWriter> {
    const output = new Output(path);
    if (format !== 'arrow' && format !== 'arrows') return new TableWriter(format, specs, output, null);
    const { ArrowWriter } = await import('../arrow/arrow-writer.ts');
    return new TableWriter(format, specs, output, new ArrowWriter(format, specs, (bytes) => output.write(bytes)));
  }

  write(table: Table): void {
    switch (this.#format) {
      case 'arrow':
      case 'arrows':
        this.#arrow!.write(table);
        break;
      case 'csv':
        this.#output.writeText(csvLines(this.#specs, table));
        break;
      case 'jsonl':
        this.#output.writeText(jsonLines(this.#specs, table));
        break;
      default:
        assertNever(this.#format);
    }
  }

  finish(): void {
    this.#arrow?.finish();
    this.#output.finish();
  }

  abandon(): void {
    this.#output.abandon();
  }
}

/** The named columns of a schema, in the order named. */
export function chooseColumns(specs: readonly ColumnSpec[], names: readonly string[]): ColumnSpec[] {
  return names.map((name) => {
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec !== undefined) return spec;
    throw new FlowlampError(ErrorCode.ColumnUnknown, {
      happened: `there is no column ${name}`,
      expected: `some of ${specs.map((candidate) => candidate.name).join(', ')}`,
      action: 'correct --columns',
    });
  });
}
