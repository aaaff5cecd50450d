import type { FitJournal, FitProgress, Learner } from '../learner.ts';
import { inJournal } from './checkpoint.ts';
import { fitCnn } from './cnn.ts';
import { fitMlp } from './mlp.ts';
import { CNN_DEFAULTS, type CnnOptions, MLP_DEFAULTS, type MlpOptions } from './options.ts';
import { SEQUENCE_LISTS } from './sequences.ts';
import type { TrainingHooks } from './training.ts';

/** `--learner mlp`: a multi-layer perceptron. */
export const MLP: Learner<MlpOptions> = {
  name: 'mlp',
  roundName: 'epoch',
  defaults: { ...MLP_DEFAULTS, rounds: 300 },
  unchosenRounds: 30,
  resumes: true,
  fit: (train, validation, options, onProgress, journal) =>
    fitMlp(train, validation, options, hooksOf(onProgress, journal)),
};

/** `--learner cnn`: convolutions over packets and TLS records beside the vector. */
export const CNN: Learner<CnnOptions> = {
  name: 'cnn',
  roundName: 'epoch',
  defaults: { ...CNN_DEFAULTS, rounds: 300 },
  unchosenRounds: 30,
  resumes: true,
  lists: SEQUENCE_LISTS,
  fit: (train, validation, options, onProgress, journal) =>
    fitCnn(train, validation, options, hooksOf(onProgress, journal)),
};

function hooksOf(
  onProgress: ((progress: FitProgress) => void) | undefined,
  journal: FitJournal | undefined,
): TrainingHooks {
  return { onProgress, checkpoint: journal && inJournal(journal) };
}
