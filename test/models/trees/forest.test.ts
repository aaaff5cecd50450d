import { describe, expect, test } from 'vitest';
import { checkForest, type Forest, LEAF } from '../../../models/trees/forest.ts';
import { randomForest } from '../../oracle/trees.ts';

const forest = randomForest({ seed: 1, trees: 4, leaves: 6, features: 3, classes: 3 });
const root = forest.treeOffsets[1]!;
const leaf = forest.feature.indexOf(LEAF);

/** The forest with one entry of one column replaced. */
function broken(column: keyof Forest, index: number, value: number): Forest {
  const copy = (forest[column] as Int32Array | Float32Array).slice();
  copy[index] = value;
  return { ...forest, [column]: copy };
}

describe('checkForest', () => {
  test('accepts what the builder made', () => {
    expect(checkForest(forest)).toBe(forest);
  });

  test.each<[string, Forest]>([
    ['a cycle', broken('left', root, root)],
    ['a child before its parent', broken('right', root, root - 1)],
    ['a child in the next tree', broken('right', root, forest.treeOffsets[2]!)],
    ['a child twice', broken('right', root, forest.left[root]!)],
    ['a child that does not exist', broken('left', root, 1e9)],
    ['a feature that does not exist', broken('feature', root, 3)],
    ['a negative feature', broken('feature', root, -2)],
    ['a threshold that is no number', broken('threshold', root, Number.NaN)],
    ['a leaf that is no number', broken('value', leaf, Number.NaN)],
    ['an infinite base value', broken('baseValues', 0, Number.POSITIVE_INFINITY)],
    ['a class that does not exist', broken('treeClass', 2, 3)],
    ['offsets that go back', broken('treeOffsets', 2, 1)],
    ['offsets past the end', broken('treeOffsets', 4, 1e6)],
    ['a column that is too short', { ...forest, value: forest.value.subarray(1) }],
    ['no trees', { ...forest, treeClass: new Int32Array(0), treeOffsets: Int32Array.of(0) }],
    ['no features', { ...forest, featureCount: 0 }],
    ['a class named twice', { ...forest, classNames: ['a', 'b', 'a'] }],
    ['three classes under a logistic link', { ...forest, link: 'logistic' }],
  ])('refuses %s', (_, hostile) => {
    expect(() => checkForest(hostile)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });
});
