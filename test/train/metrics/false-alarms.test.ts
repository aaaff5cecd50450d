import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { falseAlarmClaims, upperBound } from '../../../train/metrics/false-alarms.ts';
import { precisionAtPrevalence } from '../../../train/metrics/prevalence.ts';

describe('precision at a prevalence', () => {
  test.each([
    // TPR, FPR, precision at 1e-3 and 1e-4: worked out by hand from Bayes' rule.
    [0.9894, 5e-4, 0.6645, 0.1652],
    [0.974, 1e-3, 0.4937, 0.0888],
    [0.95, 1e-5, 0.9896, 0.9048],
  ])('TPR %f at FPR %f', (tpr, fpr, thousandth, tenThousandth) => {
    expect(precisionAtPrevalence(tpr, fpr, 1e-3)).toBeCloseTo(thousandth, 3);
    expect(precisionAtPrevalence(tpr, fpr, 1e-4)).toBeCloseTo(tenThousandth, 3);
  });

  test('agrees with counting a million flows', () => {
    const [tpr, fpr] = [0.8, 0.002];
    const right = 1000 * tpr;
    const wrong = 999_000 * fpr;
    expect(precisionAtPrevalence(tpr, fpr, 1e-3)).toBeCloseTo(right / (right + wrong), 12);
  });

  test('is undefined where nothing raises an alarm', () => expect(precisionAtPrevalence(0, 0, 1e-3)).toBeNull());
});

describe('a claim on false alarms', () => {
  test('without any it is bounded by three over the number of groups', () => {
    for (const n of [30, 300, 3000]) expect(upperBound(0, n)! * n).toBeCloseTo(3, n < 100 ? 0 : 1);
    expect(upperBound(0, 59)).toBeCloseTo(1 - 0.05 ** (1 / 59), 12);
    expect(upperBound(0, 0)).toBeNull();
  });

  test('counts the groups that have a false alarm, not the flows', () => {
    // Group 0 holds the class; the three false alarms at 0.9 all come from group 2, of 1, 2 and 3.
    const scores = [0.95, 0.92, 0.1, 0.2, 0.9, 0.9, 0.9, 0.1, 0.3, 0.89];
    const groups = [0, 0, 1, 1, 2, 2, 2, 2, 3, 0];
    const positive = [1, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    const [none, some] = falseAlarmClaims(
      Float64Array.from(scores),
      Uint8Array.from(positive),
      Int32Array.from(groups),
      4,
      [0.01, 0.5],
    );
    expect(none).toMatchObject({ negatives: 7, negativeGroups: 3, alarmedGroups: 0, groupsNeeded: 300 });
    expect(none!.point).toMatchObject({ truePositives: 2, falsePositives: 0 });
    expect(some).toMatchObject({ alarmedGroups: 1, groupsNeeded: 6 });
    expect(some!.point).toMatchObject({ truePositives: 3, falsePositives: 3 });
    expect(some!.groupUpper).toBe(upperBound(1, 3));
    expect(some!.rowUpper).toBe(upperBound(3, 7));
    expect(some!.precision[0]!.measured).toBe(precisionAtPrevalence(1, 3 / 7, 1e-3));
    expect(some!.precision[0]!.atWorst!).toBeLessThan(some!.precision[0]!.measured!);
  });

  test('agrees with trying every threshold', () => {
    const random = new Prng(4);
    const scores = Float64Array.from({ length: 400 }, () => random.below(60) / 60);
    const positive = Uint8Array.from(scores, (score) => (random.chance(score) ? 1 : 0));
    const groups = Int32Array.from(scores, () => random.below(40));
    for (const claim of falseAlarmClaims(scores, positive, groups, 40, [0.2, 0.05])) {
      const negatives = positive.filter((is) => is === 0).length;
      let best = { found: -1, alarmed: 0 };
      for (const threshold of new Set(scores)) {
        const alarms = [...scores.keys()].filter((row) => scores[row]! >= threshold);
        const wrong = alarms.filter((row) => positive[row] === 0);
        if (wrong.length / negatives > claim.maxFpr || alarms.length - wrong.length < best.found) continue;
        const found = alarms.length - wrong.length;
        const alarmed = new Set(wrong.map((row) => groups[row]!)).size;
        // Of thresholds that find as many, the highest.
        if (found > best.found || alarmed < best.alarmed) best = { found, alarmed };
      }
      expect(claim.point!.truePositives).toBe(best.found);
      expect(claim.alarmedGroups).toBe(best.alarmed);
    }
  });
});
