/** What can be set about boosting. */
import type { ClassWeights } from '../class-weights.ts';
import type { LearnerOptions } from '../learner.ts';
import { MAX_BINS } from './binning.ts';

export interface GbdtOptions extends LearnerOptions {
  /** Trees per score. */
  readonly rounds: number;
  readonly learningRate: number;
  readonly maxLeaves: number;
  /** Edges from root to leaf; 0 for no bound. */
  readonly maxDepth: number;
  readonly minRowsPerLeaf: number;
  /** Least hessian sum of a leaf. */
  readonly minChildWeight: number;
  readonly l1: number;
  readonly l2: number;
  /** Share of the rows that each round sees, drawn without replacement. */
  readonly rowFraction: number;
  /** Share of the features that each tree may cut. */
  readonly featureFraction: number;
  /** Bins for values, at most 255. */
  readonly maxBins: number;
  readonly classWeights: ClassWeights;
}

export const GBDT_DEFAULTS: GbdtOptions = {
  rounds: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  maxDepth: 0,
  minRowsPerLeaf: 20,
  minChildWeight: 1e-3,
  l1: 0,
  l2: 1,
  rowFraction: 1,
  featureFraction: 1,
  maxBins: MAX_BINS,
  patience: 10,
  classWeights: 'none',
  seed: 1,
};
