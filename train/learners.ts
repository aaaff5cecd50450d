/** The learners that `--learner` names. */
import { fitGbdt } from './gbdt/boost.ts';
import type { Learner } from './learner.ts';

export const LEARNERS: readonly Learner[] = [{ name: 'gbdt', fit: fitGbdt }];

/** @throws RangeError for a name that is not in LEARNERS: the command line has checked it */
export function learnerNamed(name: string): Learner {
  const learner = LEARNERS.find((candidate) => candidate.name === name);
  if (learner === undefined) throw new RangeError(`no learner is called ${name}`);
  return learner;
}
