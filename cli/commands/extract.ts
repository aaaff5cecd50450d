/** `flowlamp extract`: captures to flow rows. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { loadFlowLabels } from '../../datasets/flow-labels.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { expandInputs } from '../../features/files/inputs.ts';
import { chooseColumns, TABLE_FORMATS, type TableFormat, TableWriter } from '../../features/files/table-writer.ts';
import { peerTable, sourcesOf } from '../../features/rows/peers/peer-schema.ts';
import { PEER_SCHEMAS, peerColumns } from '../../features/rows/peers/schemas.ts';
import { COLUMNS, FEATURES } from '../../features/vector/schema.ts';
import { accountLine, readCapture } from '../captures.ts';
import { Console } from '../console.ts';
import { readingOrder } from '../continued.ts';
import { type Example, examplesText } from '../examples.ts';
import { openJobs } from '../jobs/capture-jobs.ts';
import { loginOptions } from '../login-options.ts';
import { counted } from '../numbers.ts';
import { addRowOptions, continueOption, nameList, type RowOptions } from '../options.ts';
import { formatFor, outputPath, refuseInputAsOutput } from '../outputs.ts';
import { RunProgress } from '../run-progress.ts';
import { addTableOptions, compressionFor, RowsOut, type TableOptions } from '../table-options.ts';

export interface ExtractCommandOptions extends RowOptions, TableOptions {
  readonly output?: string;
  readonly format?: TableFormat;
  readonly columns?: string[];
  /** The flow meter whose columns are written; ours without it. */
  readonly schema?: string;
  readonly label?: string;
  readonly labels?: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp extract capture.pcap -o flows.arrow'],
  ['flowlamp extract captures/ -f csv --columns first_seen,src_ip,dst_ip,sni,ja4', 'into a pipe or onto the terminal'],
  ['flowlamp extract ring/ --continue -o flows.parquet', 'flows go on from file to file'],
  ['flowlamp extract capture.pcap --filter "dst_port == 443 and fwd_bytes > 1e6"', 'only these rows'],
  ['flowlamp extract capture.pcap --schema nfstream -o flows.csv', 'for what reads files of nfstream'],
];

export function addExtractCommand(program: Command): void {
  addRowOptions(
    addTableOptions(
      program
        .command('extract')
        .description('captures -> flow rows')
        .argument('<input...>', 'captures, folders, globs, or - for standard input')
        .option('-o, --output <file>', 'write here instead of standard output')
        .addOption(new Option('-f, --format <format>', 'output format').choices(TABLE_FORMATS))
        .option('--columns <names>', 'only these columns, in this order', nameList)
        .addOption(
          new Option('--schema <name>', 'write the columns of another flow meter (docs/migrating.md)').choices(
            PEER_SCHEMAS.map(({ name }) => name),
          ),
        )
        .addOption(continueOption())
        .addOption(new Option('--label <label>', 'label of every row').conflicts('labels'))
        .option('--labels <manifest>', 'labels by flow, from a manifest'),
    ),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (inputs: string[], options: ExtractCommandOptions) => {
      await runExtract(inputs, options);
    });
}

export async function runExtract(inputs: readonly string[], options: ExtractCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const started = Date.now();
  const files = await readingOrder(expandInputs(inputs), options, out);
  const labels = options.labels === undefined ? null : loadFlowLabels(options.labels);
  const path = outputPath(options.output);
  const format = formatFor(path, options.format) ?? 'jsonl';
  const compression = compressionFor(format, options);
  refuseInputAsOutput(path, files);
  labels?.requireAny(files);
  const rowsOut = new RowsOut(options, out);
  const layout = layoutOf(options, rowsOut);
  rowsOut.check(COLUMNS);
  const reading = {
    ...options,
    logins: loginOptions(options, out),
    rowColumns: rowsOut.columnsFor([...layout.needed, ...(labels?.columns ?? [])]),
  };
  const unnamed = files.filter((file) => labels?.names(file) === false);
  const summaries: CaptureSummary[] = [];
  const progress = new RunProgress(files);
  // Threads begin to read while this one still loads what it writes with.
  const jobs = openJobs(files, reading);
  try {
    const writer = await TableWriter.open(path, format, layout.specs, compression);
    try {
      const receive = (batch: Table) => {
        labels?.apply(batch);
        const rows = rowsOut.apply(COLUMNS, batch);
        if (rows.length > 0) writer.write(layout.laidOut(rows));
      };
      for (const [index, file] of files.entries()) {
        summaries.push(await readCapture(file, progress.capture(index), reading, receive, out, {}, jobs));
      }
      writer.finish();
    } finally {
      writer.abandon();
    }
  } finally {
    await jobs?.close();
  }
  if (unnamed.length > 0) {
    out.warn(`${counted(unnamed.length, 'capture')} not in ${options.labels} (${unnamed[0]}): no labels`);
  }
  out.say(accountLine(summaries, (Date.now() - started) / 1000));
  if (path !== null) out.say(`wrote ${path} (${format})`);
  if (layout.note !== null) out.say(layout.note);
}

/** What is written of a row, and what it is made of. */
interface Layout {
  readonly specs: readonly ColumnSpec[];
  /** Columns of ours. */
  readonly needed: readonly string[];
  readonly laidOut: (rows: Table) => Table;
  /** What a reader of the table has to know. */
  readonly note: string | null;
}

/** @throws FlowlampError COLUMN_UNKNOWN */
function layoutOf({ schema: name, columns: names, label, labels }: ExtractCommandOptions, rowsOut: RowsOut): Layout {
  const schema = PEER_SCHEMAS.find((candidate) => candidate.name === name);
  if (schema === undefined) {
    const specs = names === undefined ? FEATURES : chooseColumns(COLUMNS, names);
    return { specs, needed: specs.map((spec) => spec.name), laidOut: (rows) => rows, note: null };
  }
  const columns = peerColumns(schema, names, label !== undefined || labels !== undefined);
  refuseTheirWords(rowsOut, columns, schema.name);
  let written = 0;
  const laidOut = (rows: Table) => {
    const table = peerTable(columns, rows, written);
    written += rows.length;
    return table;
  };
  const lacking = columns.filter(({ from }) => from.length === 0).length;
  const differing = columns.filter(({ from, difference }) => from.length > 0 && difference !== '').length;
  const note = `columns of ${schema.tool}: ${counted(columns.length, 'column')}, ${lacking} of them null and ${differing} not quite what it writes; docs/migrating.md says why`;
  return { specs: columns, needed: sourcesOf(columns), laidOut, note };
}

/** `--filter` is asked of rows as they were read: many names of others are no words of its language. */
function refuseTheirWords(rowsOut: RowsOut, columns: readonly ColumnSpec[], schema: string): void {
  const theirs = rowsOut
    .columnsFor([])
    .find((name) => columns.some((column) => column.name === name) && !COLUMNS.some((column) => column.name === name));
  if (theirs === undefined) return;
  throw new FlowlampError(ErrorCode.ColumnUnknown, {
    happened: `the filter asks for ${theirs}, a column of ${schema}`,
    expected: 'columns of flowlamp in --filter, also with --schema',
    action: 'correct --filter (docs/migrating.md says which columns each of theirs is made of)',
  });
}
