/** The flags of `train` that only some learners have, and what each learner calls them. */
import type { Command } from 'commander';
import { assertNever } from '../core/errors.ts';
import type { Learner, LearnerOptions } from '../train/learner.ts';
import { type LearnerName, learnerNamed } from '../train/learners.ts';
import { positiveInteger, positiveNumber } from './options.ts';

export interface LearnerFlags {
  readonly learner: LearnerName;
  readonly seed: number;
  readonly rounds?: number;
  readonly leaves?: number;
  readonly learningRate?: number;
  readonly epochs?: number;
}

/** Flag, its key in the options, and the learners that have it. */
const OWNED = [
  ['--rounds', 'rounds', ['gbdt']],
  ['--leaves', 'leaves', ['gbdt']],
  ['--epochs', 'epochs', ['mlp', 'cnn']],
] as const satisfies readonly (readonly [string, keyof LearnerFlags, readonly LearnerName[]])[];

export function addLearnerFlags(command: Command): Command {
  return command
    .option('--rounds <count>', 'most boosting rounds (gbdt)', positiveInteger)
    .option('--leaves <count>', 'most leaves of a tree (gbdt)', positiveInteger)
    .option('--epochs <count>', 'most passes over the flows (mlp, cnn)', positiveInteger)
    .option('--learning-rate <rate>', 'shrinkage of each tree (gbdt), step size (mlp, cnn)', positiveNumber);
}

/** Ends with a usage error where a flag was given that the chosen learner does not have. */
export function refuseForeignFlags(command: Command, flags: LearnerFlags): void {
  for (const [flag, key, learners] of OWNED) {
    const known: readonly LearnerName[] = learners;
    if (flags[key] === undefined || known.includes(flags.learner)) continue;
    command.error(`error: option '${flag}' is for --learner ${known.join(' or ')}, not ${flags.learner}`);
  }
}

/** Hands the chosen learner, and the flags in its own words, to `use`. */
export function withLearner<Result>(
  flags: LearnerFlags,
  use: <Options extends LearnerOptions>(learner: Learner<Options>, options: Partial<Options>) => Result,
): Result {
  const { learner, seed, rounds, leaves, learningRate, epochs } = flags;
  const shared = given({ seed, learningRate });
  switch (learner) {
    case 'gbdt':
      return use(learnerNamed(learner), { ...shared, ...given({ rounds, maxLeaves: leaves }) });
    case 'mlp':
      return use(learnerNamed(learner), { ...shared, ...given({ rounds: epochs }) });
    case 'cnn':
      return use(learnerNamed(learner), { ...shared, ...given({ rounds: epochs }) });
    default:
      return assertNever(learner);
  }
}

/** Without what was not given. */
function given<Values extends Record<string, number | undefined>>(values: Values): { [Key in keyof Values]?: number } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: number;
  };
}
