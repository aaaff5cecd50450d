import { describe, expect, test } from 'vitest';
import { ForestBuilder, Link } from '../../../models/trees/forest.ts';
import { ForestKernel } from '../../../models/trees/kernel.ts';
import { EXTREMES, predictSlowly, randomForest, randomRows } from '../../oracle/trees.ts';

describe('ForestKernel', () => {
  test.each([2, 3, 7])('agrees with the slow walk for %i classes, in blocks of every remainder', (classes) => {
    const forest = randomForest({ seed: classes, trees: 23, leaves: 17, features: 5, classes });
    const kernel = new ForestKernel(forest);
    for (const count of [0, 1, 2, 3, 4, 5, 63, 64, 65, 131]) {
      const rows = randomRows(count, count, 5);
      const out = new Float64Array(count * classes);
      kernel.predict(rows, count, out);
      const expected = predictSlowly(forest, rows, count).flat();
      for (let i = 0; i < out.length; i++) expect(out[i]).toBeCloseTo(expected[i]!, 12);
    }
  });

  test('decides x <= t exactly for every pair of extremes', () => {
    for (const threshold of EXTREMES.subarray(1)) {
      for (const missingLeft of [false, true]) {
        const builder = new ForestBuilder();
        const root = builder.addLeaf(0);
        builder.split(root, 0, threshold, missingLeft, builder.addLeaf(-1), builder.addLeaf(1));
        builder.endTree(0);
        const head = { featureCount: 1, classNames: ['a', 'b'], link: Link.Logistic, baseValues: Float32Array.of(0) };
        const kernel = new ForestKernel(builder.build(head));
        for (const x of EXTREMES) {
          const out = new Float64Array(2);
          kernel.predict(Float32Array.of(x), 1, out);
          const goesLeft = Number.isNaN(x) ? missingLeft : x <= threshold;
          expect(out[1]! < 0.5, `${x} <= ${threshold}`).toBe(goesLeft);
        }
      }
    }
  });

  test('reads rows out of a larger buffer', () => {
    const forest = randomForest({ seed: 9, trees: 5, leaves: 8, features: 3, classes: 3 });
    const rows = randomRows(1, 10, 3);
    const kernel = new ForestKernel(forest);
    const out = new Float32Array(3);
    kernel.predict(rows.subarray(12, 15), 1, out);
    const expected = predictSlowly(forest, rows, 10)[4]!;
    for (let k = 0; k < 3; k++) expect(out[k]).toBeCloseTo(expected[k]!, 6);
  });

  test('refuses rows that are too short', () => {
    const kernel = new ForestKernel(randomForest({ seed: 1, trees: 1, leaves: 2, features: 3, classes: 2 }));
    expect(() => kernel.predict(new Float32Array(5), 2, new Float64Array(4))).toThrow(RangeError);
  });
});
