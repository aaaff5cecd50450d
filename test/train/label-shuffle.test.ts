import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { shuffleControl } from '../../train/label-shuffle.ts';

const GROUPS = 20;

/** Rows of twenty groups; the first column tells the class as well as `signal` says, the others tell nothing. */
function data(seed: number, rows: number, signal: number) {
  const random = new Prng(seed);
  const labels = Int32Array.from({ length: rows }, () => random.below(2));
  const columns = Array.from({ length: 12 }, (_, k) =>
    Float32Array.from(labels, (label) => random.float() + (k === 0 ? signal * label : 0)),
  );
  const names = columns.map((_, k) => `c${k}`);
  const groups = Int32Array.from(labels, () => random.below(GROUPS));
  return { labelled: { matrix: { rows, names, columns }, labels, classNames: ['a', 'b'] }, groups };
}

test('shuffled labels score a half and no more, on small sets as well, within the error that is said', async () => {
  const scores: number[] = [];
  for (let seed = 1; seed <= 12; seed++) {
    const { labelled, groups } = data(seed, 240, 1);
    const { real, shuffled, error } = await shuffleControl(labelled, groups, GROUPS, seed);
    expect(real).toBeGreaterThan(0.9);
    expect(Math.abs(shuffled! - 0.5)).toBeLessThan(4 * error);
    scores.push(shuffled!);
  }
  const mean = scores.reduce((sum, score) => sum + score) / scores.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.025);
});

test('of one class, or of one group, nothing is measured', async () => {
  const { labelled, groups } = data(1, 60, 1);
  const none = { real: null, shuffled: null, error: 0 };
  expect(await shuffleControl(labelled, groups.fill(0), 1)).toEqual(none);
  expect(await shuffleControl({ ...labelled, classNames: ['a'] }, groups, GROUPS)).toEqual(none);
});
