/** `flowlamp score`: captures or flow tables to verdicts. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type ColumnSpec, copyTable, type Table } from '../../core/table.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { isCaptureFile, sourceKind } from '../../features/files/flow-source.ts';
import { expandInputs } from '../../features/files/inputs.ts';
import { readTable } from '../../features/files/table-reader.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { ModelCard } from '../../models/card.ts';
import { DEFAULT_MODEL, RUNTIMES, type Runtime, Scorer } from '../../serve/engine.ts';
import { UNKNOWN } from '../../serve/verdict.ts';
import { accountLine, readCapture } from '../captures.ts';
import { Console } from '../console.ts';
import { ExitCode } from '../exit.ts';
import { type CaptureJobs, openJobs } from '../jobs/capture-jobs.ts';
import { loginOptions } from '../login-options.ts';
import {
  addRowOptions,
  fraction,
  nameList,
  positiveInteger,
  type ReadingOptions,
  type RowOptions,
  riskLevel,
  timeZone,
} from '../options.ts';
import { outputPath, refuseInputAsOutput } from '../outputs.ts';
import { addTableOptions } from '../table-options.ts';
import { DEFAULT_TOP, type SinkOptions, VERDICT_FORMATS, VerdictSink } from '../verdict-sink.ts';
import { verdictLine } from '../verdict-summary.ts';

export interface ScoreCommandOptions extends RowOptions, SinkOptions {
  readonly model: string;
  readonly runtime: Runtime;
  readonly failOn?: string[];
}

export function addScoreCommand(program: Command): void {
  addRowOptions(
    addTableOptions(
      program
        .command('score')
        .description('captures or flow tables -> verdicts')
        .argument('<input...>', 'captures, flow tables, folders, globs, or - for standard input')
        .option(
          '-m, --model <model>',
          'a model folder, name@version of the registry, or the name of a model that ships',
          DEFAULT_MODEL,
        )
        .option('-o, --output <file>', 'write here instead of standard output')
        .addOption(new Option('-f, --format <format>', 'output format').choices(VERDICT_FORMATS))
        .option('--columns <names>', 'only these columns, in this order', nameList)
        .option('--only <labels>', 'only rows with these verdicts', nameList)
        .option('--min-score <probability>', 'only rows whose most probable class is at least so probable', fraction)
        .option('--min-risk <level>', 'only rows with at least this risk, from 0 to 10', riskLevel)
        .option(
          '--top <count>',
          `only so many rows, those of highest risk, riskiest first (default: all; ${DEFAULT_TOP} in the format table)`,
          positiveInteger,
        )
        .option('--hosts <file>', 'also write a row for each client and for each client and server (docs/hosts.md)')
        .option('--time-zone <name>', 'whose nights --hosts looks at, such as Europe/Berlin (default: UTC)', timeZone)
        .option('--fail-on <labels>', 'exit with 3 if any flow has one of these verdicts', nameList)
        .addOption(new Option('--runtime <name>', 'what runs the model').choices(RUNTIMES).default('kernel')),
    ),
  )
    .addHelpText('after', '\nExample:\n  flowlamp score capture.pcap -f jsonl\n')
    .action(async (inputs: string[], options: ScoreCommandOptions) => {
      const counts = await runScore(inputs, options);
      if (options.failOn?.some((label) => counts.has(label))) process.exitCode = ExitCode.VerdictMet;
    });
}

/** @returns how many flows have each verdict, whether or not their rows are shown */
export async function runScore(
  inputs: readonly string[],
  options: ScoreCommandOptions,
): Promise<ReadonlyMap<string, number>> {
  const out = new Console(options.quiet === true);
  const started = Date.now();
  const files = expandInputs(inputs);
  refuseInputAsOutput(outputPath(options.output), files);
  refuseInputAsOutput(outputPath(options.hosts), files);
  const sink = new VerdictSink(options, out);
  const summaries: CaptureSummary[] = [];
  // Threads begin to read while this one still loads the model and what runs it.
  const reading = { ...options, logins: loginOptions(options, out) };
  const jobs = openJobs(files, reading, isCaptureFile);
  const scorer = await Scorer.open(options.model, options.runtime).catch(async (error: unknown) => {
    await jobs?.close();
    throw error;
  });
  try {
    checkVerdictNames(scorer.card, options);
    await sink.begin(scorer.card);
    for (const [index, file] of files.entries()) {
      const take = async (specs: readonly ColumnSpec[], table: Table) => {
        await sink.write(specs, table, await scorer.score(file, specs, table));
      };
      const kind = await sourceKind(file);
      if (kind === 'capture') {
        summaries.push(await scoreCapture(file, `${index + 1}/${files.length}`, reading, out, take, jobs));
      } else await readTable(file, kind, (table, specs) => take(specs, table));
    }
    await sink.finish();
  } finally {
    sink.abandon();
    await jobs?.close();
    await scorer.close();
  }
  if (summaries.length === 0 && (options.reveal === true || options.salt !== undefined)) {
    out.warn('flow tables show accounts of miners as they were extracted: --reveal and --salt change nothing');
  }
  if (summaries.length > 0) out.say(accountLine(summaries, (Date.now() - started) / 1000));
  out.say(verdictLine(sink.counts, `${scorer.card.name}@${scorer.card.version}`));
  for (const note of sink.notes()) out.say(note);
  return sink.counts;
}

/** A verdict that the model never gives would make a filter that lets nothing through, and an alarm that never rings. */
function checkVerdictNames(
  { labels, name, version }: ModelCard,
  { only = [], failOn = [] }: ScoreCommandOptions,
): void {
  const given = [...labels, UNKNOWN];
  const strange = [...only, ...failOn].find((label) => !given.includes(label));
  if (strange === undefined) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the model ${name}@${version} never gives the verdict ${strange}`,
    expected: `one of ${given.join(', ')}`,
    action: 'correct --only or --fail-on',
  });
}

async function scoreCapture(
  file: string,
  ordinal: string,
  options: ReadingOptions,
  out: Console,
  take: (specs: readonly ColumnSpec[], table: Table) => Promise<void>,
  jobs: CaptureJobs | null,
): Promise<CaptureSummary> {
  // Batches are lent while packets are read; the model runs between pieces, so they are copied and wait.
  const waiting: Table[] = [];
  const scoreWaiting = async () => {
    for (const table of waiting.splice(0)) await take(FEATURES, table);
  };
  const receive = (batch: Table) => void waiting.push(copyTable(batch));
  return readCapture(file, ordinal, options, receive, out, scoreWaiting, jobs);
}
