/**
 * The control of an evaluation: what a model scores when labels are shuffled. It can know nothing then, so that anything
 * but a half says that the evaluation itself tells it the answers.
 */
import { Prng } from '../core/prng.ts';
import { foldsByGroup } from '../datasets/split.ts';
import { crossValidate } from './cross-validate.ts';
import { GBDT } from './gbdt/learner.ts';
import type { LabelledMatrix } from './matrix.ts';
import { takeRows } from './matrix.ts';
import { rank, rocAuc } from './metrics/ranking.ts';

export interface ShuffleControl {
  /** Mean AUC of each class against the others, on groups that were not learnt from; null where it cannot be had. */
  readonly real: number | null;
  /** The same with shuffled labels. */
  readonly shuffled: number | null;
  /** How far from a half that is by chance: its standard error, 0 where it was not measured. */
  readonly error: number;
}

const NOT_MEASURED: ShuffleControl = { real: null, shuffled: null, error: 0 };

/** Enough to tell a leak from nothing; a control must not cost as much as what it controls. */
const ROWS = 6000;
const FOLDS = 3;
const ROUNDS = 30;

export async function shuffleControl(
  data: LabelledMatrix,
  groups: Int32Array,
  groupCount: number,
  seed = 1,
): Promise<ShuffleControl> {
  if (data.classNames.length < 2 || groupCount < 2) return NOT_MEASURED;
  const random = new Prng(seed);
  const chosen = random.shuffle(Uint32Array.from({ length: data.matrix.rows }, (_, row) => row)).slice(0, ROWS);
  const own = takeRows(data, chosen);
  const ownGroups = Int32Array.from(chosen, (row) => groups[row]!);
  const shuffled = { ...own, labels: random.shuffle(own.labels.slice()) };
  const real = await aucOf(own, ownGroups, groupCount, seed);
  const control = await aucOf(shuffled, ownGroups, groupCount, seed);
  return { real: real?.auc ?? null, shuffled: control?.auc ?? null, error: control?.error ?? 0 };
}

interface Measured {
  readonly auc: number;
  readonly error: number;
}

async function aucOf(
  data: LabelledMatrix,
  groups: Int32Array,
  groupCount: number,
  seed: number,
): Promise<Measured | null> {
  const { labels, classNames } = data;
  const folds = foldsByGroup(groups, groupCount, labels, classNames.length, FOLDS, seed);
  // Without the held rows: the round that is best on them would tell what the labels do not.
  const { probabilities } = await crossValidate(data, folds, FOLDS, (train) =>
    GBDT.fit(train, null, { ...GBDT.defaults, rounds: ROUNDS, seed }),
  );
  let areas = 0;
  let measured = 0;
  let errors = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = [...folds.keys()].filter((row) => folds[row] === fold);
    for (let k = 0; k < classNames.length; k++) {
      const scores = Float32Array.from(rows, (row) => probabilities[row * classNames.length + k]!);
      const isOwn = Uint8Array.from(rows, (row) => (labels[row] === k ? 1 : 0));
      const ranking = rank(scores, isOwn);
      const area = rocAuc(ranking);
      if (area === null) continue;
      areas += area;
      measured++;
      errors += Math.sqrt((rows.length + 1) / (12 * ranking.positives * ranking.negatives));
    }
  }
  if (measured === 0) return null;
  // Of labels that say nothing (Mann and Whitney, 1947). Folds are independent, the classes of a fold are not.
  return { auc: areas / measured, error: errors / measured / Math.sqrt(FOLDS) };
}
