/** `flowlamp score`: captures or flow tables to verdicts. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { isPipe } from '../../features/capture/input.ts';
import type { ModelCard } from '../../models/card.ts';
import { DEFAULT_MODEL, RUNTIMES, type Runtime, Scorer } from '../../serve/engine.ts';
import { UNKNOWN } from '../../serve/verdict.ts';
import { accountLine } from '../captures.ts';
import { Console } from '../console.ts';
import { readingOrder, refuseTable } from '../continued.ts';
import { type Example, examplesText } from '../examples.ts';
import { ExitCode } from '../exit.ts';
import { addIntelligenceOptions, type IntelligenceOptions, openIntelligence } from '../intelligence-options.ts';
import { openJobs } from '../jobs/capture-jobs.ts';
import { loginOptions } from '../login-options.ts';
import {
  addRowOptions,
  continueOption,
  fraction,
  nameList,
  positiveInteger,
  type RowOptions,
  riskLevel,
  timeZone,
} from '../options.ts';
import { outputPath, refuseInputAsOutput } from '../outputs.ts';
import { identityOf } from '../run-identity.ts';
import { RunProgress } from '../run-progress.ts';
import { findInputs, kindsOf } from '../score-inputs.ts';
import { openJournal, resumeText } from '../score-journal.ts';
import { ScoreRun } from '../score-run.ts';
import { addTableOptions } from '../table-options.ts';
import { DEFAULT_TOP, type SinkOptions, VERDICT_FORMATS, VerdictSink } from '../verdict-sink.ts';
import { verdictLine } from '../verdict-summary.ts';
import { VerdictTally } from '../verdict-tally.ts';

export interface ScoreCommandOptions extends RowOptions, SinkOptions, IntelligenceOptions {
  readonly model: string;
  readonly runtime: Runtime;
  readonly failOn?: string[];
  readonly resume?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp score capture.pcap', 'a table for people; JSON lines into a pipe'],
  ['flowlamp score captures/ -o verdicts.jsonl', 'all captures and flow tables of a folder'],
  ['flowlamp score captures/ -o verdicts.jsonl --resume', 'go on where that was stopped'],
  ['tcpdump -U -w - | flowlamp score - --emit prefix:20 --emit end', 'verdicts as flows go on'],
  ['flowlamp score flows.parquet --fail-on mining --quiet -f csv', 'exit code 3 if there is any'],
];

export function addScoreCommand(program: Command): void {
  const command = addRowOptions(
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
        .addOption(continueOption().conflicts('resume'))
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
        .option('--fail-on <labels>', 'exit with 3 if any row has one of these verdicts', nameList)
        .option('--resume', 'go on with a run to the same -o that was stopped (docs/scoring-runs.md)')
        .addOption(new Option('--runtime <name>', 'what runs the model').choices(RUNTIMES).default('kernel')),
    ),
  );
  addIntelligenceOptions(command)
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (inputs: string[], options: ScoreCommandOptions) => {
      const tally = await runScore(inputs, options);
      if (tally.hasMet(options.failOn ?? [])) process.exitCode = ExitCode.VerdictMet;
    });
}

/** @returns what the verdicts were, whether or not their rows are shown */
export async function runScore(inputs: readonly string[], options: ScoreCommandOptions): Promise<VerdictTally> {
  const out = new Console(options.quiet === true);
  const started = Date.now();
  const path = outputPath(options.output);
  const found = findInputs(inputs, path);
  refuseInputAsOutput(path, found);
  refuseInputAsOutput(outputPath(options.hosts), found);
  const kinds = await kindsOf(found);
  for (const [file, kind] of kinds) refuseTable(file, kind, options);
  const files = await readingOrder(found, options, out);
  const journal = openJournal(path, files, options.resume === true);
  const first = journal?.done ?? 0;
  const sink = new VerdictSink(options, out, { output: journal?.output ?? null, rows: journal?.last?.tally.rows ?? 0 });
  if (options.resume === true && !sink.isResumable) throw notResumable(path, sink.format, options);
  // Threads begin to read while this one still loads the model and what runs it.
  const reading = { ...options, logins: loginOptions(options, out) };
  const jobs = openJobs(files.slice(first), reading, (file) => kinds.get(file) === 'capture');
  const scorer = await openScorer(options, out).catch(async (error: unknown) => {
    await jobs?.close();
    throw error;
  });
  const parts = {
    files,
    kinds,
    options: reading,
    out,
    scorer,
    sink,
    jobs,
    // Between two captures in which flows go on there is no place to go on from.
    journal: sink.isResumable && options.continue !== true ? journal : null,
    tally: new VerdictTally(journal?.last?.tally),
    progress: new RunProgress(files, first),
  };
  const run = new ScoreRun(parts);
  try {
    checkVerdictNames(scorer.card, options);
    await sink.begin(scorer.card);
    journal?.identify(identityOf(scorer.card, options, sink.format));
    if (options.resume === true) out.say(resumeText(journal!, files.length));
    await run.readAll(first);
    await sink.finish();
    journal?.remove();
  } catch (error) {
    // What was asked to be resumable stays so, whatever stops it.
    if (options.resume !== true || journal!.done === 0) sink.abandon();
    if (options.resume !== true && journal?.isBegun === true) journal.remove();
    throw error;
  } finally {
    await jobs?.close();
    await scorer.close();
  }
  if (run.captures.length === 0 && (options.reveal === true || options.salt !== undefined)) {
    out.warn('flow tables show accounts of miners as they were extracted: --reveal and --salt change nothing');
  }
  const { tally } = parts;
  if (run.captures.length > 0) out.say(accountLine(run.captures, (Date.now() - started) / 1000));
  out.say(verdictLine(tally.flows, `${scorer.card.name}@${scorer.card.version}`, tally.rows));
  for (const note of sink.notes()) out.say(note);
  return tally;
}

function notResumable(path: string | null, format: string, { top, hosts }: SinkOptions): FlowlampError {
  const isFile = path !== null && !isPipe(path);
  const gathered = top !== undefined ? '--top' : hosts !== undefined ? '--hosts' : null;
  const what = gathered === null ? `writes ${format}` : `has ${gathered}, which is of all rows,`;
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: isFile ? `a run that ${what} cannot be gone on with` : '--resume has no file to go on with',
    expected: 'a file (-o) in one of arrow, arrows, csv, jsonl, eve, ecs, without --top and --hosts',
    action: 'choose another --format or -o, or leave out --resume',
  });
}

async function openScorer(options: ScoreCommandOptions, out: Console): Promise<Scorer> {
  const { finders } = await openIntelligence(options, out);
  return Scorer.open(options.model, options.runtime, finders);
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
