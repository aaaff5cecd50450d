/** What can be set about nets. */
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

/** What a sequence net has besides; `hidden` are the layers behind the towers. */
export interface CnnOptions extends MlpOptions {
  /** Filters of each convolution of a tower, from the sequence on. */
  readonly filters: readonly number[];
  /** Neighbouring positions that each convolution reads at once: as many odd numbers as there are filters. */
  readonly taps: readonly number[];
}

export const CNN_DEFAULTS: CnnOptions = { ...MLP_DEFAULTS, filters: [32, 32], taps: [5, 3] };

const MAX_LAYERS = 8;
const MAX_UNITS = 4096;
const MAX_TAPS = 31;

/** @throws FlowlampError OPTION_INVALID */
export function checkMlpOptions(options: MlpOptions): MlpOptions {
  checkRanges(options, [
    ['rounds', 1, 100_000, true],
    ['patience', 0, 100_000, true],
    ['learningRate', 1e-7, 1, false],
    ['batchRows', 1, 1_000_000, true],
    ['l2', 0, 1e6, false],
  ]);
  checkUnits('hidden', options.hidden);
  return options;
}

/** @throws FlowlampError OPTION_INVALID */
export function checkCnnOptions(options: CnnOptions): CnnOptions {
  checkMlpOptions(options);
  checkUnits('filters', options.filters);
  const { taps, filters } = options;
  const sound = (count: number) => Number.isInteger(count) && count % 2 === 1 && count >= 1 && count <= MAX_TAPS;
  if (taps.length !== filters.length || !taps.every(sound)) {
    throw badOption('taps', `[${taps.join(', ')}]`, `${filters.length} odd numbers from 1 to ${MAX_TAPS}`);
  }
  return options;
}

function checkUnits(name: string, units: readonly number[]): void {
  const sound = (count: number) => Number.isInteger(count) && count >= 1 && count <= MAX_UNITS;
  if (units.length >= 1 && units.length <= MAX_LAYERS && units.every(sound)) return;
  throw badOption(name, `[${units.join(', ')}]`, `1 to ${MAX_LAYERS} layers of 1 to ${MAX_UNITS} units`);
}
