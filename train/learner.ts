import type { Forest } from '../models/trees/forest.ts';
import type { GbdtOptions } from './gbdt/options.ts';
import type { LabelledMatrix } from './matrix.ts';

export interface FitProgress {
  readonly round: number;
  /** The most rounds there will be. */
  readonly rounds: number;
  readonly trainingLoss: number;
  readonly validationLoss: number | null;
}

export interface Fitted {
  readonly forest: Forest;
  /** Rounds that the forest keeps. */
  readonly rounds: number;
  /** Mean log loss after each round. */
  readonly trainingLoss: readonly number[];
  readonly validationLoss: readonly number[];
}

/** What turns labelled rows into a model. Every learner yields a Forest, so that all are scored and stored alike. */
export interface Learner {
  readonly name: string;
  /** @param validation rows that the learner may stop on, but not learn from */
  fit(
    train: LabelledMatrix,
    validation: LabelledMatrix | null,
    options?: Partial<GbdtOptions>,
    onProgress?: (progress: FitProgress) => void,
  ): Fitted;
}
