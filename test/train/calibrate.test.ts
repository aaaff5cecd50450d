import { describe, expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { ForestKernel } from '../../models/trees/kernel.ts';
import { calibrateForest, divideScores, fitTemperature } from '../../train/calibrate.ts';
import { fitGbdt } from '../../train/gbdt/boost.ts';
import { type LabelledMatrix, toRowMajor } from '../../train/matrix.ts';
import { expectedCalibrationError, logLoss } from '../../train/metrics/calibration.ts';
import { rings } from './data.ts';

/** One label in five drawn at random, so that being sure is wrong. */
function noisy(seed: number, rows: number, classes: number): LabelledMatrix {
  const data = rings(seed, rows, classes);
  const random = new Prng(seed);
  return { ...data, labels: data.labels.map((label) => (random.chance(0.2) ? random.below(classes) : label)) };
}

describe('calibration', () => {
  test.each([2, 3])('mends an overfitted forest of %i classes', async (classes) => {
    const train = noisy(1, 1500, classes);
    const { forest } = await fitGbdt(train, null, { rounds: 150, learningRate: 0.3, minRowsPerLeaf: 2 });
    const calibrated = calibrateForest(forest, noisy(2, 3000, classes));
    expect(calibrated.temperature).toBeGreaterThan(1.5);
    const test = noisy(3, 3000, classes);
    const before = predict(forest, test);
    const after = predict(calibrated.forest, test);
    expect(logLoss(after, test.labels, classes)!).toBeLessThan(logLoss(before, test.labels, classes)! * 0.8);
    const error = (p: Float64Array) => expectedCalibrationError(p, test.labels, classes)!;
    expect(error(after)).toBeLessThan(error(before) * 0.6);
    expect(calibrated.lossAfter).toBeLessThan(calibrated.lossBefore);
    expect(
      logLoss(predict(calibrated.forest, noisy(2, 3000, classes)), noisy(2, 3000, classes).labels, classes),
    ).toBeCloseTo(calibrated.lossAfter, 5);
  });

  test('finds the temperature that scores were multiplied by', () => {
    const random = new Prng(5);
    const labels = new Int32Array(50_000);
    const scores = new Float64Array(100_000);
    for (let row = 0; row < labels.length; row++) {
      const logit = random.normal(0, 2);
      labels[row] = random.chance(1 / (1 + Math.exp(-logit))) ? 1 : 0;
      scores[2 * row + 1] = 3 * logit;
    }
    expect(fitTemperature(scores, labels, null)).toBeCloseTo(3, 1);
    expect(fitTemperature(new Float64Array(0), new Int32Array(0), null)).toBe(1);
  });

  test('a temperature of 1 changes nothing', async () => {
    const { forest } = await fitGbdt(rings(1, 500, 2), null, { rounds: 3 });
    expect(divideScores(forest, 1)).toEqual(forest);
  });
});

function predict(forest: Parameters<typeof divideScores>[0], data: LabelledMatrix): Float64Array {
  const out = new Float64Array(data.matrix.rows * forest.classNames.length);
  new ForestKernel(forest).predict(toRowMajor(data.matrix), data.matrix.rows, out);
  return out;
}
