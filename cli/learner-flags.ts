/** The flags of `train` that only some learners have, and what each learner calls them. */
import type { Command } from 'commander';
import { assertNever } from '../core/errors.ts';
import type { ClassWeights } from '../train/class-weights.ts';
import type { Learner, LearnerOptions } from '../train/learner.ts';
import { type LearnerName, learnerNamed } from '../train/learners.ts';
import { classWeight } from './class-weight-option.ts';
import { positiveFraction, positiveInteger, positiveNumber, zeroOrMore, zeroOrMoreWhole } from './options.ts';

export interface LearnerFlags {
  readonly learner: LearnerName;
  readonly seed: number;
  readonly classWeight?: Exclude<ClassWeights, readonly number[]>;
  readonly earlyStopping?: number;
  readonly learningRate?: number;
  readonly l2?: number;
  readonly rounds?: number;
  readonly leaves?: number;
  readonly l1?: number;
  readonly minChildWeight?: number;
  readonly rowFraction?: number;
  readonly featureFraction?: number;
  readonly jobs?: number;
  readonly epochs?: number;
}

/** Flag, its key in the options, and the learners that have it. */
const OWNED = [
  ['--rounds', 'rounds', ['gbdt']],
  ['--leaves', 'leaves', ['gbdt']],
  ['--l1', 'l1', ['gbdt']],
  ['--min-child-weight', 'minChildWeight', ['gbdt']],
  ['--row-fraction', 'rowFraction', ['gbdt']],
  ['--feature-fraction', 'featureFraction', ['gbdt']],
  ['--jobs', 'jobs', ['gbdt']],
  ['--epochs', 'epochs', ['mlp', 'cnn']],
] as const satisfies readonly (readonly [string, keyof LearnerFlags, readonly LearnerName[]])[];

export function addLearnerFlags(command: Command): Command {
  return command
    .option(
      '--class-weight <weight>',
      'what flows of a class count: balanced, none, or LABEL=WEIGHT (repeatable; others count 1)',
      classWeight,
    )
    .option(
      '--early-stopping <count>',
      'stop after so many rounds without a lower loss on held-out groups, 0 = never',
      zeroOrMoreWhole,
    )
    .option('--learning-rate <rate>', 'shrinkage of each tree (gbdt), step size (mlp, cnn)', positiveNumber)
    .option('--l2 <weight>', 'penalty on squared leaf values (gbdt) or weights (mlp, cnn)', zeroOrMore)
    .option('--rounds <count>', 'most boosting rounds (gbdt)', positiveInteger)
    .option('--leaves <count>', 'most leaves of a tree (gbdt)', positiveInteger)
    .option('--l1 <weight>', 'penalty on absolute leaf values (gbdt)', zeroOrMore)
    .option('--min-child-weight <sum>', 'least sum of hessians in a leaf (gbdt)', zeroOrMore)
    .option('--row-fraction <share>', 'share of the flows that each round learns from (gbdt)', positiveFraction)
    .option('--feature-fraction <share>', 'share of the inputs that each tree may cut (gbdt)', positiveFraction)
    .option('--jobs <count>', 'threads that grow trees; changes nothing but the time (gbdt)', positiveInteger)
    .option('--epochs <count>', 'most passes over the flows (mlp, cnn)', positiveInteger);
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
  const { learner, seed, learningRate, l2, earlyStopping, classWeight: classWeights } = flags;
  const shared = given({ seed, learningRate, l2, patience: earlyStopping, classWeights });
  switch (learner) {
    case 'gbdt': {
      const { rounds, leaves, l1, minChildWeight, rowFraction, featureFraction, jobs } = flags;
      const own = { rounds, maxLeaves: leaves, l1, minChildWeight, rowFraction, featureFraction, threads: jobs };
      return use(learnerNamed(learner), { ...shared, ...given(own) });
    }
    case 'mlp':
      return use(learnerNamed(learner), { ...shared, ...given({ rounds: flags.epochs }) });
    case 'cnn':
      return use(learnerNamed(learner), { ...shared, ...given({ rounds: flags.epochs }) });
    default:
      return assertNever(learner);
  }
}

/** Without what was not given. */
function given<Values extends object>(values: Values): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>;
  };
}
