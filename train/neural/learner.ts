import type { Learner } from '../learner.ts';
import { fitMlp } from './mlp.ts';
import { MLP_DEFAULTS, type MlpOptions } from './options.ts';

/** `--learner mlp`: a multi-layer perceptron. */
export const MLP: Learner<MlpOptions> = {
  name: 'mlp',
  roundName: 'epoch',
  defaults: { ...MLP_DEFAULTS, rounds: 300 },
  unchosenRounds: 30,
  fit: (train, validation, options, onProgress) => fitMlp(train, validation, options, onProgress),
};
