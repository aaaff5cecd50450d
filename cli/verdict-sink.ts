/** Where verdicts go: the rows asked for, in the format asked for. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type ColumnSpec, type Table, takeTableRows, withColumns } from '../core/table.ts';
import { isPipe } from '../features/capture/input.ts';
import { writeTextFile } from '../features/files/output.ts';
import {
  type Compression,
  chooseColumns,
  RESUMABLE_FORMATS,
  TABLE_FORMATS,
  type TableCheckpoint,
  type TableFormat,
  TableWriter,
} from '../features/files/table-writer.ts';
import { FEATURES } from '../features/vector/schema.ts';
import { checkRecordColumns, RECORD_FORMATS, type RecordFormat } from '../serve/records/formats.ts';
import type { Verdict } from '../serve/verdict.ts';
import { withVerdictColumns, withVerdicts } from '../serve/verdict-columns.ts';
import type { Console } from './console.ts';
import { HostsFile, type HostsOptions, hostsPath } from './hosts-file.ts';
import { formatFor, outputPath } from './outputs.ts';
import { RecordWriter } from './record-writer.ts';
import { Riskiest } from './riskiest.ts';
import { type ChoiceOptions, RowChoice } from './row-choice.ts';
import { compressionFor, RowsOut, type TableOptions } from './table-options.ts';
import { type JudgingCard, VerdictSummary } from './verdict-summary.ts';
import { lookOf, SHOWN_COLUMNS, verdictTable } from './verdict-table.ts';

/** For people, for other programs' tables, and in other programs' words. */
export const VERDICT_FORMATS = ['table', ...TABLE_FORMATS, ...RECORD_FORMATS] as const;
export type VerdictFormat = (typeof VERDICT_FORMATS)[number];

export interface SinkOptions extends TableOptions, ChoiceOptions, HostsOptions {
  readonly output?: string;
  readonly format?: VerdictFormat;
  readonly columns?: string[];
  /** The riskiest so many rows; without it all, and in the format table DEFAULT_TOP. */
  readonly top?: number;
}

export const DEFAULT_TOP = 40;

/** Where the output of a run can be gone on with. */
export interface SinkCheckpoint extends TableCheckpoint {
  /** Of the rows that are written. */
  readonly columns: readonly ColumnSpec[];
  /** Rows that were not written, by the option that kept them out. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Formats of lines: each stands for itself as soon as it is written. */
const LINES: readonly string[] = ['csv', 'jsonl', ...RECORD_FORMATS];

/** Filters scored rows and writes them in the format asked for. */
export class VerdictSink {
  readonly #options: SinkOptions;
  readonly format: VerdictFormat;
  readonly #path: string | null;
  readonly #hostsPath: string | null;
  readonly #compression: Compression;
  readonly #rowsOut: RowsOut;
  readonly #choice: RowChoice;
  /** The columns of the tables that came last, with those of verdicts. */
  #scoredSpecs: { readonly of: readonly ColumnSpec[]; readonly all: readonly ColumnSpec[] } | null = null;
  #card: JudgingCard | null = null;
  #summary: VerdictSummary | null = null;
  #riskiest: Riskiest | null = null;
  #hosts: HostsFile | null = null;
  #writer: TableWriter | RecordWriter | null = null;
  #specs: readonly ColumnSpec[] | null = null;

  readonly #before: SinkCheckpoint | null;
  #rows: number;

  /**
   * @param before the output to go on with, and rows that were judged for it
   * @throws FlowlampError for options that do not go together
   */
  constructor(
    options: SinkOptions,
    out: Console,
    before: { readonly output: SinkCheckpoint | null; readonly rows: number } = { output: null, rows: 0 },
  ) {
    this.#before = before.output;
    this.#rows = before.rows;
    this.#rowsOut = new RowsOut(options, out);
    this.#options = options;
    this.#choice = new RowChoice(options, before.output?.leftOut);
    this.#path = outputPath(options.output);
    this.format = formatOf(options.format, this.#path);
    if (!isTableFormat(this.format) && options.columns !== undefined) throw ownColumns(this.format);
    this.#compression = compressionFor(this.format, options);
    this.#hostsPath = hostsPath(options);
  }

  /** Says whose verdicts will come; before the first `write`. */
  async begin(card: JudgingCard): Promise<void> {
    this.#card = card;
    const { top, minRisk } = this.#options;
    if (minRisk !== undefined && card.positive === null) throw noRisk(card);
    if (this.format === 'table') this.#summary = new VerdictSummary(card);
    const most = top ?? (this.format === 'table' ? DEFAULT_TOP : null);
    if (most !== null) this.#riskiest = new Riskiest(most, card);
    if (this.#hostsPath !== null) this.#hosts = await HostsFile.open(this.#hostsPath, this.#options, card);
  }

  async write(specs: readonly ColumnSpec[], table: Table, verdicts: readonly Verdict[]): Promise<void> {
    this.#rows += verdicts.length;
    const scored = withVerdicts(specs, table, verdicts);
    this.#summary?.add(scored);
    this.#hosts?.add(this.#rowsOut.anonymized(scored));
    const rows = this.#choice.chosen(verdicts);
    const chosen = rows.length === table.length ? scored : takeTableRows(scored, rows);
    if (this.#scoredSpecs?.of !== specs) this.#scoredSpecs = { of: specs, all: scored.specs };
    const kept = this.#rowsOut.apply(this.#scoredSpecs.all, chosen);
    this.#choice.count('--filter', chosen.length - kept.length);
    this.#specs ??= this.#columnsOf(specs);
    if (this.#riskiest === null) (await this.#open()).write(withColumns(kept, this.#specs));
    else {
      // An output that cannot be written is told before the work, not after it.
      if (this.format !== 'table') await this.#open();
      this.#riskiest.add(withColumns(kept, this.#specs));
    }
  }

  /** Whether rows are of use before the last one is there. */
  get isLive(): boolean {
    return LINES.includes(this.format);
  }

  /** Whether another process can go on with the output: what else is gathered over all rows would be lost. */
  get isResumable(): boolean {
    const { top, hosts } = this.#options;
    const isFile = this.#path !== null && !isPipe(this.#path);
    return isFile && top === undefined && hosts === undefined && this.#formatIsResumable;
  }

  get #formatIsResumable(): boolean {
    return RESUMABLE_FORMATS.includes(this.format) || !(isTableFormat(this.format) || this.format === 'table');
  }

  /** Hands on what has been written so far. */
  flush(): void {
    this.#writer?.flush();
  }

  /** Where the output can be gone on with; null if no row has been written, or where it cannot. */
  checkpoint(): SinkCheckpoint | null {
    const place = this.isResumable ? this.#writer?.checkpoint() : null;
    if (place === null || place === undefined) return null;
    const columns = this.#specs!.map(({ name, type, unit, revision }) => ({ name, type, unit, revision }));
    return { ...place, columns, leftOut: this.#choice.leftOut };
  }

  async finish(): Promise<void> {
    if (this.format === 'table') {
      writeTextFile(this.#path, verdictTable(this.#riskiest!, this.#summary!, this.#card!, lookOf(this.#path)));
    } else {
      this.#specs ??= this.#columnsOf(FEATURES);
      const writer = await this.#open();
      for (const table of this.#riskiest?.tables() ?? []) writer.write(table);
      writer.finish();
    }
    this.#hosts?.finish();
  }

  /** What people should know of what was written. */
  notes(): string[] {
    // The table itself says how many more there are.
    if (this.#riskiest !== null && this.format !== 'table')
      this.#choice.count('--top', Math.max(0, this.#riskiest.seen - this.#riskiest.most));
    const leftOut = this.#choice.text(this.#rows);
    return [...(leftOut === null ? [] : [leftOut]), ...(this.#hosts?.notes() ?? [])];
  }

  abandon(): void {
    this.#writer?.abandon();
    this.#hosts?.abandon();
  }

  /** The first rows decide the columns: a flow table may have more than the extractor makes, or fewer. */
  #columnsOf(specs: readonly ColumnSpec[]): readonly ColumnSpec[] {
    if (this.#before !== null) return this.#before.columns;
    const all = withVerdictColumns(specs);
    if (this.format === 'table') return all.filter(({ name }) => SHOWN_COLUMNS.includes(name));
    if (!isTableFormat(this.format)) checkRecordColumns(this.format, all);
    return this.#options.columns === undefined ? all : chooseColumns(all, this.#options.columns);
  }

  async #open(): Promise<TableWriter | RecordWriter> {
    if (this.#writer !== null) return this.#writer;
    const format = this.format as TableFormat | RecordFormat;
    this.#writer = isTableFormat(format)
      ? await TableWriter.open(this.#path, format, this.#specs!, this.#compression, this.#before)
      : new RecordWriter(this.#path, format, this.#card!, this.#before);
    return this.#writer;
  }
}

function formatOf(format: VerdictFormat | undefined, path: string | null): VerdictFormat {
  if (format !== undefined) return format;
  return formatFor(path, undefined) ?? (path === null && process.stdout.isTTY === true ? 'table' : 'jsonl');
}

function isTableFormat(format: VerdictFormat): format is TableFormat {
  return (TABLE_FORMATS as readonly string[]).includes(format);
}

function ownColumns(format: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the format ${format} has columns of its own`,
    expected: `--columns with ${TABLE_FORMATS.join(', ')}`,
    action: 'leave out --columns, or choose another --format',
  });
}

function noRisk({ name, version }: JudgingCard): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the model ${name}@${version} names no label as a risk, so --min-risk would let nothing through`,
    expected: 'it with a model that has a positive label (`flowlamp model show`)',
    action: 'choose rows with --only and --min-score',
  });
}
