import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { foldsByGroup } from '../../datasets/split.ts';

const GROUPS = 60;
const CLASSES = 3;
const FOLDS = 5;

/** Groups of unequal sizes; the rarest class stands in a few groups only. */
function rows(seed: number) {
  const random = new Prng(seed);
  const groups: number[] = [];
  const labels: number[] = [];
  for (let group = 0; group < GROUPS; group++) {
    const size = random.integer(1, 60);
    for (let i = 0; i < size; i++) {
      groups.push(group);
      labels.push(group % 6 === 0 && random.chance(0.4) ? 2 : random.below(2));
    }
  }
  return { groups: Int32Array.from(groups), labels: Int32Array.from(labels) };
}

const split = ({ groups, labels }: ReturnType<typeof rows>, seed: number, folds = FOLDS) =>
  foldsByGroup(groups, GROUPS, labels, CLASSES, folds, seed);

const seeds = [1, 2, 3, 4, 5];

test.each(seeds)('no group stands in two folds, and every fold exists (seed %d)', (seed) => {
  const data = rows(seed);
  const folds = split(data, seed);
  const foldsOfGroup = Array.from({ length: GROUPS }, () => new Set<number>());
  for (const [row, group] of data.groups.entries()) foldsOfGroup[group]!.add(folds[row]!);
  expect(foldsOfGroup.map((own) => own.size)).toEqual(new Array(GROUPS).fill(1));
  expect([...new Set(folds)].sort()).toEqual([0, 1, 2, 3, 4]);
});

test('the seed decides, and nothing else', () => {
  const data = rows(1);
  expect(split(data, 7)).toEqual(split(data, 7));
  expect(split(data, 7)).not.toEqual(split(data, 8));
});

test.each(seeds)('each fold gets about its share of the rows of each class (seed %d)', (seed) => {
  const data = rows(seed);
  const folds = split(data, seed);
  for (let label = 0; label < CLASSES; label++) {
    const held = new Array<number>(FOLDS).fill(0);
    data.labels.forEach((own, row) => {
      if (own === label) held[folds[row]!]!++;
    });
    const share = held.reduce((sum, count) => sum + count) / FOLDS;
    // The rarest class comes in ten lumps, two to a fold: it cannot be spread as evenly.
    const slack = label === 2 ? 0.8 : 0.25;
    for (const count of held) expect(Math.abs(count - share) / share).toBeLessThan(slack);
  }
});

test('with as many folds as groups, every group is a fold of its own', () => {
  const groups = Int32Array.from([0, 0, 1, 2, 2, 2, 3]);
  const labels = Int32Array.from([0, 1, 0, 1, 0, 1, 1]);
  const folds = foldsByGroup(groups, 4, labels, 2, 4, 1);
  expect(new Set(folds).size).toBe(4);
});

test('groups of one class each are spread too: captures labelled as a whole', () => {
  const groups = Int32Array.from([0, 0, 1, 1]);
  const labels = Int32Array.from([0, 0, 1, 1]);
  expect(new Set(foldsByGroup(groups, 2, labels, 2, 2, 1)).size).toBe(2);
});
