import { expect, test } from 'vitest';
import { foldsByGroup } from '../../../datasets/split.ts';
import { Fits } from '../../../train/fits.ts';
import { GBDT } from '../../../train/gbdt/learner.ts';
import { search, searchFits } from '../../../train/search/search.ts';
import type { SearchSpace } from '../../../train/search/space.ts';
import { rings } from '../data.ts';

const data = rings(3, 600, 3);
const groups = Int32Array.from({ length: 600 }, (_, row) => row % 20);
const folds = { folds: foldsByGroup(groups, 20, data.labels, 3, 4, 1), foldCount: 4 };
// The start is hopeless: trees that may not be cut.
const start = { ...GBDT.defaults, rounds: 15, maxLeaves: 2, learningRate: 0.001, threads: 1 };
const space: SearchSpace = {
  maxLeaves: { kind: 'log', low: 2, high: 16, whole: true },
  learningRate: { kind: 'log', low: 0.001, high: 0.5 },
};

test('finds options that are better than those it starts from, on rows that they were not learnt from', async () => {
  const seen: { stage: string; share: number }[] = [];
  let fitted = 0;
  const spy = {
    ...GBDT,
    fit: (...[train, validation, ...rest]: Parameters<typeof GBDT.fit>) => {
      fitted++;
      expect(train.matrix.rows + validation!.matrix.rows).toBe(600);
      return GBDT.fit(train, validation, ...rest);
    },
  };
  const planned = searchFits(8, 4);
  const fits = new Fits(spy, planned, ({ stage, share }) => seen.push({ stage, share }));
  const found = await search(data, folds, fits, start, space, 8);
  expect(fitted).toBe(planned);
  expect(seen.at(-1)!.share).toBeCloseTo(1, 9);
  expect(seen.map(({ share }) => share)).toEqual(seen.map(({ share }) => share).sort((a, b) => a - b));
  const { trials, chosen, rungs } = found;
  expect(trials).toHaveLength(9);
  expect(trials[0]!.options).toEqual({});
  expect(trials.map(({ foldLosses }) => foldLosses.length).sort()).toEqual([1, 1, 1, 1, 1, 1, 3, 3, 4]);
  expect(rungs.at(-1)).toEqual({ candidates: 1, folds: 4 });
  expect(trials[chosen]!.foldLosses).toHaveLength(4);
  expect(trials[chosen]!.logLoss).toBeLessThan(trials[0]!.logLoss - 0.1);
  expect(found.selectionBias).toBeNull();
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  expect(await search(data, folds, new Fits(GBDT, planned), start, space, 8)).toEqual(found);
});
