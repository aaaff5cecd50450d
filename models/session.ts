import type { InferenceSession, TypedTensor as TensorOf } from 'onnxruntime-node';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { ModelLimits } from './limits.ts';
import { describeModel, type TensorInfo } from './onnx/describe.ts';
import { invalidModel } from './trees/forest.ts';

/** An ONNX model ready to run: the oracle for tree ensembles and the only way for everything else. */
export interface ModelSession {
  readonly featureCount: number;
  /** Numbers per row of the output; 1 only where SessionOptions allow it. */
  readonly classCount: number;
  /** @param rows row-major [count, featureCount]; resolves to row-major probabilities [count, classCount]. */
  predict(rows: Float32Array, count: number): Promise<Float32Array>;
  /** Frees the native memory; the session cannot be used afterwards. */
  release(): Promise<void>;
}

/** What a model that was made elsewhere needs said; nothing for our own. */
export interface SessionOptions {
  /** Tensors [N, 1] that take a feature each; without it, one tensor takes all. */
  readonly tensors?: readonly string[] | null;
  /** Features, where the model leaves their number open. */
  readonly featureCount?: number;
  readonly output?: string;
  /** The output may be one number per row. */
  readonly singleOutput?: boolean;
}

/** `createSession`, or another that gives the same. */
export type OpenSession = (bytes: Uint8Array, options?: SessionOptions) => Promise<ModelSession>;

/**
 * Opens an ONNX classifier: one float or double input [N, F] and one float or double output [N, K] (named
 * `probabilities` where there are several), unless told otherwise. One thread and no spinning: a second thread never
 * helped here and spinning burns whole cores between calls. `predict` blocks the event loop while it runs.
 *
 * @throws FlowlampError MODEL_INVALID, in one line, for anything else
 */
export async function createSession(bytes: Uint8Array, options: SessionOptions = {}): Promise<ModelSession> {
  const description = describeModel(bytes);
  const inputs = inputsOf(description.inputs, options);
  const output = pickOutput(description.outputs, options.output);
  const featureCount = options.tensors?.length ?? widthOf(inputs[0]!, options.featureCount);
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await open(InferenceSession, bytes);
  const run = async (rows: Float32Array, count: number) => {
    const feeds: Record<string, TensorOf<'float32' | 'float64'>> = {};
    inputs.forEach(({ name, elementType, shape }, i) => {
      const values = inputs.length === 1 ? rows : columnOf(rows, count, featureCount, i);
      const dims = shape.length === 1 ? [count] : [count, values.length / count];
      feeds[name] =
        elementType === 'double'
          ? new Tensor('float64', Float64Array.from(values), dims)
          : new Tensor('float32', values, dims);
    });
    try {
      return (await session.run(feeds, [output.name]))[output.name]!;
    } catch (cause) {
      throw invalidModel(
        `ONNX Runtime cannot run the model (${reasonOf(cause)})`,
        'a model that takes its inputs',
        cause,
      );
    }
  };
  const classCount = await outputWidth(output, options.singleOutput === true, async () => {
    const { dims } = await run(new Float32Array(featureCount), 1);
    return dims.length < 2 ? 1 : (dims.at(-1) ?? 0);
  }).catch(async (error: unknown) => {
    await session.release();
    throw error;
  });
  return {
    featureCount,
    classCount,
    async predict(rows, count) {
      if (rows.length < count * featureCount) {
        throw new RangeError(`predict: ${count} rows need ${count * featureCount} values, not ${rows.length}`);
      }
      if (count === 0) return new Float32Array(0);
      const values = rows.length === count * featureCount ? rows : rows.subarray(0, count * featureCount);
      const { data } = await run(values, count);
      if (!(data instanceof Float32Array || data instanceof Float64Array) || data.length !== count * classCount) {
        throw invalidModel(
          `the model returned ${data.length} values for ${count} rows`,
          `${classCount} floats per row`,
        );
      }
      return data instanceof Float32Array ? data : Float32Array.from(data);
    },
    release: () => session.release(),
  };
}

function columnOf(rows: Float32Array, count: number, width: number, column: number): Float32Array {
  return Float32Array.from({ length: count }, (_, row) => rows[row * width + column]!);
}

async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: 'onnxruntime-node is not installed, or does not load on this machine',
      expected: 'the package with its native library (docs/platforms.md), which models but trees are run by',
      action: 'install it as `flowlamp doctor` says, or use a tree model without --runtime onnxruntime',
      cause,
    });
  }
}

async function open(
  runtime: typeof import('onnxruntime-node').InferenceSession,
  bytes: Uint8Array,
): Promise<InferenceSession> {
  try {
    return await runtime.create(bytes, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // What goes wrong is thrown; the runtime's own lines would stand beside ours.
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    throw invalidModel(
      `ONNX Runtime refuses the model (${reasonOf(cause)})`,
      'a model that ONNX Runtime can load',
      cause,
    );
  }
}

const LONGEST_REASON = 160;

/** The runtime's message without the places in its C++ sources, which are longer than what it says. */
function reasonOf(cause: unknown): string {
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const said = line.includes('/onnxruntime_src/') ? line.replace(/^.*(?:\]|\)(?: const)?) (?=\S)/, '') : line;
  return said.length > LONGEST_REASON ? `${said.slice(0, LONGEST_REASON - 1)}…` : said;
}

const FLOATS = ['float', 'double'];

/** The tensors to fill, in the order of the features. */
function inputsOf(declared: readonly TensorInfo[], { tensors }: SessionOptions): readonly TensorInfo[] {
  if (tensors === undefined || tensors === null) {
    const [first] = declared;
    if (first === undefined || declared.length !== 1) {
      throw invalidModel(`the model has ${declared.length} inputs`, 'one float input [rows, features]');
    }
    return [first];
  }
  const unused = declared.find(({ name }) => !tensors.includes(name));
  if (unused !== undefined) {
    throw invalidModel(`nothing is given to the model's input ${show(unused)}`, 'a column for every input');
  }
  return tensors.map((name) => {
    const found = declared.find((tensor) => tensor.name === name);
    if (found === undefined) {
      const names = declared.slice(0, 5).map((tensor) => tensor.name);
      throw invalidModel(`the model has no input ${name}`, `one of ${names.join(', ')}`);
    }
    const { elementType, shape } = found;
    const last = shape[1] ?? 1;
    if (
      !FLOATS.includes(elementType) ||
      shape.length < 1 ||
      shape.length > 2 ||
      (typeof last === 'number' && last !== 1)
    ) {
      throw invalidModel(`the model's input ${show(found)}`, 'float or double [rows, 1] for each column');
    }
    return found;
  });
}

function pickOutput(outputs: readonly TensorInfo[], wanted: string | undefined): TensorInfo {
  if (wanted !== undefined) {
    const found = outputs.find(({ name }) => name === wanted);
    if (found === undefined) {
      const names = outputs.slice(0, 5).map(({ name }) => name);
      throw invalidModel(`the model has no output ${wanted}`, `one of ${names.join(', ')}`);
    }
    if (FLOATS.includes(found.elementType)) return found;
    throw invalidModel(`the model's output ${show(found)}`, 'float or double [rows, classes], not a list of maps');
  }
  const floats = outputs.filter(({ elementType }) => FLOATS.includes(elementType));
  const named = floats.find(({ name }) => name === 'probabilities');
  if (named !== undefined) return named;
  const [first] = floats;
  if (first !== undefined && floats.length === 1) return first;
  const found = outputs.slice(0, 3).map(show);
  throw invalidModel(
    `the model has ${floats.length} float outputs (${found.join('; ')})`,
    'one float output [rows, classes] (converted without ZipMap)',
  );
}

/** The second dimension of the input, or what is said of it where it is free. */
function widthOf(input: TensorInfo, said: number | undefined): number {
  const { elementType, shape } = input;
  const size = typeof shape[1] === 'number' ? shape[1] : said;
  if (
    !FLOATS.includes(elementType) ||
    shape.length !== 2 ||
    size === undefined ||
    size < 1 ||
    size > ModelLimits.features
  ) {
    throw invalidModel(
      `the model's input ${show(input)}`,
      'float or double [rows, features] with a fixed number of features',
    );
  }
  if (typeof shape[0] === 'number') {
    throw invalidModel(
      `the model's input ${show(input)}`,
      'any number of rows (exported with a dynamic first dimension)',
    );
  }
  return size;
}

function show({ name, elementType, shape }: TensorInfo): string {
  return `${name} is ${elementType} [${shape.map((dim) => dim ?? '?').join(', ')}]`;
}

/** The declared number of classes, or what one row of zeros gives where the model leaves it free. */
async function outputWidth(
  { name, shape }: TensorInfo,
  singleOutput: boolean,
  probe: () => Promise<number>,
): Promise<number> {
  const declared = shape[1];
  const size = typeof declared === 'number' ? declared : await probe();
  if (shape.length > 2 || size < (singleOutput ? 1 : 2) || size > ModelLimits.classes) {
    throw invalidModel(`the model's output ${name} has ${size} columns`, `two or more, at most ${ModelLimits.classes}`);
  }
  return size;
}
