/** `flowlamp train`: labelled flows to a model folder. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { AUDIT_DEFAULTS, auditOf } from '../../datasets/audit/audit.ts';
import { AuditCollector } from '../../datasets/audit/collect.ts';

import { featureNamed, MODEL_INPUTS } from '../../features/vector/schema.ts';
import type { ListPart, ModelInput } from '../../models/card.ts';
import { checkModelFolder, saveModelFolder } from '../../models/folder.ts';
import { LabelledRows } from '../../train/labelled-rows.ts';
import { LEARNERS, learnerNamed } from '../../train/learners.ts';
import { trainModel } from '../../train/train-model.ts';
import { Console } from '../console.ts';
import { readLabelledInputs } from '../labelled-input.ts';
import { addLearnerFlags, type LearnerFlags, refuseForeignFlags, withLearner } from '../learner-flags.ts';
import { metricsText } from '../metrics-text.ts';
import { counted } from '../numbers.ts';
import { addFlowOptions, type FlowOptions, nameList, positiveInteger, wholeNumber } from '../options.ts';
import { packageVersion } from '../package-root.ts';
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
  readonly name?: string;
  readonly modelVersion: string;
  readonly origin?: string;
  readonly generated?: boolean;
  readonly limitation?: string[];
  readonly audit: boolean;
  readonly gate?: boolean;
}

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
    .option('--seed <number>', 'decides folds, sampling and the first weights', wholeNumber, 1)
    .option('--no-audit', 'do not look for what gives the labels away (dataset audit)')
    .option('--gate', 'train nothing where the audit finds a breach')
    .option('--name <name>', 'name of the model (default: the name of its folder)')
    .option('--model-version <version>', 'version of the model', '1')
    .option('--origin <words>', 'where the traffic came from, for the card')
    .option('--generated', 'the traffic was generated, not recorded; for the card')
    .option('--limitation <sentence...>', 'what the model cannot do, for the card');
  addFlowOptions(addLearnerFlags(command))
    .addHelpText('after', '\nExample:\n  flowlamp train flows.arrow -o my-model\n')
    .action(async (inputs: string[], options: TrainCommandOptions) => {
      refuseForeignFlags(command, options);
      await runTrain(inputs, options);
    });
}

export async function runTrain(inputPaths: readonly string[], options: TrainCommandOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  const inputs = chosenInputs(options.inputs, learnerNamed(options.learner).lists ?? {});
  checkModelFolder(options.output);
  const collected = new LabelledRows(inputs, options.target, options.groupBy, options, null);
  const audited = options.audit ? new AuditCollector(options.target) : null;
  await readLabelledInputs(inputPaths, 'train', options, out, (name, specs, table) => {
    collected.add(name, specs, table);
    // All that was given is one side: what it is judged on is held out later.
    audited?.add(name, table, 'train');
  });
  const rows = collected.finish();
  checkClasses(rows.data.classNames, options);
  const { unlabelled, tooShort } = collected.leftOut;
  out.say(
    `${counted(rows.data.matrix.rows, 'flow')} of ${counted(rows.groupNames.length, 'group')} (${options.groupBy}); left out: ${unlabelled} without a label, ${tooShort} with fewer than ${options.minPayloadPackets} payload packets`,
  );
  if (audited !== null) await sayAudit(audited, options.gate === true, out);
  const description = {
    name: options.name ?? folderName(options.output),
    version: options.modelVersion,
    created: new Date().toISOString(),
    target: options.target,
    positive: options.positive ?? 'mining',
    minPayloadPackets: options.minPayloadPackets,
    groupBy: options.groupBy,
    folds: options.folds,
    origin: options.origin ?? `${counted(rows.captures.length, 'capture')} given by the user`,
    generated: options.generated === true,
    limitations: options.limitation ?? [],
    programVersion: packageVersion(),
  };
  const trained = await withSystemSignals(() =>
    withLearner(options, (learner, learnerOptions) =>
      trainModel(rows, inputs, { ...description, learner, learnerOptions }, (stage, { round, rounds }) =>
        out.progress(`training, ${stage}: ${learner.roundName} ${round} of at most ${rounds}`),
      ),
    ),
  );
  out.endProgress();
  for (const warning of trained.warnings) out.warn(warning);
  if (trained.metrics !== null) {
    out.say(`cross-validated by ${options.groupBy}:\n${metricsText(trained.metrics)}`);
  }
  saveModelFolder(options.output, trained);
  out.say(`wrote ${options.output} (card.json, model.onnx)`);
}

/** What the data give away, before anything is learnt from them. */
async function sayAudit(audited: AuditCollector, isGate: boolean, out: Console): Promise<void> {
  const audit = auditOf(audited, { ...AUDIT_DEFAULTS, shuffle: await controlOf(audited) });
  const breaches = audit.findings.filter(({ level }) => level === 'breach');
  for (const { text } of breaches.slice(0, MOST_BREACHES)) out.warn(`audit: ${text}`);
  const more = breaches.length - MOST_BREACHES;
  if (more > 0) out.warn(`audit: ${more} more; flowlamp dataset audit shows all`);
  if (isGate) requireNoBreach(audit);
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

/** @param lists columns of lists that the learner reads, and how */
function chosenInputs(names: readonly string[] | undefined, lists: Readonly<Record<string, ListPart>>): ModelInput[] {
  const own = Object.keys(lists);
  const chosen = names ?? [...MODEL_INPUTS.map(({ name }) => name), ...own];
  return chosen.map((name) => {
    const { type, revision } = inputNamed(name, own);
    const list = lists[name];
    return { name, type, revision, ...(list === undefined ? {} : { list }) };
  });
}

function inputNamed(name: string, lists: readonly string[]) {
  const feature = featureNamed(name);
  if (feature !== undefined && (feature.input || lists.includes(name))) return feature;
  throw new FlowlampError(feature === undefined ? ErrorCode.ColumnUnknown : ErrorCode.OptionInvalid, {
    happened: feature === undefined ? `there is no column ${name}` : `column ${name} may not be a model input`,
    expected: 'columns that docs/features.md marks as model inputs',
    action: 'correct --inputs',
  });
}

function folderName(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) || 'model'
  );
}
