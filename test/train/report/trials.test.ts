import { expect, test } from 'vitest';
import type { Assessment } from '../../../train/report/assessment.ts';
import { trialSection } from '../../../train/report/sections/trials.ts';

const run = (seed: number, macroF1: number) => ({ seed, macroF1, accuracy: 0.5, logLoss: 0.25 });
const repeats: Assessment['repeats'] = {
  runs: [run(1, 0.9), run(2, 0.8)],
  macroF1: { mean: 0.85, standardDeviation: 0.0707, least: 0.8, most: 0.9 },
  logLoss: null,
};
const trial = (options: Record<string, number>, ...foldLosses: number[]) => ({
  options,
  foldLosses,
  foldMacroF1: foldLosses.map(() => 0.5),
  foldRounds: foldLosses.map(() => 7),
  logLoss: foldLosses[0]!,
});
const search: Assessment['search'] = {
  space: { maxLeaves: { kind: 'log', low: 2, high: 64, whole: true } },
  rungs: [
    { candidates: 3, folds: 1 },
    { candidates: 2, folds: 3 },
  ],
  trials: [trial({}, 0.7, 0.7, 0.7), trial({ maxLeaves: 40 }, 0.2), trial({ maxLeaves: 9 }, 0.4, 0.5, 0.6)],
  chosen: 2,
  selectionBias: 0.0125,
};

test('every trial is shown, those judged on most folds first, and what chance does', () => {
  const text = trialSection({ search, repeats } as Assessment).text;
  expect(text).toContain('with 2 seeds');
  expect(text).toContain('standard deviation of 0.071, from 0.800 to 0.900');
  expect(text).toContain('3 on 1 fold, then 2 on 3 folds');
  expect(text).toContain('flatters itself by at least 0.013');
  expect(text).toContain('2 to 64, whole, evenly by logarithm');
  const trials = trialSection({ search, repeats: null } as Assessment).text;
  const places = ['<b>2 (chosen)</b>', '0 (as given)', '<td>1</td>'].map((cell) => trials.indexOf(cell));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test('without either there is no such section', () => {
  expect(trialSection({ search: null, repeats: null } as Assessment).text).toBe('');
});
