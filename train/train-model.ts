/**
 * From labelled rows to a model with its card. Everything that is chosen (rounds, temperature, thresholds) is chosen on
 * predictions for groups that the predicting model had not seen; the model itself then learns from all rows.
 */
import { foldsByGroup } from '../datasets/split.ts';
import { nodeDigests } from '../features/digests-node.ts';
import { hashInputs, type JsonObject, type ModelInput, NEVER } from '../models/card.ts';
import type { CardDraft } from '../models/folder.ts';
import { fitMajority } from './baselines.ts';
import { fitTemperature } from './calibrate.ts';
import { type CrossValidation, crossValidate } from './cross-validate.ts';
import { GBDT } from './gbdt/learner.ts';
import type { GbdtOptions } from './gbdt/options.ts';
import type { LabelledData } from './labelled-rows.ts';
import type { FitProgress, Learner, LearnerOptions } from './learner.ts';
import { type LabelledMatrix, sampleRows } from './matrix.ts';
import { type Metrics, measure } from './metrics.ts';
import { chooseThresholds, TARGET_PRECISION } from './thresholds.ts';

export interface TrainOptions<Options extends LearnerOptions = GbdtOptions> {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly target: string;
  readonly positive: string | null;
  readonly minPayloadPackets: number;
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
}

/** What the card says, whatever has learnt. */
type Described = Pick<TrainOptions, 'groupBy' | 'origin' | 'generated'>;

export interface TrainedModel {
  readonly card: CardDraft;
  readonly onnx: Uint8Array;
  /** On groups that the predicting model had not seen; null where there is only one group. */
  readonly metrics: Metrics | null;
  readonly warnings: readonly string[];
}

export async function trainModel<Options extends LearnerOptions = GbdtOptions>(
  rows: LabelledData,
  inputs: readonly ModelInput[],
  options: TrainOptions<Options>,
  onProgress?: (stage: string, progress: FitProgress) => void,
): Promise<TrainedModel> {
  const { learner } = options;
  const settings: Options = { ...learner.defaults, ...options.learnerOptions };
  const { data } = rows;
  const classCount = data.classNames.length;
  const foldCount = Math.min(options.folds, rows.groupNames.length);
  const held = foldCount < 2 ? null : await holdOut(rows, foldCount, learner, settings, onProgress);
  const temperature = held === null ? 1 : fitTemperature(logs(held.model.probabilities), data.labels, null);
  const probabilities = held === null ? null : tempered(held.model.probabilities, classCount, temperature);
  const precisions = data.classNames.map((name) =>
    name === options.positive ? TARGET_PRECISION.positive : TARGET_PRECISION.other,
  );
  const thresholds = probabilities === null ? null : chooseThresholds(probabilities, data.labels, precisions);
  const rounds = held === null ? learner.unchosenRounds : Math.max(1, median(held.model.rounds));
  const final = await learner.fit(data, null, { ...settings, rounds, patience: 0 }, (progress) =>
    onProgress?.('final model', progress),
  );
  const metrics = probabilities === null ? null : measure(probabilities, data.labels, data.classNames);
  const warnings = warningsOf(rows, options, metrics, held);
  return {
    onnx: final.encode({
      temperature,
      producer: `flowlamp ${options.programVersion}`,
      metadata: { name: options.name },
      background: sampleRows(data.matrix, BACKGROUND_ROWS),
    }),
    metrics,
    warnings,
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
        options: { ...settings, rounds, temperature } as unknown as JsonObject,
        seed: settings.seed,
      },
      positive: options.positive !== null && data.classNames.includes(options.positive) ? options.positive : null,
      scope: { protocols: rows.protocols, minPayloadPackets: options.minPayloadPackets },
      training: trainingSummary(rows, options),
      metrics: metricsRecord(metrics, held, rows, options, foldCount),
      thresholds: Object.fromEntries(data.classNames.map((name, k) => [name, thresholds?.[k] ?? NEVER])),
      limitations: [...options.limitations, ...warnings],
      versions: { flowlamp: options.programVersion, node: process.versions.node, ...final.versions },
    },
  };
}

/** Rows that nodes are counted on: the shares that follow are off by a third of a percent, and 1000 trees take a second. */
const BACKGROUND_ROWS = 20_000;

interface HeldOut {
  readonly model: CrossValidation;
  /** Boosted trees on the same folds, knowing only the responder's port. */
  readonly port: Metrics;
  readonly majority: Metrics;
}

async function holdOut<Options extends LearnerOptions>(
  rows: LabelledData,
  foldCount: number,
  learner: Learner<Options>,
  settings: Options,
  onProgress?: (stage: string, progress: FitProgress) => void,
): Promise<HeldOut> {
  const { data, groups, groupNames, ports } = rows;
  const folds = foldsByGroup(groups, groupNames.length, data.labels, data.classNames.length, foldCount, settings.seed);
  let fold = 0;
  const model = await crossValidate(data, folds, foldCount, (train, validation) => {
    fold++;
    return learner.fit(train, validation, settings, (progress) =>
      onProgress?.(`fold ${fold} of ${foldCount}`, progress),
    );
  });
  const onlyPort: LabelledMatrix = {
    ...data,
    matrix: { rows: data.matrix.rows, names: ['dst_port'], columns: [ports] },
  };
  const { seed } = settings;
  const port = await crossValidate(onlyPort, folds, foldCount, (train, validation) =>
    GBDT.fit(train, validation, { ...GBDT.defaults, seed }),
  );
  const majority = await crossValidate(data, folds, foldCount, (train) => fitMajority(train));
  const measured = (result: CrossValidation) => measure(result.probabilities, data.labels, data.classNames);
  return { model, port: measured(port), majority: measured(majority) };
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

function metricsRecord(
  metrics: Metrics | null,
  held: HeldOut | null,
  rows: LabelledData,
  options: Described,
  foldCount: number,
): JsonObject {
  if (metrics === null || held === null) return { crossValidated: null };
  const note =
    'Each row predicted by a model trained on other groups; rounds, temperature and thresholds were chosen on these same predictions, so they flatter a little. Evaluate on captures kept aside.';
  const scores = ({ macroF1, accuracy, logLoss }: Metrics) => ({ macroF1, accuracy, logLoss });
  return {
    crossValidated: { note, groupBy: options.groupBy, folds: foldCount, groups: rows.groupNames.length, ...metrics },
    baselines: { majority: scores(held.majority), portOnly: scores(held.port) },
    thresholds: { targetPrecision: TARGET_PRECISION },
  } as unknown as JsonObject;
}

const FEW_GROUPS = 10;

function warningsOf(rows: LabelledData, options: Described, metrics: Metrics | null, held: HeldOut | null): string[] {
  const warnings: string[] = [];
  const { groupNames } = rows;
  if (metrics === null || held === null) {
    warnings.push(
      `All rows are of one ${options.groupBy}: nothing could be held out, so no figure says how good the model is, and it gives no verdict below a probability of 1.`,
    );
    return warnings;
  }
  if (groupNames.length < FEW_GROUPS) {
    warnings.push(`Only ${groupNames.length} groups (${options.groupBy}) stand behind the figures.`);
  }
  const baseline = Math.max(held.port.macroF1 ?? 0, held.majority.macroF1 ?? 0);
  if ((metrics.macroF1 ?? 0) <= baseline) {
    warnings.push(
      `The model does not beat its baselines: macro-F1 ${text(metrics.macroF1)} against ${text(held.port.macroF1)} for the port alone.`,
    );
  }
  return warnings;
}

function text(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(3);
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
