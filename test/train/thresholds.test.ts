import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { chooseThresholds, thresholdWithin } from '../../train/thresholds.ts';

const CLASSES = 3;

/** Tries every score that occurs, from the lowest up: slow and plain. */
function twin(probabilities: Float32Array, labels: Int32Array, target: number, k: number): number {
  const rows = Array.from(labels, (label, row) => ({
    label,
    scores: [...probabilities.subarray(row * CLASSES, (row + 1) * CLASSES)],
  }));
  const predicted = rows.filter(({ scores }) => scores.indexOf(Math.max(...scores)) === k);
  for (const { scores } of [...predicted].sort((a, b) => a.scores[k]! - b.scores[k]!)) {
    const claimed = predicted.filter((row) => row.scores[k]! >= scores[k]!);
    const right = claimed.filter(({ label }) => label === k);
    if (right.length / claimed.length >= target) return Math.max(0.5, scores[k]!);
  }
  return 1;
}

function randomRows(seed: number, rows: number) {
  const random = new Prng(seed);
  const labels = Int32Array.from({ length: rows }, () => random.below(CLASSES));
  const probabilities = new Float32Array(rows * CLASSES);
  for (let row = 0; row < rows; row++) {
    // Coarse steps, so that scores are equal often; the truth is favoured, but not always.
    const raw = Array.from({ length: CLASSES }, (_, k) => random.below(8) + (k === labels[row] ? 4 : 0) + 0.1);
    const sum = raw.reduce((total, value) => total + value);
    for (const [k, value] of raw.entries()) probabilities[row * CLASSES + k] = value / sum;
  }
  return { labels, probabilities };
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('thresholds are those that trying every score finds (seed %d)', (seed) => {
  const { labels, probabilities } = randomRows(seed, 20 + seed * 40);
  for (const targets of [
    [0.99, 0.95, 0.8],
    [0.5, 0.7, 1],
  ]) {
    const expected = targets.map((target, k) => twin(probabilities, labels, target, k));
    expect(chooseThresholds(probabilities, labels, targets)).toEqual(expected);
  }
});

const two = (...scores: number[]) => Float32Array.from(scores.flatMap((score) => [score, 1 - score]));

test('equal scores stand or fall together', () => {
  const labels = Int32Array.from([0, 0, 1, 0]);
  expect(chooseThresholds(two(0.875, 0.75, 0.75, 0.625), labels, [1, 1])[0]).toBe(0.875);
});

test('no threshold lies below a half, and it is 1 where no score is sure enough', () => {
  expect(chooseThresholds(two(0.9, 0.2), Int32Array.from([1, 0]), [0.9, 0.9])).toEqual([1, 1]);
  const three = Float32Array.from([0.4, 0.3, 0.3]);
  expect(chooseThresholds(three, Int32Array.from([0]), [0.9, 0.9, 0.9])).toEqual([0.5, 1, 1]);
});

/** Rows of class 0 ('other') and 1; scores are of class 1. */
const alarms = (scores: readonly number[], labels: readonly number[], units: readonly number[], rate: number) =>
  thresholdWithin(
    { rate, units },
    1,
    Float32Array.from(scores.flatMap((score) => [1 - score, score])),
    Int32Array.from(labels),
    2,
  );

test('a budget allows the share of false alarms that it says, and no more', () => {
  const scores = [0.95, 0.875, 0.75, 0.625];
  const labels = [0, 0, 0, 0];
  const units = [0, 1, 2, 3];
  const { threshold, units: flows, alarms: given } = alarms(scores, labels, units, 0.5);
  expect(flows).toBe(4);
  expect(given).toBe(2);
  expect(threshold).toBeGreaterThan(0.75);
  expect(threshold).toBeLessThan(0.7501);
  expect(alarms(scores, labels, units, 0.49).alarms).toBe(1);
  expect(alarms(scores, labels, units, 1)).toEqual({ threshold: 0.5, units: 4, alarms: 4 });
});

test('with fewer flows than the budget speaks of, the threshold is beyond the worst of them', () => {
  const { threshold, alarms: given } = alarms([0.96875, 0.5], [0, 0], [0, 1], 1e-4);
  expect(given).toBe(0);
  expect(threshold).toBe(0.96875 + 2 ** -24);
  expect(alarms([1, 0.5], [0, 0], [0, 1], 1e-4).threshold).toBe(1 - 2 ** -24);
});

test('several rows of a flow are one flow, alarmed where any of them is; those of the label do not count', () => {
  expect(alarms([0.75, 0.875, 0.625, 0.99], [0, 0, 0, 1], [7, 7, 8, 9], 0.5)).toMatchObject({ units: 2, alarms: 1 });
  expect(alarms([0.75, 0.875, 0.625, 0.99], [0, 0, 0, 1], [7, 7, 8, 9], 0.5).threshold).toBeLessThan(0.7);
  expect(alarms([0.99], [1], [0], 0.01)).toEqual({ threshold: 0.5, units: 0, alarms: 0 });
});
