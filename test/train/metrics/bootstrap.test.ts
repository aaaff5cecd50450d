import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { bootstrapGroups, confusionPerGroup, DrawnRanking, drawnConfusion } from '../../../train/metrics/bootstrap.ts';
import { countConfusion } from '../../../train/metrics/confusion.ts';
import { averagePrecision, rank, tprAtFpr } from '../../../train/metrics/ranking.ts';

const random = new Prng(7);
const ROWS = 300;
const GROUPS = 12;
const scores = Float64Array.from({ length: ROWS }, () => random.below(40) / 40);
const positive = Uint8Array.from(scores, (score) => (random.chance(0.1 + score / 2) ? 1 : 0));
const groups = Int32Array.from(scores, () => random.below(GROUPS));
const drawn = Float64Array.from({ length: GROUPS }, () => random.below(3));

/** Row numbers with each row as often as its group was drawn. */
const repeated = [...scores.keys()].flatMap((row) => new Array<number>(drawn[groups[row]!]!).fill(row));

describe('a draw of groups', () => {
  test('ranks as if the rows of its groups were written out', () => {
    const written = rank(
      Float64Array.from(repeated, (row) => scores[row]!),
      Uint8Array.from(repeated, (row) => positive[row]!),
    );
    const figures = new DrawnRanking(scores, positive, groups).figures(drawn, [0.01, 0.1, 0.5]);
    expect(figures[0]).toBeCloseTo(averagePrecision(written)!, 12);
    [0.01, 0.1, 0.5].forEach((fpr, i) => {
      expect(figures[i + 1]).toBeCloseTo(tprAtFpr(written, fpr)!.tpr, 12);
    });
  });

  test('counts confusions as if they were', () => {
    const truth = Int32Array.from(positive);
    const predicted = Int32Array.from(scores, (score) => (score > 0.5 ? 1 : 0));
    const perGroup = confusionPerGroup(truth, predicted, groups, GROUPS, 2);
    const written = countConfusion(
      Int32Array.from(repeated, (row) => truth[row]!),
      Int32Array.from(repeated, (row) => predicted[row]!),
      2,
    );
    expect(drawnConfusion(perGroup, drawn, 2)).toEqual(written.counts);
  });

  test('without a row of the class gives nothing', () => {
    expect(new DrawnRanking(scores, positive, groups).figures(new Float64Array(GROUPS), [0.1])).toEqual([null, null]);
  });
});

describe('bootstrap intervals', () => {
  const meanOf = (values: readonly number[]) => (times: Float64Array) => {
    const total = times.reduce((sum, time) => sum + time, 0);
    return [values.reduce((sum, value, i) => sum + value * times[i]!, 0) / total];
  };

  test('hold the true mean about as often as they say', () => {
    const source = new Prng(3);
    let hits = 0;
    for (let trial = 0; trial < 200; trial++) {
      const values = Array.from({ length: 40 }, () => source.normal(5, 2));
      const [interval] = bootstrapGroups(40, meanOf(values), 200, trial);
      if (interval!.low <= 5 && interval!.high >= 5) hits++;
    }
    expect(hits / 200).toBeGreaterThan(0.88);
    expect(hits / 200).toBeLessThan(0.99);
  });

  test('are wider where the same rows come in fewer groups', () => {
    const source = new Prng(5);
    const rows = Array.from({ length: 400 }, (_, i) => (i % 10) + source.float());
    const perTen = Array.from({ length: 10 }, (_, g) => rows.filter((_, i) => i % 10 === g));
    const means = perTen.map((own) => own.reduce((a, b) => a + b, 0) / own.length);
    const [few] = bootstrapGroups(10, meanOf(means), 400, 1);
    const [many] = bootstrapGroups(400, meanOf(rows), 400, 1);
    expect(few!.high - few!.low).toBeGreaterThan(3 * (many!.high - many!.low));
  });

  test('are none with one group, and none of a figure that most draws leave undefined', () => {
    expect(bootstrapGroups(1, () => [1, 2], 100, 1)).toEqual([null, null]);
    expect(bootstrapGroups(5, () => [null], 100, 1)).toEqual([null]);
  });

  test('are the same for the same seed', () => {
    const once = bootstrapGroups(9, meanOf([1, 2, 3, 4, 5, 6, 7, 8, 9]), 100, 2);
    expect(bootstrapGroups(9, meanOf([1, 2, 3, 4, 5, 6, 7, 8, 9]), 100, 2)).toEqual(once);
  });
});
