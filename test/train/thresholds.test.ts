import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { chooseThresholds } from '../../train/thresholds.ts';

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
