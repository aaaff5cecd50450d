/** `flowlamp explain`: why one flow got its verdict. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { copyTable } from '../../core/copy-table.ts';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { sourceKind } from '../../features/files/flow-source.ts';
import { writeTextFile } from '../../features/files/output.ts';
import { readTable } from '../../features/files/table-reader.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import type { ModelCard } from '../../models/card.ts';
import { loadModelFolder } from '../../models/folder.ts';
import { DEFAULT_MODEL, RUNTIMES, type Runtime, Scorer } from '../../serve/engine.ts';
import { type Chosen, FlowChoice, shortName } from '../../serve/explain/choice.ts';
import { labelNamed } from '../../serve/explain/effects.ts';
import { type Explained, explainRow } from '../../serve/explain/explain.ts';
import { type FlowSelector, parseSelector, SELECTOR_FORMS } from '../../serve/explain/selector.ts';
import { readCapture } from '../captures.ts';
import { Console } from '../console.ts';
import { readingOrder, refuseTable } from '../continued.ts';
import { type Example, examplesText } from '../examples.ts';
import { paintFor } from '../explain/paint.ts';
import { reportJson } from '../explain/report-json.ts';
import { reportSvg } from '../explain/report-svg.ts';
import { reportText } from '../explain/report-text.ts';
import { partText } from '../explain/words.ts';
import { addIntelligenceOptions, type IntelligenceOptions, openIntelligence } from '../intelligence-options.ts';
import { openJobs } from '../jobs/capture-jobs.ts';
import { counted } from '../numbers.ts';
import { addRowOptions, continueOption, positiveInteger, type RowOptions, zeroOrMoreWhole } from '../options.ts';
import { outputPath, refuseInputAsOutput } from '../outputs.ts';
import { findInputs, kindsOf } from '../score-inputs.ts';

const FORMATS = ['text', 'json', 'svg'] as const;

interface NamedFlow {
  /** As it was typed. */
  readonly text: string;
  readonly selector: FlowSelector;
}

interface ExplainOptions extends RowOptions, IntelligenceOptions {
  readonly flow?: NamedFlow;
  readonly part?: number;
  readonly model: string;
  readonly runtime: Runtime;
  readonly top: number;
  readonly for?: string;
  readonly output?: string;
  readonly format?: (typeof FORMATS)[number];
  readonly svg?: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp explain capture.pcap', 'the riskiest flow'],
  ['flowlamp explain capture.pcap --flow 10.0.0.5:43210'],
  ['flowlamp explain capture.pcap --flow 10.0.0.5:43210-192.0.2.7:443 --svg why.svg', 'drawn, too'],
  ['flowlamp explain flows.parquet -m my-model -f json', 'for programs'],
];

export function addExplainCommand(program: Command): void {
  const command = addRowOptions(
    program
      .command('explain')
      .description('why a flow got its verdict: evidence, inputs that moved the score, messages')
      .argument('<input...>', 'captures, flow tables, folders, globs, or - for standard input')
      .addOption(
        new Option(
          '--flow <id>',
          'the flow: its flow_id, community_id, ADDRESS[:PORT], or two of these with - between (default: the riskiest)',
        ).argParser(namedFlow),
      )
      .option(
        '--part <number>',
        'which part of a flow that was cut into parts (default: the riskiest)',
        zeroOrMoreWhole,
      )
      .option(
        '-m, --model <model>',
        'a model folder, name@version of the registry, or the name of a model that ships',
        DEFAULT_MODEL,
      )
      .addOption(continueOption())
      .addOption(new Option('--runtime <name>', 'what runs the model').choices(RUNTIMES).default('kernel'))
      .option('--for <label>', 'the label that positive numbers speak for')
      .option('--top <count>', 'inputs to list', positiveInteger, 12)
      .option('-o, --output <file>', 'write here instead of standard output')
      .addOption(
        new Option('-f, --format <format>', 'output format (default: by the ending of -o, else text)').choices(FORMATS),
      )
      .option('--svg <file>', 'draw the explanation there as well'),
  );
  addIntelligenceOptions(command)
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (inputs: string[], options: ExplainOptions) => {
      await runExplain(inputs, options);
    });
}

function namedFlow(text: string): NamedFlow {
  const selector = parseSelector(text);
  if (selector === null) throw new InvalidArgumentError(`expected ${SELECTOR_FORMS}.`);
  return { text: text.trim(), selector };
}

async function runExplain(inputs: readonly string[], options: ExplainOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const found = findInputs(inputs, outputPath(options.output));
  const path = outputPath(options.output);
  const drawing = outputPath(options.svg);
  const format = formatOf(path, options);
  checkOutputs(path, drawing, options);
  for (const each of [path, drawing]) refuseInputAsOutput(each, found);
  const { onnx } = loadModelFolder(options.model);
  const { finders } = await openIntelligence(options, out);
  const scorer = await Scorer.open(options.model, options.runtime, finders);
  try {
    const label = options.for === undefined ? null : labelNamed(scorer.card, options.for);
    const choice = new FlowChoice(options.flow?.selector ?? null, options.part ?? null);
    await scoreAll(found, scorer, choice, options, out);
    const chosen = choice.finish(
      inputs.length > 3 ? counted(found.length, 'file') : inputs.join(' '),
      options.flow?.text ?? '',
    );
    const explained = await explainRow(scorer, onnx, chosen.table, chosen.name.verdict, label);
    tellChoice(chosen, scorer.card, options, out);
    write(chosen, explained, format, options);
  } finally {
    await scorer.close();
  }
}

/** One place for one thing: a drawing beside a drawing would be the same file twice. */
function checkOutputs(path: string | null, drawing: string | null, { svg }: ExplainOptions): void {
  if (svg === undefined || (drawing !== null && drawing !== path)) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: '--svg names the place where the explanation goes',
    expected: 'a file of its own for the drawing',
    action: 'name another file, or take -f svg alone',
  });
}

/** The same way as `score`: what a verdict rests on may be in other rows. */
async function scoreAll(
  found: readonly string[],
  scorer: Scorer,
  choice: FlowChoice,
  options: ExplainOptions,
  out: Console,
): Promise<void> {
  const kinds = await kindsOf(found);
  for (const [file, kind] of kinds) refuseTable(file, kind, options);
  const files = await readingOrder(found, options, out);
  const jobs = openJobs(files, options, (file) => kinds.get(file) === 'capture');
  try {
    for (const [index, file] of files.entries()) {
      const take = async (specs: readonly ColumnSpec[], table: Table) => {
        choice.take(file, table, await scorer.score(file, specs, table));
      };
      const kind = kinds.get(file) ?? (await sourceKind(file));
      refuseTable(file, kind, options);
      if (kind !== 'capture') await readTable(file, kind, (table, specs) => take(specs, table));
      else {
        const waiting: Table[] = [];
        const catchUp = async () => {
          for (const table of waiting.splice(0)) await take(FEATURES, table);
        };
        const receive = (batch: Table) => void waiting.push(copyTable(batch));
        await readCapture(file, `${index + 1}/${files.length}`, options, receive, out, { catchUp }, jobs);
      }
    }
  } finally {
    await jobs?.close();
  }
}

/** What was chosen of several rows, on standard error. */
function tellChoice(chosen: Chosen, card: ModelCard, { flow, part }: ExplainOptions, out: Console): void {
  const { name, rows, others, meant } = chosen;
  const which = card.positive === null ? 'the one with the highest score' : 'the riskiest';
  if (flow === undefined) out.say(`no --flow was given: of ${counted(meant, 'row')} this is ${which}`);
  else if (others.length > 0)
    out.say(`several flows fit ${flow.text}: of their ${counted(meant, 'row')} this is ${which}`);
  if (others.length > 0) out.say(`others: ${others.map(shortName).join('; ')}`);
  if (rows.length < 2 || part !== undefined) return;
  const told = rows.slice(0, 8).map((row) => `${partText(row)} ${row.verdict.verdict} ${row.verdict.score.toFixed(2)}`);
  const more = rows.length > told.length ? ` and ${rows.length - told.length} more` : '';
  const way =
    new Set(rows.map((row) => row.part)).size > 1 ? '--part chooses another' : '--emit decides which there are';
  out.say(`the flow has ${rows.length} rows: ${told.join(', ')}${more}; this is ${partText(name)}, ${way}`);
}

function write(chosen: Chosen, explained: Explained, format: (typeof FORMATS)[number], options: ExplainOptions): void {
  const path = outputPath(options.output);
  const drawing = outputPath(options.svg);
  if (drawing !== null) writeTextFile(drawing, reportSvg(chosen, explained, options.top));
  writeTextFile(path, reportIn(format, chosen, explained, options.top, path === null));
}

/** @throws FlowlampError FORMAT_UNKNOWN for the ending of what an explanation is not */
function formatOf(path: string | null, { format }: ExplainOptions): (typeof FORMATS)[number] {
  if (format !== undefined || path === null) return format ?? 'text';
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? 'txt';
  if (ending === 'txt') return 'text';
  const found = FORMATS.find((name) => name === ending);
  if (found !== undefined) return found;
  throw new FlowlampError(ErrorCode.FormatUnknown, {
    happened: `${path} ends like a format that an explanation is not written in`,
    expected: 'an ending of .txt, .json or .svg',
    action: 'choose another name for -o, or name the format with -f',
  });
}

function reportIn(
  format: (typeof FORMATS)[number],
  chosen: Chosen,
  explained: Explained,
  top: number,
  isStandardOutput: boolean,
): string {
  switch (format) {
    case 'json':
      return reportJson(chosen, explained);
    case 'svg':
      return reportSvg(chosen, explained, top);
    case 'text':
      return reportText(chosen, explained, top, paintFor(isStandardOutput && process.stdout.isTTY === true));
  }
}
