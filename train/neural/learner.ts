import type { FitProgress, Learner } from '../learner.ts';
import { inJournal, type Journal } from './checkpoint.ts';
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
  fit: (train, validation, options, onProgress, journal?: Journal) =>
    fitMlp(train, validation, options, hooksOf(onProgress, journal)),
};

/** `--learner cnn`: convolutions over packets and TLS records beside the vector. */
export const CNN: Learner<CnnOptions> = {
  name: 'cnn',
  roundName: 'epoch',
  defaults: { ...CNN_DEFAULTS, rounds: 300 },
  unchosenRounds: 30,
  lists: SEQUENCE_LISTS,
  fit: (train, validation, options, onProgress, journal?: Journal) =>
    fitCnn(train, validation, options, hooksOf(onProgress, journal)),
};

function hooksOf(
  onProgress: ((progress: FitProgress) => void) | undefined,
  journal: Journal | undefined,
): TrainingHooks {
  return { onProgress, checkpoint: journal && inJournal(journal) };
}
