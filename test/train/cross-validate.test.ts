import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { foldsByGroup } from '../../datasets/split.ts';
import { fitMajority } from '../../train/baselines/forests.ts';
import { crossValidate } from '../../train/cross-validate.ts';
import type { LabelledMatrix } from '../../train/matrix.ts';
import { matrixOf } from './data.ts';

const GROUPS = 12;
const FOLDS = 4;

/** Rows that carry their own number and that of their group as columns, so that a spy can tell what it was shown. */
function rowsOfGroups(seed: number): { data: LabelledMatrix; groups: Int32Array } {
  const random = new Prng(seed);
  const groups = Int32Array.from({ length: 300 }, (_, row) => (row < GROUPS ? row : random.below(GROUPS)));
  const labels = Int32Array.from(groups, (group) => (random.chance(group / GROUPS) ? 1 : 0));
  const matrix = matrixOf({ row: groups.map((_, row) => row), group: groups });
  return { data: { matrix, labels, classNames: ['other', 'mining'] }, groups };
}

const column = ({ matrix }: LabelledMatrix, name: string) => [...matrix.columns[matrix.names.indexOf(name)]!];

test('no row is predicted by a model that saw its group, and every row is predicted once', async () => {
  const { data, groups } = rowsOfGroups(1);
  const folds = foldsByGroup(groups, GROUPS, data.labels, 2, FOLDS, 1);
  const seen: { train: LabelledMatrix; validation: LabelledMatrix }[] = [];
  const { probabilities, rounds } = await crossValidate(data, folds, FOLDS, (train, validation) => {
    seen.push({ train, validation });
    return fitMajority(train);
  });
  expect(seen).toHaveLength(FOLDS);
  expect(rounds).toHaveLength(FOLDS);
  for (const { train, validation } of seen) {
    const learnt = new Set(column(train, 'group'));
    expect(column(validation, 'group').filter((group) => learnt.has(group))).toEqual([]);
    expect(train.matrix.rows + validation.matrix.rows).toBe(data.matrix.rows);
  }
  const predicted = seen.flatMap(({ validation }) => column(validation, 'row'));
  expect(predicted.sort((a, b) => a - b)).toEqual(column(data, 'row'));

  // The majority's model knows only the shares of the classes it saw: each row must show those of the other folds.
  for (const { train, validation } of seen) {
    const share = train.labels.filter((label) => label === 1).length / train.matrix.rows;
    for (const row of column(validation, 'row')) expect(probabilities[row * 2 + 1]).toBeCloseTo(share, 5);
  }
});

test('rows keep the labels of their own when they are divided', async () => {
  const { data, groups } = rowsOfGroups(2);
  const folds = foldsByGroup(groups, GROUPS, data.labels, 2, FOLDS, 2);
  await crossValidate(data, folds, FOLDS, (train, validation) => {
    for (const part of [train, validation]) {
      expect([...part.labels]).toEqual(column(part, 'row').map((row) => data.labels[row]));
    }
    return fitMajority(train);
  });
});
