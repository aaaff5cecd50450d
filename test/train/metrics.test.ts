import { describe, expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { brierScore, expectedCalibrationError, logLoss, reliability } from '../../train/metrics/calibration.ts';
import { accuracy, countConfusion, macroF1, mostProbable, scoreClass } from '../../train/metrics/confusion.ts';
import { clopperPearson, incompleteBeta, wilsonInterval } from '../../train/metrics/interval.ts';
import { averagePrecision, rank, rocAuc, tprAtFpr } from '../../train/metrics/ranking.ts';
import { measure } from '../../train/metrics.ts';

describe('confusion', () => {
  // truth 0: 2 right, 1 called 1; truth 1: 1 right; class 2 neither occurs nor is called.
  const confusion = countConfusion(Int32Array.of(0, 0, 0, 1), Int32Array.of(0, 0, 1, 1), 3);

  test('counts truth by prediction', () => {
    expect(Array.from(confusion.counts)).toEqual([2, 1, 0, 0, 1, 0, 0, 0, 0]);
    expect(accuracy(confusion)).toBe(0.75);
  });

  test('gives precision, recall and F1, null where undefined', () => {
    expect(scoreClass(confusion, 0)).toEqual({ support: 3, called: 2, precision: 1, recall: 2 / 3, f1: 0.8 });
    expect(scoreClass(confusion, 1)).toEqual({ support: 1, called: 2, precision: 0.5, recall: 1, f1: 2 / 3 });
    expect(scoreClass(confusion, 2)).toEqual({ support: 0, called: 0, precision: null, recall: null, f1: null });
    expect(macroF1(confusion)).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
  });

  test('picks the most probable class, the first on ties', () => {
    expect(Array.from(mostProbable(Float64Array.of(0.2, 0.5, 0.3, 0.4, 0.2, 0.4), 3))).toEqual([1, 0]);
  });
});

describe('ranking', () => {
  // The example of scikit-learn's documentation: AUC 0.75, average precision 0.8333.
  const example = rank(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1));

  test('gives the published values', () => {
    expect(rocAuc(example)).toBe(0.75);
    expect(averagePrecision(example)).toBeCloseTo(0.8333333333, 9);
  });

  test('agrees with comparing every pair, ties counting half', () => {
    const random = new Prng(1);
    const scores = Float64Array.from({ length: 300 }, () => random.below(20));
    const positive = Uint8Array.from({ length: 300 }, (_, i) => (random.chance(0.2 + scores[i]! / 40) ? 1 : 0));
    let wins = 0;
    let pairs = 0;
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 300; j++) {
        if (positive[i] === 1 && positive[j] === 0) {
          pairs++;
          wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
        }
      }
    }
    expect(rocAuc(rank(scores, positive))).toBeCloseTo(wins / pairs, 12);
  });

  test('reads the detection rate off at a bound on false alarms', () => {
    expect(tprAtFpr(example, 0)).toEqual({ threshold: 0.8, tpr: 0.5, fpr: 0, truePositives: 1, falsePositives: 0 });
    expect(tprAtFpr(example, 0.5)).toMatchObject({ threshold: 0.35, tpr: 1, fpr: 0.5 });
    const worst = rank(Float64Array.of(0.9, 0.1), Uint8Array.of(0, 1));
    expect(tprAtFpr(worst, 0.1)).toEqual({ threshold: null, tpr: 0, fpr: 0, truePositives: 0, falsePositives: 0 });
    const useless = rank(Float64Array.of(0.9, 0.8, 0.7, 0.1), Uint8Array.of(1, 0, 0, 1));
    expect(tprAtFpr(useless, 0.5)?.threshold).toBe(0.9);
  });

  test('is null where one kind is missing', () => {
    const none = rank(Float64Array.of(0.5), Uint8Array.of(0));
    expect([rocAuc(none), averagePrecision(none), tprAtFpr(none, 0.1)]).toEqual([null, null, null]);
  });
});

describe('calibration', () => {
  const probabilities = Float64Array.of(0.9, 0.1, 0.6, 0.4, 0.2, 0.8);
  const labels = Int32Array.of(0, 1, 1);

  test('gives log loss and Brier score', () => {
    expect(logLoss(probabilities, labels, 2)).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.8)) / 3, 12);
    expect(brierScore(probabilities, labels, 2)).toBeCloseTo((2 * (0.01 + 0.36 + 0.04)) / 3, 12);
    expect(logLoss(Float64Array.of(1, 0), Int32Array.of(1), 2)).toBeCloseTo(-Math.log(1e-15), 9);
  });

  test('gives the gap between what is said and what is so', () => {
    expect(expectedCalibrationError(probabilities, labels, 2, 10)).toBeCloseTo((0.1 + 0.6 + 0.2) / 3, 12);
    const bins = reliability(Float64Array.of(1, 0), Int32Array.of(0), 2, 10);
    expect(bins[9]).toEqual({ low: 0.9, high: 1, rows: 1, meanProbability: 1, accuracy: 1 });
    expect(bins[0]).toMatchObject({ rows: 0, meanProbability: null, accuracy: null });
  });

  test('is null without rows', () => {
    const none = [new Float64Array(0), new Int32Array(0), 2] as const;
    expect([logLoss(...none), brierScore(...none), expectedCalibrationError(...none)]).toEqual([null, null, null]);
  });
});

describe('intervals', () => {
  test('Wilson: 8 of 10 is 0.4902 to 0.9433', () => {
    expect(wilsonInterval(8, 10)!.low).toBeCloseTo(0.4901625, 6);
    expect(wilsonInterval(8, 10)!.high).toBeCloseTo(0.9433178, 6);
    expect(wilsonInterval(0, 50)!.low).toBe(0);
    expect(wilsonInterval(50, 50)!.high).toBe(1);
  });

  test('Clopper-Pearson: 8 of 10 is 0.4439 to 0.9748, 0 of n is 1 - (alpha / 2)^(1 / n)', () => {
    expect(clopperPearson(8, 10)!.low).toBeCloseTo(0.4439045, 6);
    expect(clopperPearson(8, 10)!.high).toBeCloseTo(0.9747893, 6);
    expect(clopperPearson(0, 1000)!.high).toBeCloseTo(1 - 0.025 ** (1 / 1000), 12);
    expect(clopperPearson(3, 1_000_000)!.high).toBeCloseTo(8.767e-6, 8);
    expect(clopperPearson(5, 5)!.high).toBe(1);
    expect([wilsonInterval(0, 0), clopperPearson(0, 0)]).toEqual([null, null]);
  });

  test('the incomplete beta function sums binomial tails', () => {
    // P(X >= 3), X ~ B(5, 0.3)
    expect(incompleteBeta(0.3, 3, 3)).toBeCloseTo(10 * 0.027 * 0.49 + 5 * 0.0081 * 0.7 + 0.00243, 12);
  });
});

describe('measure', () => {
  test('is JSON without a single NaN, even for a class that never occurs', () => {
    const metrics = measure(Float64Array.of(0.7, 0.2, 0.1, 0.5, 0.4, 0.1), Int32Array.of(0, 1), ['a', 'b', 'c']);
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
    expect(metrics.confusion).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    expect(metrics.classes[2]).toMatchObject({ name: 'c', recall: null, rocAuc: null, averagePrecision: null });
    expect(metrics.classes[0]!.rocAuc).toBe(1);
  });

  test('is defined without rows', () => {
    expect(measure(new Float64Array(0), new Int32Array(0), ['a', 'b'])).toMatchObject({ rows: 0, accuracy: null });
  });
});
