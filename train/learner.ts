/** What training, cross-validation and the baselines know of any learner. */
import type { ListPart } from '../models/card.ts';
import type { LabelledMatrix } from './matrix.ts';

export interface FitProgress {
  /** Counts from 1. */
  readonly round: number;
  /** The most rounds there will be. */
  readonly rounds: number;
  readonly trainingLoss: number;
  readonly validationLoss: number | null;
}

/** What every learner can be told. Each has its own type beside its own defaults, which extends this one. */
export interface LearnerOptions {
  /** Most rounds: boosting rounds, or passes of a net over the rows. */
  readonly rounds: number;
  /** Stop after so many rounds without a lower loss on the validation rows; 0 never stops. */
  readonly patience: number;
  readonly seed: number;
  /** Threads, for learners that use several. Changes nothing but the time, so no card tells it. */
  readonly threads?: number;
}

export interface EncodeSettings {
  /** Scores or logits are divided by it before they become probabilities; above 1 makes the model less sure. */
  readonly temperature: number;
  readonly producer: string;
  /** Written as the model's metadata_props, in the order given. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A model that has learnt, in plain memory: nothing has to be freed. */
export interface Fitted {
  /** Rounds that the model keeps. */
  readonly rounds: number;
  /** Mean log loss after each round. */
  readonly trainingLoss: readonly number[];
  readonly validationLoss: readonly number[];
  /** Program -> version, of what else than flowlamp made the model. */
  readonly versions?: Readonly<Record<string, string>>;
  /**
   * @param rows row-major [count, features], NaN for missing
   * @returns row-major probabilities [count, classes]
   */
  predict(rows: Float32Array, count: number): Float32Array;
  /** The model as an ONNX file: float `features` [N, F] to float `probabilities` [N, K]. */
  encode(settings: EncodeSettings): Uint8Array;
}

/** What a training has noted of its progress, and where it notes more: whatever another run needs to go on from there. */
export interface FitJournal {
  /** What a training with equal data, options and seed noted before it was stopped, oldest first. */
  readonly entries: readonly Uint8Array[];
  note(entry: Uint8Array): void;
}

/** What turns labelled rows into a model. */
export interface Learner<Options extends LearnerOptions = LearnerOptions> {
  readonly name: string;
  readonly roundName: 'round' | 'epoch';
  /** What `train` starts from: rounds are a bound here, early stopping chooses them. */
  readonly defaults: Options;
  /** Rounds where nothing could be held out to choose them on. */
  readonly unchosenRounds: number;
  /** By column, the lists that the learner reads besides numbers; absent for one that reads none. */
  readonly lists?: Readonly<Record<string, ListPart>>;
  /** Whether it keeps the journal that it is given. */
  readonly resumes?: boolean;
  /**
   * Equal data, options and seed give an equal model.
   *
   * @param validation rows that the learner may stop on, but not learn from; must not share groups with `train`
   * @param journal what to go on from: the model is the one of a training that was not stopped
   */
  fit(
    train: LabelledMatrix,
    validation: LabelledMatrix | null,
    options?: Partial<Options>,
    onProgress?: (progress: FitProgress) => void,
    journal?: FitJournal,
  ): Fitted | Promise<Fitted>;
}
