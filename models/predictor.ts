import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { describeModel } from './onnx/describe.ts';
import { OP_TYPE } from './onnx/operator.ts';
import { decodeForest } from './onnx/tree-ensemble.ts';
import { createSession } from './session.ts';
import { ForestKernel } from './trees/kernel.ts';

/** Any model, ready to score. */
export interface Predictor {
  readonly featureCount: number;
  readonly classCount: number;
  /** `kernel` needs no native library and does not leave JavaScript. */
  readonly engine: 'kernel' | 'onnxruntime';
  /** @param rows row-major [count, featureCount], NaN for missing; resolves to probabilities [count, classCount]. */
  predict(rows: Float32Array, count: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Tree ensembles that the packed kernel can run go to it, which is faster; everything else goes to ONNX Runtime. */
export async function createPredictor(bytes: Uint8Array): Promise<Predictor> {
  const kernel = tryKernel(bytes);
  if (kernel === null) return { engine: 'onnxruntime', ...(await createSession(bytes)) };
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

/** Null where the model is no tree ensemble, or one of a kind that only ONNX Runtime knows. */
function tryKernel(bytes: Uint8Array): ForestKernel | null {
  const { ops } = describeModel(bytes);
  if (ops.length !== 1 || ops[0]!.opType !== OP_TYPE) return null;
  try {
    return new ForestKernel(decodeForest(bytes));
  } catch (cause) {
    if (cause instanceof FlowlampError && cause.code === ErrorCode.Unsupported) return null;
    throw cause;
  }
}
