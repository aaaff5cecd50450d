/** `flowlamp train`: labelled flows to a model folder. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { AUDIT_DEFAULTS, type Audit, auditOf } from '../../datasets/audit/audit.ts';
import { AuditCollector } from '../../datasets/audit/collect.ts';
import { packageVersion } from '../../features/files/package-files.ts';
import { checkModelFolder, REPORT_FILE, saveModelFolder } from '../../models/folder.ts';
import { type LabelledData, LabelledRows, type LeftOut } from '../../train/labelled-rows.ts';
import { LEARNERS, type LearnerName, learnerNamed } from '../../train/learners.ts';
import { chosenInputs } from '../../train/model-inputs.ts';
import type { Repeats } from '../../train/repeats.ts';
import { reportPage } from '../../train/report/page.ts';
import { assessTraining, cardFigures } from '../../train/report/studies.ts';
import type { SearchRecord } from '../../train/search/search.ts';
import { type TrainedModel, trainModel } from '../../train/train-model.ts';
import { checkWeighedClasses } from '../class-weight-option.ts';
import { commandLine } from '../command-line.ts';
import { Console } from '../console.ts';
import { Eta } from '../eta.ts';
import { type Example, examplesText } from '../examples.ts';
import { readLabelledInputs } from '../labelled-input.ts';
import { addLearnerFlags, type LearnerFlags, refuseForeignFlags, withLearner } from '../learner-flags.ts';
import { metricsText, share } from '../metrics-text.ts';
import { counted } from '../numbers.ts';
import { addFlowOptions, type FlowOptions, fraction, nameList, positiveInteger, wholeNumber } from '../options.ts';
import { withSystemSignals } from '../signals.ts';
import { controlOf, requireNoBreach } from './dataset/audit.ts';

export interface TrainCommandOptions extends FlowOptions, LearnerFlags {
  readonly output: string;
  readonly target: string;
  readonly positive?: string;
  readonly groupBy: string;
  readonly inputs?: string[];
  readonly folds: number;
  readonly minPayloadPackets: number;
  readonly falseAlarmRate?: number;
  readonly name?: string;
  readonly modelVersion: string;
  readonly origin?: string;
  readonly generated?: boolean;
  readonly limitation?: string[];
  readonly audit: boolean;
  readonly gate?: boolean;
  readonly quick?: boolean;
  readonly weightColumn?: string;
  readonly search?: number;
  readonly seeds?: number;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp train flows.arrow -o my-model'],
  ['flowlamp train manifest.json -o my-model --group-by site --gate', 'stops where the data give labels away'],
  ['flowlamp train flows.arrow -o my-net --learner mlp --epochs 50'],
  [
    'flowlamp train flows.arrow -o my-model --search 30 --seeds 5',
    'options by held-out groups, and how far figures swing',
  ],
];

export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('labelled flow tables or manifests -> model folder')
    .argument('<input...>', 'labelled flow tables (Arrow, Parquet, CSV, JSONL) or manifests (.json)')
    .requiredOption('-o, --output <folder>', 'the model folder to write')
    .option('--target <column>', 'the column that holds the label', 'label')
    .addOption(new Option('--learner <name>', 'what learns').choices(LEARNERS.map(({ name }) => name)).default('gbdt'))
    .option('--positive <label>', 'the label whose probability is the risk (default: mining where it occurs)')
    .option('--group-by <column>', 'rows with the same value never stand on both sides of a split', 'capture')
    .option('--inputs <columns>', 'read only these columns', nameList)
    .option('--folds <count>', 'parts for cross-validation by group, 2 or more', foldCount, 5)
    .option(
      '--min-payload-packets <count>',
      'leave out shorter flows; the model will not speak of them',
      positiveInteger,
      5,
    )
    .option(
      '--false-alarm-rate <share>',
      'call flows positive from the score on that so few of the other flows reach, instead of by precision',
      fraction,
    )
    .option('--weight-column <column>', 'what each flow counts for in learning (figures count every flow once)')
    .option(
      '--search <count>',
      'try so many sets of options on held-out groups first, and take the best',
      positiveInteger,
    )
    .option('--seeds <count>', 'repeat over so many seeds, to see how far the figures swing', positiveInteger)
    .option('--seed <number>', 'decides folds, sampling and the first weights', wholeNumber, 1)
    .option('--no-audit', 'do not look for what gives the labels away (dataset audit)')
    .option('--gate', 'train nothing where the audit finds a breach')
    .option('--quick', 'no ablations, left-out classes and importances in the report: they take further trainings')
    .option('--name <name>', 'name of the model (default: the name of its folder)')
    .option('--model-version <version>', 'version of the model', '1')
    .option('--origin <words>', 'where the traffic came from, for the card')
    .option('--generated', 'the traffic was generated, not recorded; for the card')
    .option('--limitation <sentence...>', 'what the model cannot do, for the card');
  addFlowOptions(addLearnerFlags(command))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (inputs: string[], options: TrainCommandOptions) => {
      refuseForeignFlags(command, options);
      await runTrain(inputs, options);
    });
}

export async function runTrain(inputPaths: readonly string[], options: TrainCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const asked = chosenInputs(options.inputs, learnerNamed(options.learner).lists ?? {});
  checkModelFolder(options.output);
  const collected = new LabelledRows(asked, options.target, options.groupBy, options, null, [], {
    ...(options.weightColumn !== undefined && { weightColumn: options.weightColumn }),
    // Inputs that the user has named must be there.
    mayLackInputs: options.inputs === undefined,
  });
  const audited = options.audit ? new AuditCollector(options.target) : null;
  await readLabelledInputs(inputPaths, 'train', options, out, (name, specs, table) => {
    collected.add(name, specs, table);
    // All that was given is one side: what it is judged on is held out later.
    audited?.add(name, table, 'train');
  });
  const rows = collected.finish();
  checkClasses(rows.data.classNames, options);
  checkWeighedClasses(options.classWeight, rows.data.classNames);
  const { inputs } = collected;
  warnOfInputs(collected, options.target, out);
  const { unlabelled, tooShort } = collected.leftOut;
  out.say(
    `${counted(rows.data.matrix.rows, 'flow')} of ${counted(rows.groupNames.length, 'group')} (${options.groupBy}); left out: ${unlabelled} without a label, ${tooShort} with fewer than ${options.minPayloadPackets} payload packets`,
  );
  const audit = audited === null ? null : await sayAudit(audited, options.gate === true, out);
  const description = {
    name: options.name ?? folderName(options.output),
    version: options.modelVersion,
    created: new Date().toISOString(),
    target: options.target,
    positive: options.positive ?? 'mining',
    minPayloadPackets: options.minPayloadPackets,
    ...(options.falseAlarmRate !== undefined && { falseAlarmRate: options.falseAlarmRate }),
    groupBy: options.groupBy,
    folds: options.folds,
    origin: options.origin ?? `${counted(rows.captures.length, 'capture')} given by the user`,
    generated: options.generated === true,
    limitations: [...(options.limitation ?? []), ...lackingText(collected)],
    search: options.search ?? 0,
    seeds: options.seeds ?? 1,
    checkpoint: {
      folder: checkpointFolder(options.output),
      onResume: (notes: number) => out.say(resumeText(options.learner, notes)),
      onTrouble: (why: string) => out.warn(why),
    },
    programVersion: packageVersion(),
  };
  const eta = new Eta();
  const trained = await withSystemSignals(() =>
    withLearner(options, (learner, learnerOptions) =>
      trainModel(rows, inputs, { ...description, learner, learnerOptions }, ({ stage, round, rounds, share: done }) =>
        out.progress(`training, ${stage}: ${learner.roundName} ${round} of at most ${rounds}${eta.text(done)}`),
      ),
    ),
  );
  out.endProgress();
  for (const warning of trained.warnings) out.warn(warning);
  if (trained.metrics !== null) {
    out.say(`cross-validated by ${options.groupBy}:\n${metricsText(trained.metrics)}`);
    out.say(`macro-F1 of baselines: ${baselinesText(trained)}`);
    if (trained.repeats !== null) out.say(repeatsText(trained.repeats));
    if (trained.search !== null) out.say(searchText(trained.search));
  }
  const { card, report } = await reported(rows, trained, collected.leftOut, audit, options, out);
  const others = new Map(report === null ? [] : [[REPORT_FILE, new TextEncoder().encode(report)]]);
  saveModelFolder(options.output, { card, onnx: trained.onnx, others });
  trained.checkpoint?.remove();
  out.say(`wrote ${options.output} (card.json, model.onnx${report === null ? '' : ', report.html'})`);
}

/** The card with the figures of the report, and the report itself; null where nothing could be held out. */
async function reported(
  rows: LabelledData,
  trained: TrainedModel,
  leftOut: LeftOut,
  audit: Audit | null,
  options: TrainCommandOptions,
  out: Console,
): Promise<{ readonly card: TrainedModel['card']; readonly report: string | null }> {
  const { card } = trained;
  const assessment = await withSystemSignals(() =>
    assessTraining(rows, trained, {
      groupBy: options.groupBy,
      leftOut,
      audit,
      seed: options.seed,
      quick: options.quick === true,
      made: { command: commandLine(), at: card.created, versions: {} },
      onStep: (what) => out.progress(`report, ${what}`),
    }),
  );
  out.endProgress();
  if (assessment === null) return { card, report: null };
  return {
    card: { ...card, metrics: { ...card.metrics, ...cardFigures(assessment) } },
    report: await reportPage(card, assessment),
  };
}

function repeatsText({ runs, macroF1 }: Repeats): string {
  if (macroF1 === null) return `${runs.length} seeds`;
  const { mean, standardDeviation, least, most } = macroF1;
  return `over ${runs.length} seeds: macro-F1 ${share(mean)}, standard deviation ${share(standardDeviation)}, ${share(least)} to ${share(most)}`;
}

function searchText({ trials, chosen }: SearchRecord): string {
  const { options } = trials[chosen]!;
  const what = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `best of ${trials.length} sets of options: ${what.length === 0 ? 'those it started from' : what.join(', ')}`;
}

/** One sentence for each table that is of an older version. */
function lackingText({ lacking }: LabelledRows): string[] {
  return [...lacking].map(
    ([name, inputs]) =>
      `${name} lacks ${counted(inputs.length, 'input')} that this version has, so the model does without: ${inputs.slice(0, MOST_NAMED).join(', ')}${inputs.length > MOST_NAMED ? ', ...' : ''}.`,
  );
}

const MOST_NAMED = 5;

function warnOfInputs(collected: LabelledRows, target: string, out: Console): void {
  for (const text of lackingText(collected)) out.warn(text);
  const { unlabelled } = collected.leftOut;
  if (unlabelled === 0) return;
  out.warn(`${counted(unlabelled, 'flow')} without a ${target} left out, against ${collected.rows} with one`);
}

function baselinesText({ held }: TrainedModel): string {
  const asked = (held?.baselines ?? []).filter(({ macroF1 }) => macroF1 !== null);
  return asked.map(({ description, macroF1 }) => `${description.split(':')[0]} ${share(macroF1)}`).join(', ');
}

/** What the data give away, before anything is learnt from them. */
async function sayAudit(audited: AuditCollector, isGate: boolean, out: Console): Promise<Audit> {
  const audit = auditOf(audited, { ...AUDIT_DEFAULTS, shuffle: await controlOf(audited) });
  const breaches = audit.findings.filter(({ level }) => level === 'breach');
  for (const { text } of breaches.slice(0, MOST_BREACHES)) out.warn(`audit: ${text}`);
  const more = breaches.length - MOST_BREACHES;
  if (more > 0) out.warn(`audit: ${more} more; flowlamp dataset audit shows all`);
  if (isGate) requireNoBreach(audit);
  return audit;
}

const MOST_BREACHES = 3;

function foldCount(text: string): number {
  const count = positiveInteger(text);
  if (count < 2) throw new InvalidArgumentError('expected 2 or more.');
  return count;
}

function checkClasses(classNames: readonly string[], { target, positive }: TrainCommandOptions): void {
  if (classNames.length < 2) {
    throw new FlowlampError(ErrorCode.LabelsUnusable, {
      happened: `every flow that can be used has the same ${target}: ${classNames[0]}`,
      expected: 'flows of two classes or more',
      action: 'add flows of another class',
    });
  }
  if (positive === undefined || classNames.includes(positive)) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `no flow is labelled ${positive}`,
    expected: `one of ${classNames.join(', ')}`,
    action: 'correct --positive',
  });
}

/** Trees note each round, nets a state now and then. */
function resumeText(learner: LearnerName, notes: number): string {
  const isRounds = learnerNamed(learner).roundName === 'round';
  return `going on ${isRounds ? `after ${counted(notes, 'round')} of` : 'with'} a run that was stopped`;
}

/** Beside the model, so that a folder with a model in it is whole or not there. */
function checkpointFolder(output: string): string {
  return `${resolve(output)}.checkpoint`;
}

function folderName(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || 'model'
  );
}
