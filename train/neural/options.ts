/** What can be set about a multi-layer perceptron. */
import type { ClassWeights } from '../class-weights.ts';
import type { LearnerOptions } from '../learner.ts';
import { badOption, checkRanges } from '../option-ranges.ts';

/** A round is an epoch: one pass over the training rows. */
export interface MlpOptions extends LearnerOptions {
  /** Units of each hidden layer, from the inputs on. */
  readonly hidden: readonly number[];
  /** Of Adam. */
  readonly learningRate: number;
  /** Rows per step. */
  readonly batchRows: number;
  /**
   * Half the sum of squared weights (not biases) counts this much beside the summed log loss of all rows: the more rows,
   * the less it holds back.
   */
  readonly l2: number;
  readonly classWeights: ClassWeights;
}

export const MLP_DEFAULTS: MlpOptions = {
  rounds: 100,
  patience: 15,
  hidden: [64, 32],
  learningRate: 1e-3,
  batchRows: 64,
  l2: 10,
  classWeights: 'none',
  seed: 1,
};

const MAX_LAYERS = 8;
const MAX_UNITS = 4096;

/** @throws FlowlampError OPTION_INVALID */
export function checkMlpOptions(options: MlpOptions): MlpOptions {
  checkRanges(options, [
    ['rounds', 1, 100_000, true],
    ['patience', 0, 100_000, true],
    ['learningRate', 1e-7, 1, false],
    ['batchRows', 1, 1_000_000, true],
    ['l2', 0, 1e6, false],
  ]);
  const { hidden } = options;
  const sound = (units: number) => Number.isInteger(units) && units >= 1 && units <= MAX_UNITS;
  if (hidden.length < 1 || hidden.length > MAX_LAYERS || !hidden.every(sound)) {
    throw badOption('hidden', `[${hidden.join(', ')}]`, `1 to ${MAX_LAYERS} layers of 1 to ${MAX_UNITS} units`);
  }
  return options;
}
