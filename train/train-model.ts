/**
 * From labelled rows to a model with its card. Everything that is chosen (rounds, temperature, thresholds) is chosen on
 * predictions for groups that the predicting model had not seen; the model itself then learns from all rows.
 */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { foldsByGroup } from '../datasets/split.ts';
import { nodeDigests } from '../features/digests-node.ts';
import { hashInputs, type JsonObject, type ModelInput, NEVER } from '../models/card.ts';
import type { CardDraft } from '../models/folder.ts';
import { histogramOf, SCORE_HISTOGRAM, writeHistogram } from '../models/reference.ts';
import { typicalOf, writeTypical } from '../models/typical.ts';
import { type Folds, runBaselines } from './baselines/run.ts';
import { fitTemperature } from './calibrate.ts';
import { Checkpoint, type CheckpointNews } from './checkpoint.ts';
import { type CrossValidation, crossValidate } from './cross-validate.ts';
import { trainingFingerprint } from './fingerprint.ts';
import { Fits, type TrainProgress } from './fits.ts';
import type { GbdtOptions } from './gbdt/options.ts';
import { flowNumbers, type LabelledData } from './labelled-rows.ts';
import type { Fitted, Learner, LearnerOptions } from './learner.ts';
import { type Metrics, measure } from './metrics.ts';
import { type Repeats, repeatsOf, type SeedRun, seedRun } from './repeats.ts';
import { type SearchRecord, search, searchFits } from './search/search.ts';
import type { SearchSpace } from './search/space.ts';
import { spaceOf } from './search/spaces.ts';
import { type BaselineResult, compareBaselines } from './study/compare.ts';
import { type Judged, judgedRows, sliceOf } from './study/judged.ts';
import type { Refit } from './study/refit.ts';
import { type BudgetedThreshold, chooseThresholds, TARGET_PRECISION, thresholdWithin } from './thresholds.ts';
import { checkLearnable, warningsOf } from './warnings.ts';

export interface TrainOptions<Options extends LearnerOptions = GbdtOptions> {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly target: string;
  readonly positive: string | null;
  readonly minPayloadPackets: number;
  /** Share of the flows of other labels that may be called positive; without it the positive label has a target precision. */
  readonly falseAlarmRate?: number;
  readonly groupBy: string;
  readonly folds: number;
  readonly origin: string;
  readonly generated: boolean;
  /** Sentences for the card, besides those that follow from the data. */
  readonly limitations: readonly string[];
  /** Version of the program, for the card. */
  readonly programVersion: string;
  readonly learner: Learner<Options>;
  /** Over the learner's defaults. */
  readonly learnerOptions: Partial<Options>;
  /** Points that are drawn from the learner's search space, besides its own options; 0 for no search. */
  readonly search?: number;
  /** How often all is repeated with other seeds, the first time included. */
  readonly seeds?: number;
  /** Where a run that is stopped leaves what it has learnt; nowhere where not given, or for a learner that cannot go on. */
  readonly checkpoint?: CheckpointNews & { readonly folder: string };
}

/** What the card says, whatever has learnt. */
type Described = Pick<TrainOptions, 'groupBy' | 'origin' | 'generated'>;

export interface TrainedModel {
  readonly card: CardDraft;
  readonly onnx: Uint8Array;
  /** On groups that the predicting model had not seen; null where there is only one group. */
  readonly metrics: Metrics | null;
  readonly warnings: readonly string[];
  /** To be removed once the model is safe; null where none was kept. */
  readonly checkpoint: Checkpoint | null;
  readonly search: SearchRecord | null;
  /** Null for one seed. */
  readonly repeats: Repeats | null;
  /** What a report is made of. */
  readonly held: HeldOut | null;
  /** The model itself. */
  readonly final: Fitted;
}

/** Everything that is known from models that had not seen the rows that they were asked about. */
export interface HeldOut extends Folds {
  /** Calibrated probabilities of every row. */
  readonly judged: Judged;
  /** The models of the folds, as they were before they were calibrated. */
  readonly models: CrossValidation['models'];
  readonly baselines: readonly BaselineResult[];
  /** Trains as the folds were trained, with the number of rounds that the model itself got. */
  readonly refit: Refit;
}

export async function trainModel<Options extends LearnerOptions = GbdtOptions>(
  rows: LabelledData,
  inputs: readonly ModelInput[],
  options: TrainOptions<Options>,
  onProgress?: (progress: TrainProgress) => void,
): Promise<TrainedModel> {
  checkLearnable(rows.data);
  const { learner } = options;
  const started: Options = { ...learner.defaults, ...options.learnerOptions };
  const { data } = rows;
  const { seed } = started;
  const foldCount = Math.min(options.folds, rows.groupNames.length);
  const folds = foldCount < 2 ? null : foldsOf(rows, foldCount, seed);
  const space = options.search ? freeSpace(learner, options.learnerOptions) : null;
  const points = space === null ? 0 : options.search!;
  const seeds = folds === null ? 1 : (options.seeds ?? 1);
  const planned = 1 + (folds === null ? 0 : seeds * foldCount + (points > 0 ? searchFits(points, foldCount) : 0));
  if (space !== null && folds === null) throw nothingToSearchOn(options.groupBy);
  const checkpoint = openCheckpoint(rows, options, { ...withoutThreads(started), foldCount, search: points, space });
  const fits = new Fits(learner, planned, onProgress, checkpoint);
  const found = folds === null || space === null ? null : await search(data, folds, fits, started, space, points);
  const settings: Options = found === null ? started : { ...started, ...found.trials[found.chosen]!.options };
  const cross = folds === null ? null : await holdOut(rows, folds, fits, settings, '');
  const { temperature, probabilities } = cross === null ? UNCALIBRATED : calibrated(rows, cross);
  const chosen = probabilities === null ? null : thresholdsOf(rows, probabilities, options);
  const rounds = cross === null ? learner.unchosenRounds : Math.max(1, median(cross.rounds));
  const final = await fits.fit('final', 'final model', data, null, { ...settings, rounds, patience: 0 });
  const held =
    folds === null || cross === null || probabilities === null
      ? null
      : await heldOut(rows, folds, cross, probabilities, seed, (train) =>
          learner.fit(train, null, { ...settings, rounds, patience: 0 }),
        );
  const metrics = held === null ? null : measuredOf(held.judged);
  const repeats =
    metrics === null || seeds < 2
      ? null
      : await repeated(rows, foldCount, fits, settings, seedRun(seed, metrics), seeds);
  const warnings = warningsOf(rows, options.groupBy, metrics, held?.baselines ?? null, found);
  return {
    onnx: final.encode({
      temperature,
      producer: `flowlamp ${options.programVersion}`,
      metadata: { name: options.name },
    }),
    metrics,
    warnings,
    checkpoint,
    search: found,
    repeats,
    held,
    final,
    card: {
      name: options.name,
      version: options.version,
      created: options.created,
      task: 'classification',
      target: options.target,
      labels: data.classNames,
      inputs,
      inputsHash: hashInputs(inputs, nodeDigests),
      learner: {
        name: learner.name,
        options: { ...withoutThreads(settings), rounds, temperature } as unknown as JsonObject,
        seed,
      },
      positive: options.positive !== null && data.classNames.includes(options.positive) ? options.positive : null,
      scope: { protocols: rows.protocols, minPayloadPackets: options.minPayloadPackets },
      training: trainingSummary(rows, options),
      metrics: {
        ...metricsRecord(metrics, held, rows, options, foldCount, chosen?.budgeted ?? null),
        ...(found === null ? {} : { search: found as unknown as JsonObject }),
        ...(repeats === null ? {} : { seeds: repeats as unknown as JsonObject }),
        inputHistograms: inputHistograms(rows),
        ...scoreHistogram(rows, probabilities, options.positive),
        classQuantiles: classQuantiles(rows),
      },
      thresholds: Object.fromEntries(data.classNames.map((name, k) => [name, chosen?.thresholds[k] ?? NEVER])),
      limitations: [...options.limitations, ...warnings],
      versions: { flowlamp: options.programVersion, node: process.versions.node, ...final.versions },
    },
  };
}

function withoutThreads<Options extends LearnerOptions>({ threads: _, ...rest }: Options): Omit<Options, 'threads'> {
  return rest;
}

/** @param settings what decides, besides the rows, how each training goes */
function openCheckpoint<Options extends LearnerOptions>(
  rows: LabelledData,
  { learner, checkpoint, programVersion }: TrainOptions<Options>,
  settings: object,
): Checkpoint | null {
  if (checkpoint === undefined || learner.resumes !== true) return null;
  const fingerprint = trainingFingerprint(rows, { learner: learner.name, programVersion, ...settings });
  return new Checkpoint(checkpoint.folder, fingerprint, checkpoint);
}

/** The learner's space without what the user has decided. */
function freeSpace<Options extends LearnerOptions>({ name }: Learner<Options>, decided: Partial<Options>): SearchSpace {
  const free = Object.entries(spaceOf(name) ?? {}).filter(([option]) => !Object.hasOwn(decided, option));
  if (free.length > 0) return Object.fromEntries(free);
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `there is nothing to search among for the learner ${name}`,
    expected: 'a learner with a search space, not every option of which is given',
    action: 'leave out --search',
  });
}

function nothingToSearchOn(groupBy: string): FlowlampError {
  return new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `all rows are of one ${groupBy}, so nothing can be held out to search on`,
    expected: 'two groups or more',
    action: 'leave out --search, or choose another --group-by',
  });
}

const UNCALIBRATED = { temperature: 1, probabilities: null } as const;

/** Weights of rows count here as in learning; figures count every row once. */
function calibrated({ data }: LabelledData, { probabilities }: CrossValidation) {
  const temperature = fitTemperature(logs(probabilities), data.labels, data.weights ?? null);
  return { temperature, probabilities: tempered(probabilities, data.classNames.length, temperature) };
}

async function repeated<Options extends LearnerOptions>(
  rows: LabelledData,
  foldCount: number,
  fits: Fits<Options>,
  settings: Options,
  first: SeedRun,
  seeds: number,
): Promise<Repeats> {
  const runs = [first];
  for (let i = 1; i < seeds; i++) {
    const seed = first.seed + i;
    const cross = await holdOut(rows, foldsOf(rows, foldCount, seed), fits, { ...settings, seed }, `seed ${seed}, `);
    runs.push(seedRun(seed, measuredOf(judgedRows(rows, calibrated(rows, cross).probabilities))));
  }
  return repeatsOf(runs);
}

function foldsOf({ data, groups, groupNames }: LabelledData, foldCount: number, seed: number): Folds {
  const { labels, classNames } = data;
  return { folds: foldsByGroup(groups, groupNames.length, labels, classNames.length, foldCount, seed), foldCount };
}

/** @param which tells several cross-validations apart; empty for the first */
function holdOut<Options extends LearnerOptions>(
  { data }: LabelledData,
  { folds, foldCount }: Folds,
  fits: Fits<Options>,
  settings: Options,
  which: string,
): Promise<CrossValidation> {
  let fold = 0;
  return crossValidate(data, folds, foldCount, (train, validation) => {
    fold++;
    const stage = `${which}fold ${fold} of ${foldCount}`;
    return fits.fit(`${which.replace(/\W+/g, '-')}fold-${fold}`, stage, train, validation, settings);
  });
}

async function heldOut(
  rows: LabelledData,
  folds: Folds,
  { models }: CrossValidation,
  probabilities: Float32Array,
  seed: number,
  refit: Refit,
): Promise<HeldOut> {
  const judged = judgedRows(rows, probabilities);
  const baselines = compareBaselines(judged, await runBaselines(rows, folds, seed), seed);
  return { ...folds, judged, models, baselines, refit };
}

/** Rows that the histograms and quantiles of a card are made of: more tell no more of a tenth. */
const HISTOGRAM_ROWS = 200_000;

/** How each input is distributed where the model learns, for those who look for drift. */
function inputHistograms({ data }: LabelledData): JsonObject {
  const { names, columns, rows } = data.matrix;
  const step = Math.ceil(rows / HISTOGRAM_ROWS);
  const some = (column: Float32Array) => (step === 1 ? column : column.filter((_, row) => row % step === 0));
  return Object.fromEntries(names.map((name, i) => [name, writeHistogram(histogramOf(some(columns[i]!)))]));
}

/** Probabilities beyond these weigh no more as evidence, and are told of alike when rows are scored. */
const SUREST = 1e-4;

/** How sure the model is of its positive label on rows that it had not seen, for those who look for drift. */
function scoreHistogram(
  { data }: LabelledData,
  probabilities: Float32Array | null,
  positive: string | null,
): JsonObject {
  const label = positive === null ? -1 : data.classNames.indexOf(positive);
  if (probabilities === null || label < 0) return {};
  const { length } = data.classNames;
  const step = Math.ceil(data.matrix.rows / HISTOGRAM_ROWS);
  const words = Float32Array.from({ length: Math.ceil(data.matrix.rows / step) }, (_, i) => {
    const bounded = Math.min(Math.max(probabilities[i * step * length + label]!, SUREST), 1 - SUREST);
    return Math.log(bounded / (1 - bounded));
  });
  return { [SCORE_HISTOGRAM]: writeHistogram(histogramOf(words)) };
}

/** What is typical of each class, for those who ask why a flow got its verdict. */
function classQuantiles({ data }: LabelledData): JsonObject {
  const { names, columns } = data.matrix;
  const members = data.classNames.map((_, k) => {
    const rows = [...data.labels.keys()].filter((row) => data.labels[row] === k);
    const step = Math.ceil(rows.length / HISTOGRAM_ROWS);
    return rows.filter((_row, i) => i % step === 0);
  });
  const line = (column: Float32Array) =>
    writeTypical(members.map((rows) => typicalOf(Float32Array.from(rows, (row) => column[row]!))));
  return Object.fromEntries(names.map((name, i) => [name, line(columns[i]!)]));
}

function measuredOf(judged: Judged): Metrics {
  const { probabilities, labels, classNames } = sliceOf(judged, judged.chosen);
  return measure(probabilities, labels, classNames);
}

function trainingSummary({ data, groupNames, captures }: LabelledData, options: Described): CardDraft['training'] {
  const rowsPerLabel: Record<string, number> = {};
  for (const label of data.labels) {
    const name = data.classNames[label]!;
    rowsPerLabel[name] = (rowsPerLabel[name] ?? 0) + 1;
  }
  return {
    captures: captures.length,
    captureHashes: captures.map(captureHash),
    rows: data.matrix.rows,
    groups: groupNames.length,
    rowsPerLabel,
    origin: options.origin,
    generated: options.generated,
  };
}

/** By the name of the file without its folders, so that a copy elsewhere is still known. */
export function captureHash(capture: string): string {
  return nodeDigests.sha256Hex(capture.split(/[\\/]/).at(-1)!);
}

interface ChosenThresholds {
  /** Per class. */
  readonly thresholds: readonly number[];
  /** Null where the positive label has a target precision, too. */
  readonly budgeted: BudgetedThreshold | null;
}

function thresholdsOf(
  rows: LabelledData,
  probabilities: Float32Array,
  { positive, falseAlarmRate }: Pick<TrainOptions, 'positive' | 'falseAlarmRate'>,
): ChosenThresholds {
  const { classNames, labels } = rows.data;
  const { positive: surest, other } = TARGET_PRECISION;
  const precisions = classNames.map((name) => (name === positive ? surest : other));
  const thresholds = chooseThresholds(probabilities, labels, precisions);
  const target = positive === null ? -1 : classNames.indexOf(positive);
  if (falseAlarmRate === undefined || target < 0) return { thresholds, budgeted: null };
  const budget = { rate: falseAlarmRate, units: flowNumbers(rows) };
  const budgeted = thresholdWithin(budget, target, probabilities, labels, classNames.length);
  thresholds[target] = budgeted.threshold;
  return { thresholds, budgeted };
}

function metricsRecord(
  metrics: Metrics | null,
  held: HeldOut | null,
  rows: LabelledData,
  options: Described & Pick<TrainOptions, 'falseAlarmRate'>,
  foldCount: number,
  budgeted: BudgetedThreshold | null,
): JsonObject {
  if (metrics === null || held === null) return { crossValidated: null };
  const note =
    'Each row predicted by a model trained on other groups; rounds, temperature and thresholds were chosen on these same predictions, so they flatter a little. Evaluate on captures kept aside.';
  const baselines = held.baselines.map(({ name, macroF1, accuracy, logLoss, outcome }) => {
    return [name, { macroF1, accuracy, logLoss, outcome }];
  });
  return {
    crossValidated: { note, groupBy: options.groupBy, folds: foldCount, groups: rows.groupNames.length, ...metrics },
    baselines: Object.fromEntries(baselines),
    thresholds: {
      targetPrecision: TARGET_PRECISION,
      ...(budgeted === null ? {} : { falseAlarms: { rate: options.falseAlarmRate, ...budgeted } }),
    },
  } as unknown as JsonObject;
}

function logs(probabilities: Float32Array): Float64Array {
  return Float64Array.from(probabilities, (p) => Math.log(Math.max(p, 1e-30)));
}

/** The probabilities that scores divided by the temperature would give. */
function tempered(probabilities: Float32Array, classCount: number, temperature: number): Float32Array {
  const out = new Float32Array(probabilities.length);
  for (let at = 0; at < out.length; at += classCount) {
    const raised = Array.from(
      probabilities.subarray(at, at + classCount),
      (p) => Math.max(p, 1e-30) ** (1 / temperature),
    );
    const sum = raised.reduce((total, value) => total + value, 0);
    raised.forEach((value, k) => {
      out[at + k] = value / sum;
    });
  }
  return out;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 1;
}
