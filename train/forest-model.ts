/** Trees as a fitted model: what boosting and the baselines yield. */
import { encodeForest } from '../models/onnx/tree-ensemble.ts';
import { countCovers } from '../models/trees/cover.ts';
import type { Forest } from '../models/trees/forest.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { divideScores } from './calibrate.ts';
import type { EncodeSettings, Fitted } from './learner.ts';

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
    encode: ({ temperature, background, ...options }) =>
      encodeForest(divideScores(withCovers(forest, background), temperature), options),
  };
}

function withCovers(forest: Forest, background: EncodeSettings['background']): Forest {
  if (forest.cover !== null || background === undefined) return forest;
  return countCovers(forest, background.rows, background.count);
}
