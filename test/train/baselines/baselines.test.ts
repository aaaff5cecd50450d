import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { fitLogistic } from '../../../train/baselines/logistic.ts';
import { fitNames, wordsOf } from '../../../train/baselines/names.ts';
import { NEIGHBOURS, nearestClasses, SEQUENCE_WIDTH, sequenceInto } from '../../../train/baselines/neighbours.ts';
import { toRowMajor } from '../../../train/matrix.ts';
import { fitPreparation, preparedWidth, prepareRows } from '../../../train/neural/preparation.ts';
import { matrixOf, rings } from '../data.ts';

describe('server names', () => {
  test('are words without the digits at their ends', () => {
    expect(wordsOf('eu1.stratum.f2pool.com')).toEqual(['eu', 'stratum', 'f2pool', 'com']);
    expect(wordsOf('xmr-EU2.pool.example')).toEqual(['xmr', 'eu', 'pool', 'example']);
    expect(wordsOf('10.0.0.1')).toEqual([]);
  });

  test('tell a class by its words, and unknown words tell nothing', () => {
    const names = ['a.pool.com', 'b.pool.com', 'www.shop.com', 'img.shop.com', 'shop.com', ''];
    const model = fitNames(names, Int32Array.of(1, 1, 0, 0, 0, 0), 2);
    const [pool, shop, nowhere, none] = [0, 1, 2, 3].map(
      (i) => model.predict(['eu.pool.org', 'cdn.shop.de', 'zz.qq', ''])[2 * i + 1],
    );
    expect(pool).toBeGreaterThan(0.7);
    expect(shop).toBeLessThan(0.2);
    expect(nowhere).toBeCloseTo(2.5 / 7, 6);
    expect(none).toBeLessThan(nowhere!);
  });

  test('are weighed as Bayes has it', () => {
    const model = fitNames(['pool', 'pool', 'shop'], Int32Array.of(0, 1, 1), 2);
    // Shares with one half added: prior 1.5 / 4 and 2.5 / 4; word 1.5 / 2 and 1.5 / 3.
    const [zero, one] = [(1.5 / 4) * (1.5 / 2), (2.5 / 4) * (1.5 / 3)];
    expect(model.predict(['pool'])[0]).toBeCloseTo(zero / (zero + one), 6);
  });
});

describe('nearest neighbours', () => {
  test('are those that sorting all distances gives', () => {
    const random = new Prng(1);
    const fill = (rows: number) => Float32Array.from({ length: rows * SEQUENCE_WIDTH }, () => random.below(3));
    const [known, asked] = [fill(80), fill(20)];
    const labels = Int32Array.from({ length: 80 }, () => random.below(3));
    const found = nearestClasses(known, labels, 3, asked);
    for (let row = 0; row < 20; row++) {
      const at = (values: Float32Array, i: number) => values.subarray(i * SEQUENCE_WIDTH, (i + 1) * SEQUENCE_WIDTH);
      const distance = (i: number) => at(known, i).reduce((sum, x, j) => sum + Math.abs(x - at(asked, row)[j]!), 0);
      const near = [...labels.keys()].sort((a, b) => distance(a) - distance(b) || a - b).slice(0, NEIGHBOURS);
      for (let k = 0; k < 3; k++) {
        const votes = near.filter((i) => labels[i] === k).length;
        expect(found[row * 3 + k]).toBeCloseTo((votes + 0.1) / (NEIGHBOURS + 0.3), 5);
      }
    }
  });

  test('compare sizes by segments and gaps by their logarithm', () => {
    const out = new Float32Array(SEQUENCE_WIDTH);
    sequenceInto(Int32Array.of(730, -3000), Float64Array.of(0, 10), out, 0);
    expect(Array.from(out.subarray(0, 3))).toEqual([0.5, -1, 0]);
    expect(out[33]).toBeCloseTo(Math.log(2) / Math.log(1e6), 6);
  });
});

describe('logistic regression', () => {
  const data = rings(3, 300, 3);
  const model = fitLogistic(data, { l2: 3, steps: 2000 });

  /** The penalised loss as its definition has it, of weights that are written out. */
  function lossOf(weights: readonly (readonly number[])[]): number {
    const preparation = fitPreparation(data.matrix);
    const width = preparedWidth(preparation);
    const inputs = prepareRows(preparation, toRowMajor(data.matrix), 300);
    let loss = 0;
    for (let row = 0; row < 300; row++) {
      const x = [...inputs.subarray(row * width, (row + 1) * width), 1];
      const scores = weights.map((own) => own.reduce((sum, w, i) => sum + w * x[i]!, 0));
      loss += Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0)) - scores[data.labels[row]!]!;
    }
    const squares = weights.flatMap((own) => own.slice(0, -1)).reduce((sum, w) => sum + w * w, 0);
    return (loss + (3 / 2) * squares) / 300;
  }

  test('ends where plain gradient descent by differences ends', () => {
    const width = preparedWidth(fitPreparation(data.matrix));
    const weights = [0, 1, 2].map(() => new Array<number>(width + 1).fill(0));
    for (let step = 0; step < 300; step++) {
      const gradient = weights.map((own, k) =>
        own.map((value, i) => {
          own[i] = value + 1e-4;
          const above = lossOf(weights);
          own[i] = value - 1e-4;
          const below = lossOf(weights);
          weights[k]![i] = value;
          return (above - below) / 2e-4;
        }),
      );
      gradient.forEach((own, k) => {
        own.forEach((slope, i) => {
          weights[k]![i]! -= 0.8 * slope;
        });
      });
    }
    expect(model.losses.at(-1)).toBeCloseTo(lossOf(weights), 4);
  });

  test('learns what a line can part, and only that', () => {
    const x = Float32Array.from({ length: 200 }, (_, i) => i);
    const labels = Int32Array.from(x, (value) => (value < 100 ? 0 : 1));
    const line = fitLogistic({ matrix: matrixOf({ x }), labels, classNames: ['low', 'high'] });
    const probabilities = line.predict(x, 200);
    const right = labels.filter((label, row) => probabilities[2 * row + label]! > 0.5).length;
    expect(right).toBeGreaterThan(180);
  });

  test('takes a column that is always missing or always the same', () => {
    const matrix = matrixOf({ none: new Float32Array(20).fill(Number.NaN), same: new Float32Array(20).fill(3) });
    const labels = Int32Array.from({ length: 20 }, (_, row) => (row < 5 ? 1 : 0));
    const probabilities = fitLogistic({ matrix, labels, classNames: ['a', 'b'] }).predict(toRowMajor(matrix), 20);
    expect(probabilities[1]).toBeCloseTo(0.25, 2);
  });
});
