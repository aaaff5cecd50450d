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
}

/** Enough to tell a leak from nothing; a control must not cost as much as what it controls. */
const ROWS = 6000;
const FOLDS = 3;
const ROUNDS = 30;
const LEARNER = { rounds: ROUNDS, patience: 0 } as const;

export async function shuffleControl(
  data: LabelledMatrix,
  groups: Int32Array,
  groupCount: number,
  seed = 1,
): Promise<ShuffleControl> {
  if (data.classNames.length < 2 || groupCount < 2) return { real: null, shuffled: null };
  const random = new Prng(seed);
  const chosen = random.shuffle(Uint32Array.from({ length: data.matrix.rows }, (_, row) => row)).slice(0, ROWS);
  const own = takeRows(data, chosen);
  const ownGroups = Int32Array.from(chosen, (row) => groups[row]!);
  const shuffled = { ...own, labels: random.shuffle(own.labels.slice()) };
  return {
    real: await aucOf(own, ownGroups, groupCount, seed),
    shuffled: await aucOf(shuffled, ownGroups, groupCount, seed),
  };
}

async function aucOf(
  data: LabelledMatrix,
  groups: Int32Array,
  groupCount: number,
  seed: number,
): Promise<number | null> {
  const { labels, classNames, matrix } = data;
  const folds = foldsByGroup(groups, groupCount, labels, classNames.length, FOLDS, seed);
  const { probabilities } = await crossValidate(data, folds, FOLDS, (train, validation) =>
    GBDT.fit(train, validation, { ...GBDT.defaults, ...LEARNER, seed }),
  );
  const areas: number[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = [...folds.keys()].filter((row) => folds[row] === fold);
    for (let k = 0; k < classNames.length; k++) {
      const scores = Float32Array.from(rows, (row) => probabilities[row * classNames.length + k]!);
      const isOwn = Uint8Array.from(rows, (row) => (labels[row] === k ? 1 : 0));
      const area = rocAuc(rank(scores, isOwn));
      if (area !== null) areas.push(area);
    }
  }
  return matrix.rows === 0 || areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}
