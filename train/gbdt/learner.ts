import type { Learner } from '../learner.ts';
import { fitGbdt } from './boost.ts';
import { GBDT_DEFAULTS, type GbdtOptions } from './options.ts';

/** `--learner gbdt`: boosted trees. */
export const GBDT: Learner<GbdtOptions> = {
  name: 'gbdt',
  roundName: 'round',
  defaults: { ...GBDT_DEFAULTS, rounds: 300 },
  unchosenRounds: 60,
  resumes: true,
  fit: fitGbdt,
};
