import { describe, expect, test } from 'vitest';
import { ForestBuilder, Link } from '../../../models/trees/forest.ts';
import { ForestKernel, type KernelMethod } from '../../../models/trees/kernel.ts';
import { EXTREMES, predictSlowly, randomForest, randomRows } from '../../oracle/trees.ts';

/** Every remainder of blocks of 4, 16 and 64 rows. */
const COUNTS = [0, 1, 2, 3, 4, 5, 15, 16, 17, 20, 63, 64, 65, 131];

describe.each<KernelMethod>(['simd', 'walk'])('ForestKernel by %s', (method) => {
  test.each([
    [2, 17],
    [3, 17],
    [7, 17],
    [2, 1],
    [2, 2],
    [3, 31],
    [2, 32],
    [2, 33],
    [3, 48],
    [2, 64],
  ])('agrees bit for bit with the slow walk: %i classes, trees of %i leaves', (classes, leaves) => {
    // Five features are no multiple of four, in which they are turned over.
    const forest = randomForest({ seed: classes + leaves, trees: 23, leaves, features: 5, classes });
    const kernel = new ForestKernel(forest, method);
    expect(kernel.method).toBe(method);
    for (const count of COUNTS) {
      const rows = randomRows(count, count, 5);
      const out = new Float64Array(count * classes);
      kernel.predict(rows, count, out);
      expect(Array.from(out)).toEqual(predictSlowly(forest, rows, count).flat());
    }
  });

  test('decides x <= t exactly for every pair of extremes, for one row and for many', () => {
    for (const threshold of EXTREMES.subarray(1)) {
      for (const missingLeft of [false, true]) {
        const builder = new ForestBuilder();
        const root = builder.addLeaf(0);
        builder.split(root, 0, threshold, missingLeft, builder.addLeaf(-1), builder.addLeaf(1));
        builder.endTree(0);
        const head = { featureCount: 1, classNames: ['a', 'b'], link: Link.Logistic, baseValues: Float32Array.of(0) };
        const kernel = new ForestKernel(builder.build(head), method);
        const wentLeft = (x: number) => (Number.isNaN(x) ? missingLeft : x <= threshold);
        const together = new Float64Array(2 * EXTREMES.length);
        kernel.predict(EXTREMES, EXTREMES.length, together);
        for (const [i, x] of EXTREMES.entries()) {
          const alone = new Float64Array(2);
          kernel.predict(Float32Array.of(x), 1, alone);
          expect([alone[1]! < 0.5, together[2 * i + 1]! < 0.5], `${x} <= ${threshold}`).toEqual([
            wentLeft(x),
            wentLeft(x),
          ]);
        }
      }
    }
  });

  test('reads rows out of a larger buffer', () => {
    const forest = randomForest({ seed: 9, trees: 5, leaves: 8, features: 3, classes: 3 });
    const rows = randomRows(1, 10, 3);
    const kernel = new ForestKernel(forest, method);
    const out = new Float32Array(3);
    kernel.predict(rows.subarray(12, 15), 1, out);
    const expected = predictSlowly(forest, rows, 10)[4]!;
    for (let k = 0; k < 3; k++) expect(out[k]).toBe(Math.fround(expected[k]!));
  });

  test('gives a row what it gives it alone, whatever stood in the block before', () => {
    const forest = randomForest({ seed: 5, trees: 9, leaves: 12, features: 6, classes: 2 });
    const kernel = new ForestKernel(forest, method);
    const rows = randomRows(3, 40, 6);
    const [first, again] = [new Float64Array(2), new Float64Array(2)];
    kernel.predict(rows, 1, first);
    kernel.predict(randomRows(4, 64, 6), 64, new Float64Array(128));
    kernel.predict(rows, 1, again);
    expect(again).toEqual(first);
  });

  test('refuses rows that are too short', () => {
    const kernel = new ForestKernel(randomForest({ seed: 1, trees: 1, leaves: 2, features: 3, classes: 2 }), method);
    expect(() => kernel.predict(new Float32Array(5), 2, new Float64Array(4))).toThrow(RangeError);
  });
});

test('one tree of more leaves than there are bits, and all are walked', () => {
  const kernel = new ForestKernel(randomForest({ seed: 2, trees: 3, leaves: 65, features: 4, classes: 2 }));
  expect(kernel.method).toBe('walk');
});
