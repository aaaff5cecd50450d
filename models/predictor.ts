import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { fillMissing, type ModelAdapter, OutputKind, toProbabilities } from './adapter.ts';
import type { ModelCard, ModelInput } from './card.ts';
import { inputWidth } from './inputs.ts';
import { readOutline } from './onnx/describe.ts';
import { OP_TYPE } from './onnx/operator.ts';
import { decodeForest } from './onnx/tree-ensemble.ts';
import type { OpenSession } from './session.ts';
import { type Forest, invalidModel } from './trees/forest.ts';
import { ForestKernel } from './trees/kernel.ts';

/** What runs a model: the project's own kernel, where it is of trees that this can run, or always ONNX Runtime. */
export const RUNTIMES = ['kernel', 'onnxruntime'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Any model, ready to score. */
export interface Predictor {
  readonly featureCount: number;
  readonly classCount: number;
  /** `kernel` needs no native library and does not leave JavaScript. */
  readonly engine: Runtime;
  /**
   * @param rows row-major [count, featureCount], NaN for missing, more than these if need be; left alone until the answer
   * @returns row-major probabilities [count, classCount]
   */
  predict(rows: Float32Array, count: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * A model as its card says: nulls, tensors and outputs are those of the card's columns and labels, wherever the model was
 * made. Under `kernel`, tree ensembles that the packed kernel can run go to it, everything else goes to ONNX Runtime.
 *
 * @param openSession how ONNX Runtime is reached: createSession in this thread, which it blocks while it runs
 * @throws FlowlampError MODEL_INVALID for a model that contradicts its card, UNSUPPORTED where the runtime is missing
 */
export async function openPredictor(model: ModelParts, runtime: Runtime, openSession: OpenSession): Promise<Predictor> {
  const plain = await openUnchecked(model, runtime, openSession);
  const { card, path } = model;
  return { ...plain, predict: async (rows, count) => checked(path, card.labels, await plain.predict(rows, count)) };
}

/** What a model folder holds. */
export interface ModelParts {
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
  readonly path: string;
}

/** The same, whatever the model gives: for those who look at it themselves. */
export async function openUnchecked(
  { card, onnx, path }: ModelParts,
  runtime: Runtime,
  openSession: OpenSession,
): Promise<Predictor> {
  const { adapter, inputs, labels } = card;
  const plain = await (adapter === null
    ? createPredictor(onnx, runtime, openSession)
    : createAdapted(
        onnx,
        runtime,
        openSession,
        { ...adapter, missing: missingByPlace(adapter, inputs) },
        labels.length,
      ));
  const width = inputWidth(inputs);
  if (plain.featureCount === width && plain.classCount === labels.length) return plain;
  await plain.release();
  throw new FlowlampError(ErrorCode.ModelInvalid, {
    happened: `${path} takes ${plain.featureCount} inputs and gives ${plain.classCount} classes`,
    expected: `${width} inputs and ${labels.length} classes as its card says`,
    action: 'take the model folder from where it was made again',
  });
}

/** Sums of probabilities that were rounded. */
const TOLERANCE = 1e-3;

/** What a model gives must be probabilities: a verdict of NaN would be none. */
function checked(path: string, labels: readonly string[], probabilities: Float32Array): Float32Array {
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (probability >= -TOLERANCE && probability <= 1 + TOLERANCE) continue;
    throw invalidModel(
      `${path} gives ${probability} as the probability of ${labels[i % labels.length]}`,
      'numbers from 0 to 1 (or logits, where its card says so)',
    );
  }
  return probabilities;
}

/** A model that takes NaN for a null and gives one probability per class. */
export async function createPredictor(
  bytes: Uint8Array,
  runtime: Runtime,
  openSession: OpenSession,
): Promise<Predictor> {
  // Broken trees are refused here, whatever is to run them.
  const forest = tryForest(bytes);
  if (forest === null || runtime === 'onnxruntime') {
    return { engine: 'onnxruntime', ...(await openSession(bytes)) };
  }
  const kernel = new ForestKernel(forest);
  return {
    engine: 'kernel',
    featureCount: kernel.featureCount,
    classCount: kernel.classCount,
    async predict(rows, count) {
      const out = new Float32Array(count * kernel.classCount);
      kernel.predict(rows, count, out);
      return out;
    },
    async release() {},
  };
}

/** What stands for a null at each place: a list has as many as it takes. */
export function missingByPlace({ missing }: ModelAdapter, inputs: readonly ModelInput[]): ModelAdapter['missing'] {
  return inputs.flatMap(({ list }, i) => new Array<number | null>(list?.length ?? 1).fill(missing[i]!));
}

/** @param adapter with `missing` by place */
async function createAdapted(
  bytes: Uint8Array,
  runtime: Runtime,
  openSession: OpenSession,
  adapter: ModelAdapter,
  classes: number,
): Promise<Predictor> {
  const { missing, tensors, output, outputKind } = adapter;
  const forest = tryForest(bytes);
  if (runtime === 'kernel' && forest !== null && tensors === null && outputKind === OutputKind.Probabilities) {
    const kernel = await createPredictor(bytes, runtime, openSession);
    return { ...kernel, predict: (rows, count) => kernel.predict(fillMissing(missing, rows, count), count) };
  }
  const session = await openSession(bytes, {
    tensors,
    output,
    featureCount: missing.length,
    singleOutput: classes === 2,
  });
  const { classCount: width } = session;
  if (width !== classes && width !== 1) {
    await session.release();
    throw invalidModel(`the model's output ${output} has ${width} columns`, `${classes}, one for each label`);
  }
  return {
    engine: 'onnxruntime',
    featureCount: session.featureCount,
    classCount: classes,
    async predict(rows, count) {
      const given = await session.predict(fillMissing(missing, rows, count), count);
      return toProbabilities(outputKind, given, count, width, classes);
    },
    release: () => session.release(),
  };
}

/** Null where the model is no tree ensemble, or one of a kind that only ONNX Runtime knows. */
export function tryForest(bytes: Uint8Array): Forest | null {
  const outline = readOutline(bytes);
  const { ops } = outline.description;
  if (ops.length !== 1 || ops[0]!.opType !== OP_TYPE) return null;
  try {
    return decodeForest(bytes, outline);
  } catch (cause) {
    if (cause instanceof FlowlampError && cause.code === ErrorCode.Unsupported) return null;
    throw cause;
  }
}
