/** From an ONNX classifier that was made elsewhere, and its map, to a model like our own. */
import type { Digests } from '../../core/digest.ts';
import type { ModelAdapter } from '../adapter.ts';
import { hashInputs, type ModelCard } from '../card.ts';
import { inputWidth } from '../inputs.ts';
import { describeModel, type ModelDescription } from '../onnx/describe.ts';
import { ML_DOMAIN } from '../onnx/operator.ts';
import { openUnchecked, tryForest } from '../predictor.ts';
import { createSession } from '../session.ts';
import { invalidModel } from '../trees/forest.ts';
import { type Trial, tryModel } from './check-run.ts';
import type { ModelMap } from './map.ts';

export interface ImportOptions {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Of this program, for the card. */
  readonly programVersion: string;
  /** What to call the model in errors, usually its path. */
  readonly where: string;
}

export interface Imported {
  readonly card: Omit<ModelCard, 'formatVersion' | 'files'>;
  readonly trial: Trial;
  /** What runs it where the kernel is asked for. */
  readonly engine: 'kernel' | 'onnxruntime';
  readonly description: ModelDescription;
  readonly warnings: readonly string[];
}

/** Domains whose operators ONNX Runtime's CPU build has. */
const DOMAINS = ['', 'ai.onnx', ML_DOMAIN, 'com.microsoft'];
/** The oldest set that ONNX Runtime promises to run. */
const OLDEST_OPSET = 7;
const DEFAULT_THRESHOLD = 0.5;
const UNMEASURED = 'Imported: what it was trained on and how good it is was not measured here.';
const UNCHOSEN = `Its probabilities were not calibrated here, and thresholds of ${DEFAULT_THRESHOLD} not chosen on any flows.`;
const DEFAULT_SCOPE = { protocols: ['tcp'], minPayloadPackets: 5 };

/**
 * Checks operator sets, tensors and shapes against the map, runs the model on made-up rows with nulls, and writes its card.
 *
 * @throws FlowlampError MODEL_INVALID
 */
export async function importOnnx(
  onnx: Uint8Array,
  map: ModelMap,
  options: ImportOptions,
  digests: Pick<Digests, 'sha256Hex'>,
): Promise<Imported> {
  const description = describeModel(onnx);
  checkOpsets(description);
  const adapter: ModelAdapter = {
    missing: map.missing,
    tensors: map.tensors,
    output: map.output ?? onlyOutput(description),
    outputKind: map.outputKind,
  };
  checkInputCount(description, map);
  checkLabels(onnx, map);
  const warnings: string[] = [];
  const card = cardOf(map, adapter, description, options, digests);
  const model = { card: { ...card, formatVersion: 2 as const, files: [] }, onnx, path: options.where };
  const predictor = await openUnchecked(model, 'onnxruntime', createSession);
  try {
    const trial = await tryModel(predictor);
    if (trial.isConstant) warnings.push('The model gave all made-up rows the same answer.');
    const kernel = await openUnchecked(model, 'kernel', createSession);
    await kernel.release();
    return { card, trial, engine: kernel.engine, description, warnings };
  } finally {
    await predictor.release();
  }
}

function checkOpsets({ opsets }: ModelDescription): void {
  for (const { domain, version } of opsets) {
    if (!DOMAINS.includes(domain)) {
      throw invalidModel(
        `the model uses operators of ${domain.slice(0, 60)}`,
        `operators of ${DOMAINS.slice(1).join(', ')}`,
      );
    }
    if ((domain === '' || domain === 'ai.onnx') && version < OLDEST_OPSET) {
      throw invalidModel(`the model uses operator set ${version}`, `${OLDEST_OPSET} or later`);
    }
  }
}

/** The one float output, or the one that is called probabilities. */
function onlyOutput({ outputs }: ModelDescription): string {
  const floats = outputs.filter(({ elementType }) => elementType === 'float' || elementType === 'double');
  const found = floats.find(({ name }) => name === 'probabilities') ?? (floats.length === 1 ? floats[0] : undefined);
  if (found !== undefined) return found.name;
  const all = outputs.slice(0, 4).map(({ name, elementType }) => `${name} (${elementType})`);
  const expected =
    floats.length > 1
      ? 'its name as `output` in the map'
      : 'a float tensor [rows, classes]; converters for scikit-learn and XGBoost write it with zipmap switched off';
  throw invalidModel(`the model's outputs are ${all.join(', ')}`, expected);
}

function checkInputCount({ inputs }: ModelDescription, { inputs: columns, tensors }: ModelMap): void {
  if (tensors !== null) return;
  if (inputs.length !== 1) {
    const names = inputs.slice(0, 4).map(({ name }) => name);
    throw invalidModel(
      `the model has ${inputs.length} inputs (${names.join(', ')}${inputs.length > 4 ? ', ...' : ''})`,
      'one, or an `input` for each column of the map',
    );
  }
  const width = inputs[0]!.shape[1];
  const places = inputWidth(columns);
  if (typeof width === 'number' && width !== places) {
    throw invalidModel(`the model reads ${width} features`, `${places}, as the map has columns and items of lists`);
  }
}

/** Trees name their classes: other names are a matter of taste, the same names in another order are a mistake. */
function checkLabels(onnx: Uint8Array, { labels }: ModelMap): void {
  const named = tryForest(onnx)?.classNames;
  if (named === undefined || named.length !== labels.length) return;
  const sameNames = named.every((name) => labels.includes(name));
  if (!sameNames || named.every((name, k) => name === labels[k])) return;
  throw invalidModel(
    `the model's classes are ${named.join(', ')}, in this order`,
    'the labels of the map in the same order',
  );
}

function cardOf(
  map: ModelMap,
  adapter: ModelAdapter,
  { producer }: ModelDescription,
  { name, version, created, programVersion }: ImportOptions,
  digests: Pick<Digests, 'sha256Hex'>,
): Omit<ModelCard, 'formatVersion' | 'files'> {
  const { labels, thresholds = {}, inputs } = map;
  const chosen = labels.every((label) => Object.hasOwn(thresholds, label));
  return {
    name,
    version,
    created,
    task: 'classification',
    target: map.target ?? 'label',
    labels,
    inputs,
    inputsHash: hashInputs(inputs, digests),
    adapter,
    learner: { name: map.learner ?? 'imported', options: {}, seed: 0 },
    training: {
      captures: 0,
      captureHashes: [],
      rows: 0,
      groups: 0,
      rowsPerLabel: {},
      origin: map.origin ?? 'not said',
      generated: map.generated ?? false,
    },
    metrics: {},
    positive: map.positive ?? null,
    scope: { ...DEFAULT_SCOPE, ...map.scope },
    thresholds: Object.fromEntries(labels.map((label) => [label, thresholds[label] ?? DEFAULT_THRESHOLD])),
    // A model that was exported from here and comes back has said these before.
    limitations: [...new Set([...(map.limitations ?? []), UNMEASURED, ...(chosen ? [] : [UNCHOSEN])])],
    versions: { flowlamp: programVersion, ...(producer === '' ? {} : { producer }) },
  };
}
