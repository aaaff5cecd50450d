import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { curvePoints } from '../../../train/metrics/curve.ts';
import { rank, rocAuc } from '../../../train/metrics/ranking.ts';

function example(rows: number) {
  const random = new Prng(2);
  const isPositive = Uint8Array.from({ length: rows }, () => (random.chance(0.3) ? 1 : 0));
  return rank(
    Float64Array.from(isPositive, (is) => random.normal(is * 1.5)),
    isPositive,
  );
}

test('a curve of a hundred thousand rows has a few hundred points, and the same area', () => {
  const ranking = example(100_000);
  const points = curvePoints(ranking);
  expect(points.length).toBeLessThan(500);
  let area = 0;
  points.forEach(({ fpr, tpr }, i) => {
    const before = points[i - 1] ?? { fpr: 0, tpr: 0 };
    area += ((fpr - before.fpr) * (tpr + before.tpr)) / 2;
  });
  expect(area).toBeCloseTo(rocAuc(ranking)!, 3);
  expect(points.at(-1)).toMatchObject({ tpr: 1, fpr: 1 });
});

test('every point is one of the ranking, with its precision', () => {
  const ranking = example(500);
  for (const { threshold, tpr, fpr, precision } of curvePoints(ranking)) {
    const i = ranking.thresholds.indexOf(threshold);
    expect(tpr).toBe(ranking.truePositives[i]! / ranking.positives);
    expect(fpr).toBe(ranking.falsePositives[i]! / ranking.negatives);
    const called = ranking.truePositives[i]! + ranking.falsePositives[i]!;
    expect(precision).toBe(ranking.truePositives[i]! / called);
  }
});

test('there is none where one kind is missing', () => {
  expect(curvePoints(rank(Float64Array.of(0.5, 0.6), Uint8Array.of(1, 1)))).toEqual([]);
});
