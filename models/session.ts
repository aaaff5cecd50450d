import type { InferenceSession } from 'onnxruntime-node';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { describeModel, type TensorInfo } from './onnx/describe.ts';
import { invalidModel } from './trees/forest.ts';

/** An ONNX model ready to run: the oracle for tree ensembles and the only way for everything else. */
export interface ModelSession {
  readonly featureCount: number;
  readonly classCount: number;
  /** @param rows row-major [count, featureCount]; resolves to row-major probabilities [count, classCount]. */
  predict(rows: Float32Array, count: number): Promise<Float32Array>;
  /** Frees the native memory; the session cannot be used afterwards. */
  release(): Promise<void>;
}

/**
 * Opens an ONNX classifier: one float input [N, F] and one float output [N, K] (named `probabilities` where there are
 * several). One thread and no spinning: a second thread never helped here and spinning burns whole cores between calls.
 * `predict` blocks the event loop while it runs.
 */
export async function createSession(bytes: Uint8Array): Promise<ModelSession> {
  const description = describeModel(bytes);
  const input = theOnly(description.inputs, 'input');
  const output = pickOutput(description.outputs);
  const featureCount = width(input);
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await open(InferenceSession, bytes);
  const classCount = await outputWidth(output, async () => {
    const probe = new Tensor('float32', new Float32Array(featureCount), [1, featureCount]);
    return (await session.run({ [input.name]: probe }, [output.name]))[output.name]!.dims.at(-1) ?? 0;
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
      const feeds = { [input.name]: new Tensor('float32', values, [count, featureCount]) };
      const { data } = (await session.run(feeds, [output.name]))[output.name]!;
      if (!(data instanceof Float32Array) || data.length !== count * classCount) {
        throw invalidModel(
          `the model returned ${data.length} values for ${count} rows`,
          `${classCount} floats per row`,
        );
      }
      return data;
    },
    release: () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: 'onnxruntime-node could not be loaded on this machine',
      expected: 'the native library that comes with the package',
      action: 'install flowlamp again on a supported platform, or use a tree model, which needs no native library',
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
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw invalidModel(`ONNX Runtime refuses the model (${reason})`, 'a model that ONNX Runtime can load', cause);
  }
}

function theOnly(tensors: readonly TensorInfo[], kind: string): TensorInfo {
  const [first] = tensors;
  if (first === undefined || tensors.length !== 1) {
    throw invalidModel(`the model has ${tensors.length} ${kind}s`, `one float ${kind} [rows, features]`);
  }
  return first;
}

function pickOutput(outputs: readonly TensorInfo[]): TensorInfo {
  const floats = outputs.filter((output) => output.elementType === 'float');
  return floats.find((output) => output.name === 'probabilities') ?? theOnly(floats, 'float output');
}

/** The fixed second dimension of the input. */
function width({ name, elementType, shape }: TensorInfo): number {
  const size = shape[1];
  if (elementType !== 'float' || shape.length !== 2 || typeof size !== 'number' || size < 1 || size > 1_000_000) {
    const found = `${elementType} [${shape.map((dim) => dim ?? '?').join(', ')}]`;
    throw invalidModel(
      `the model's input ${name} is ${found}`,
      'float [rows, features] with a fixed number of features',
    );
  }
  return size;
}

/** The declared number of classes, or what one row of zeros gives where the model leaves it free. */
async function outputWidth({ name, shape }: TensorInfo, probe: () => Promise<number>): Promise<number> {
  const declared = shape[1];
  const size = typeof declared === 'number' ? declared : await probe();
  if (shape.length > 2 || size < 2) throw invalidModel(`the model's output ${name} has ${size} columns`, 'two or more');
  return size;
}
