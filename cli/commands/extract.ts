/** `flowlamp extract`: captures to flow rows. */
import { type Command, Option } from 'commander';
import type { Table } from '../../core/table.ts';
import { loadFlowLabels } from '../../datasets/flow-labels.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { expandInputs } from '../../features/files/inputs.ts';
import { chooseColumns, TABLE_FORMATS, type TableFormat, TableWriter } from '../../features/files/table-writer.ts';
import { COLUMNS, FEATURES } from '../../features/vector/schema.ts';
import { accountLine, readCapture } from '../captures.ts';
import { Console } from '../console.ts';
import { openJobs } from '../jobs/capture-jobs.ts';
import { loginOptions } from '../login-options.ts';
import { counted } from '../numbers.ts';
import { addRowOptions, nameList, type RowOptions } from '../options.ts';
import { formatFor, outputPath, refuseInputAsOutput } from '../outputs.ts';
import { RunProgress } from '../run-progress.ts';
import { addTableOptions, compressionFor, RowsOut, type TableOptions } from '../table-options.ts';

export interface ExtractCommandOptions extends RowOptions, TableOptions {
  readonly output?: string;
  readonly format?: TableFormat;
  readonly columns?: string[];
  readonly label?: string;
  readonly labels?: string;
}

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
        .addOption(new Option('--label <label>', 'label of every row').conflicts('labels'))
        .option('--labels <manifest>', 'labels by flow, from a manifest'),
    ),
  )
    .addHelpText('after', '\nExample:\n  flowlamp extract capture.pcap -o flows.arrow\n')
    .action(async (inputs: string[], options: ExtractCommandOptions) => {
      await runExtract(inputs, options);
    });
}

export async function runExtract(inputs: readonly string[], options: ExtractCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const started = Date.now();
  const files = expandInputs(inputs);
  const labels = options.labels === undefined ? null : loadFlowLabels(options.labels);
  const path = outputPath(options.output);
  const format = formatFor(path, options.format) ?? 'jsonl';
  const compression = compressionFor(format, options);
  refuseInputAsOutput(path, files);
  labels?.requireAny(files);
  const specs = options.columns === undefined ? FEATURES : chooseColumns(COLUMNS, options.columns);
  const rowsOut = new RowsOut(options, out);
  rowsOut.check(COLUMNS);
  const reading = {
    ...options,
    logins: loginOptions(options, out),
    rowColumns: rowsOut.columnsFor([...specs.map(({ name }) => name), ...(labels?.columns ?? [])]),
  };
  const unnamed = files.filter((file) => labels?.names(file) === false);
  const summaries: CaptureSummary[] = [];
  const progress = new RunProgress(files);
  // Threads begin to read while this one still loads what it writes with.
  const jobs = openJobs(files, reading);
  try {
    const writer = await TableWriter.open(path, format, specs, compression);
    try {
      for (const [index, file] of files.entries()) {
        const receive = (batch: Table) => {
          labels?.apply(file, batch);
          const rows = rowsOut.apply(COLUMNS, batch);
          if (rows.length > 0) writer.write(rows);
        };
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
}
