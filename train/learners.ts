/** The learners that `--learner` names. */
import { GBDT } from './gbdt/learner.ts';
import type { Learner } from './learner.ts';
import { CNN, MLP } from './neural/learner.ts';

const BY_NAME = { gbdt: GBDT, mlp: MLP, cnn: CNN } as const;

export type LearnerName = keyof typeof BY_NAME;

export const LEARNERS: readonly Learner[] = Object.values(BY_NAME);

/** @throws RangeError for a name that is not in LEARNERS: the command line has checked it */
export function learnerNamed<Name extends LearnerName>(name: Name): (typeof BY_NAME)[Name] {
  const learner = BY_NAME[name];
  if (learner === undefined) throw new RangeError(`no learner is called ${name}`);
  return learner;
}
