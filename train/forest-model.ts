/** Trees as a fitted model: what boosting and the baselines yield. */
import { encodeForest } from '../models/onnx/tree-ensemble.ts';
import type { Forest } from '../models/trees/forest.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { divideScores } from './calibrate.ts';
import type { Fitted } from './learner.ts';

export interface FittedForest extends Fitted {
  readonly forest: Forest;
}

export function forestModel(
  forest: Forest,
  history: Pick<Fitted, 'rounds' | 'trainingLoss' | 'validationLoss'>,
): FittedForest {
  return {
    ...history,
    forest,
    predict(rows, count) {
      const kernel = new ForestKernel(forest);
      const out = new Float32Array(count * kernel.classCount);
      kernel.predict(rows, count, out);
      return out;
    },
    encode: ({ temperature, ...options }) => encodeForest(divideScores(forest, temperature), options),
  };
}
