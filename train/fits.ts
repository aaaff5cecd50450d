/** The trainings that one model takes: counted, so that one can say how far they are, and named, so that they can be gone on with. */
import type { Checkpoint } from './checkpoint.ts';
import type { FitProgress, Fitted, Learner, LearnerOptions } from './learner.ts';
import type { LabelledMatrix } from './matrix.ts';

export interface TrainProgress extends FitProgress {
  /** Which training this is, for people. */
  readonly stage: string;
  /** Share of all the work that is done: each training counts as one, however long it takes. */
  readonly share: number;
}

export class Fits<Options extends LearnerOptions> {
  readonly #learner: Learner<Options>;
  readonly #total: number;
  readonly #onProgress: ((progress: TrainProgress) => void) | undefined;
  readonly #checkpoint: Checkpoint | null;
  #done = 0;

  /**
   * @param total how many there will be
   * @param checkpoint where each keeps its journal
   */
  constructor(
    learner: Learner<Options>,
    total: number,
    onProgress?: (progress: TrainProgress) => void,
    checkpoint: Checkpoint | null = null,
  ) {
    this.#checkpoint = checkpoint;
    this.#learner = learner;
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** @param name tells this training from the others of the model */
  async fit(
    name: string,
    stage: string,
    train: LabelledMatrix,
    validation: LabelledMatrix | null,
    options: Options,
  ): Promise<Fitted> {
    const learner = this.#learner;
    const say = (progress: FitProgress) => {
      const share = (this.#done + progress.round / progress.rounds) / this.#total;
      this.#onProgress?.({ ...progress, stage, share: Math.min(1, share) });
    };
    const fitted = await learner.fit(train, validation, options, say, this.#checkpoint?.journal(name));
    this.#done++;
    return fitted;
  }
}
