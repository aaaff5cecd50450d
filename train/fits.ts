/** The trainings that one model takes: named, and counted, so that one can say how far they are. */
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
  #done = 0;

  /** @param total how many there will be */
  constructor(learner: Learner<Options>, total: number, onProgress?: (progress: TrainProgress) => void) {
    this.#learner = learner;
    this.#total = total;
    this.#onProgress = onProgress;
  }

  /** @param name tells this training from the others of the model */
  async fit(
    _name: string,
    stage: string,
    train: LabelledMatrix,
    validation: LabelledMatrix | null,
    options: Options,
  ): Promise<Fitted> {
    const learner = this.#learner;
    const fitted = await learner.fit(train, validation, options, (progress) => {
      const share = (this.#done + progress.round / progress.rounds) / this.#total;
      this.#onProgress?.({ ...progress, stage, share: Math.min(1, share) });
    });
    this.#done++;
    return fitted;
  }
}
