/** Where verdicts go: the rows asked for, in the format asked for. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ColumnSpec, type Table, takeTableRows, withColumns } from '../core/table.ts';
import { type Compression, chooseColumns, type TableFormat, TableWriter } from '../features/files/table-writer.ts';
import { FEATURES } from '../features/vector/schema.ts';
import type { Verdict } from '../serve/verdict.ts';
import { withVerdictColumns, withVerdicts } from '../serve/verdict-columns.ts';
import type { Console } from './console.ts';
import { formatFor, outputPath } from './outputs.ts';
import { compressionFor, RowsOut, type TableOptions } from './table-options.ts';
import { VerdictTable } from './verdict-table.ts';

export interface SinkOptions extends TableOptions {
  readonly output?: string;
  readonly format?: 'table' | TableFormat;
  readonly columns?: string[];
  readonly only?: string[];
  readonly minScore?: number;
  readonly top: number;
}

/** Filters scored rows and writes them in the format asked for. */
export class VerdictSink {
  readonly counts = new Map<string, number>();
  readonly #options: SinkOptions;
  readonly #format: 'table' | TableFormat;
  readonly #path: string | null;
  readonly #compression: Compression;
  readonly #rowsOut: RowsOut;
  /** The columns of the tables that came last, with those of verdicts. */
  #scoredSpecs: { readonly of: readonly ColumnSpec[]; readonly all: readonly ColumnSpec[] } | null = null;
  readonly #table: VerdictTable;
  #writer: TableWriter | null = null;
  #specs: readonly ColumnSpec[] = [];

  constructor(options: SinkOptions, out: Console) {
    this.#rowsOut = new RowsOut(options, out);
    this.#options = options;
    this.#path = outputPath(options.output);
    if (options.format === 'table' && options.columns !== undefined) throw tableColumns();
    const byTerminal = this.#path === null && process.stdout.isTTY === true ? 'table' : 'jsonl';
    this.#format = options.format === 'table' ? 'table' : (formatFor(this.#path, options.format) ?? byTerminal);
    this.#compression = compressionFor(this.#format, options);
    this.#table = new VerdictTable(options.top, this.#path);
  }

  async write(specs: readonly ColumnSpec[], table: Table, verdicts: readonly Verdict[]): Promise<void> {
    for (const { verdict } of verdicts) this.counts.set(verdict, (this.counts.get(verdict) ?? 0) + 1);
    const { only, minScore = 0 } = this.#options;
    const rows = verdicts.flatMap(({ verdict, score }, row) =>
      score >= minScore && only?.includes(verdict) !== false ? [row] : [],
    );
    const scored = withVerdicts(specs, table, verdicts);
    const chosen = rows.length === table.length ? scored : takeTableRows(scored, rows);
    if (this.#scoredSpecs?.of !== specs) this.#scoredSpecs = { of: specs, all: scored.specs };
    const kept = this.#rowsOut.apply(this.#scoredSpecs.all, chosen);
    if (this.#format === 'table') this.#table.add(kept);
    else {
      this.#writer ??= await this.#open(specs);
      this.#writer.write(withColumns(kept, this.#specs));
    }
  }

  async finish(): Promise<void> {
    if (this.#format === 'table') this.#table.finish();
    else (this.#writer ?? (await this.#open(FEATURES))).finish();
  }

  abandon(): void {
    this.#writer?.abandon();
    this.#table.abandon();
  }

  /** The first rows decide the columns: a flow table may have more than the extractor makes, or fewer. */
  #open(specs: readonly ColumnSpec[]): Promise<TableWriter> {
    const all = withVerdictColumns(specs);
    this.#specs = this.#options.columns === undefined ? all : chooseColumns(all, this.#options.columns);
    return TableWriter.open(this.#path, this.#format as TableFormat, this.#specs, this.#compression);
  }
}

function tableColumns(): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: 'the format table shows columns of its own',
    expected: '--columns with csv, jsonl, arrow, arrows or parquet',
    action: 'leave out --columns, or choose another --format',
  });
}
