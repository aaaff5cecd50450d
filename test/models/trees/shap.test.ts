import { describe, expect, test } from 'vitest';
import { decodeForest, encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { type Forest, ForestBuilder, Link } from '../../../models/trees/forest.ts';
import { TreeExplainer } from '../../../models/trees/shap.ts';
import { countCovers } from '../../oracle/cover.ts';
import { expectedScores, shapleySlowly } from '../../oracle/shapley.ts';
import { randomForest, randomRows } from '../../oracle/trees.ts';

/** A random forest whose covers are counted on random rows: extremes and missing values go both ways. */
function covered(options: Parameters<typeof randomForest>[0], rows = 400): Forest {
  return countCovers(randomForest(options), randomRows(options.seed + 100, rows, options.features), rows);
}

const EVERYTHING = 0x7fff_ffff;

describe('Shapley values', () => {
  test('of two inputs that count only together are shared between them', () => {
    // 8 where both x0 and x1 are above 0, else 0; a quarter of the rows in each of the four corners.
    const builder = new ForestBuilder();
    const nodes = Array.from({ length: 5 }, () => builder.addLeaf(0));
    builder.split(0, 0, 0, false, 1, 2);
    builder.split(2, 1, 0, false, 3, 4);
    builder.setValue(4, 8);
    [4, 2, 2, 1, 1].forEach((rows, i) => {
      builder.setCover(nodes[i]!, rows);
    });
    builder.endTree(0);
    const head = { featureCount: 3, classNames: ['no', 'yes'], link: Link.Logistic, baseValues: Float32Array.of(0.5) };
    const explainer = new TreeExplainer(builder.build(head));
    expect([...explainer.base]).toEqual([2.5]);
    const { values } = explainer.explain(Float32Array.of(1, 1, 9, -1, 1, 9), 2);
    expect([...values]).toEqual([3, 3, 0, -3, 1, 0]);
  });

  test.each([
    ['one tree', { seed: 1, trees: 1, leaves: 8, features: 4, classes: 2 }],
    ['few inputs, each tested again and again', { seed: 2, trees: 3, leaves: 24, features: 2, classes: 2 }],
    ['many inputs', { seed: 3, trees: 5, leaves: 12, features: 9, classes: 2 }],
    ['three classes', { seed: 4, trees: 7, leaves: 10, features: 6, classes: 3 }],
    ['single leaves', { seed: 5, trees: 4, leaves: 1, features: 3, classes: 4 }],
  ])('are those of the formula over all subsets: %s', (_, options) => {
    const forest = covered(options);
    const rows = randomRows(9, 60, options.features);
    const explainer = new TreeExplainer(forest);
    const { values } = explainer.explain(rows, 60);
    for (let row = 0; row < 60; row++) {
      const slow = shapleySlowly(forest, rows.subarray(row * options.features, (row + 1) * options.features)).flat();
      slow.forEach((value, i) => {
        expect(values[row * slow.length + i]).toBeCloseTo(value, 9);
      });
    }
    expectedScores(forest, rows, 0).forEach((score, k) => {
      expect(explainer.base[k]).toBeCloseTo(score, 9);
    });
  });

  test.each([
    ['boosted trees', { seed: 6, trees: 100, leaves: 31, features: 20, classes: 2 }],
    ['five classes', { seed: 7, trees: 60, leaves: 31, features: 20, classes: 5 }],
    ['deep trees over few inputs', { seed: 8, trees: 10, leaves: 255, features: 5, classes: 2 }],
    ['deep trees over many inputs', { seed: 9, trees: 10, leaves: 255, features: 100, classes: 2 }],
    ['covers from too few rows, most of them 0', { seed: 10, trees: 40, leaves: 31, features: 12, classes: 3 }, 3],
  ])('and the base add up to the score, missing values and extremes included: %s', (_, options, counted = 400) => {
    const forest = covered(options, counted);
    const rows = randomRows(12, 200, options.features);
    const explainer = new TreeExplainer(forest);
    const { values } = explainer.explain(rows, 200);
    const { featureCount, scoreCount, base } = explainer;
    for (let row = 0; row < 200; row++) {
      const known = rows.subarray(row * featureCount, (row + 1) * featureCount);
      expectedScoresOf(forest, known).forEach((score, k) => {
        const at = (row * scoreCount + k) * featureCount;
        const sum = values.subarray(at, at + featureCount).reduce((total, value) => total + value, base[k]!);
        expect(Math.abs(sum - score)).toBeLessThan(1e-9 * (1 + Math.abs(score)));
      });
    }
  });

  test('of a path over hundreds of inputs lose no digits', () => {
    const forest = countCovers(chain(400), randomRows(1, 1000, 400), 1000);
    const explainer = new TreeExplainer(forest);
    const { values } = explainer.explain(new Float32Array(400).fill(1), 1);
    const sum = values.reduce((total, value) => total + value, explainer.base[0]!);
    expect(Math.abs(sum - 7)).toBeLessThan(1e-12);
  });

  test('of an input that no tree tests are 0', () => {
    const forest = { ...covered({ seed: 11, trees: 9, leaves: 9, features: 4, classes: 2 }), featureCount: 6 };
    const { values } = new TreeExplainer(forest).explain(randomRows(3, 50, 6), 50);
    for (let row = 0; row < 50; row++) expect([values[row * 6 + 4], values[row * 6 + 5]]).toEqual([0, 0]);
  });

  test('survive the model file, and the tree that is added to it', () => {
    for (const positive of [false, true]) {
      const forest = covered({ seed: 12, trees: 6, leaves: 9, features: 4, classes: 2, positive });
      const back = decodeForest(encodeForest(forest, { producer: 'test' }));
      const rows = randomRows(13, 30, 4);
      const [before, after] = [forest, back].map((model) => new TreeExplainer(model).explain(rows, 30));
      before!.values.forEach((value, i) => {
        expect(after!.values[i]).toBeCloseTo(value, 12);
      });
      expect(after!.base[0]).toBeCloseTo(before!.base[0]!, 12);
    }
  });

  test('are refused where the model does not say what its nodes met, as where a converter wrote ones', () => {
    const forest = randomForest({ seed: 14, trees: 2, leaves: 5, features: 3, classes: 2 });
    expect(() => new TreeExplainer(forest)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    const ones = { ...forest, cover: new Float32Array(forest.feature.length).fill(1) };
    expect(decodeForest(encodeForest(ones, { producer: 'test' })).cover).toBeNull();
  });

  test('are refused of paths over too many inputs', () => {
    const forest = chain(600);
    const covered = countCovers(forest, new Float32Array(600), 1);
    expect(() => new TreeExplainer(covered)).toThrow('600 inputs on one path');
  });
});

/** One tree that tests each input once, one below the other: 7 for a row that is above 0 everywhere. */
function chain(depth: number): Forest {
  const builder = new ForestBuilder();
  let node = builder.addLeaf(0);
  for (let level = 0; level < depth; level++) {
    const [left, right] = [builder.addLeaf(level / depth), builder.addLeaf(7)];
    builder.split(node, level, 0, true, left, right);
    node = right;
  }
  builder.endTree(0);
  const head = { featureCount: depth, classNames: ['a', 'b'], link: Link.Logistic, baseValues: Float32Array.of(0) };
  return builder.build(head);
}

function expectedScoresOf(forest: Forest, row: Float32Array): number[] {
  return forest.featureCount < 31 ? expectedScores(forest, row, EVERYTHING) : walkedScores(forest, row);
}

/** As the subset of everything, where a bit mask has not the bits. */
function walkedScores(forest: Forest, row: Float32Array): number[] {
  const scores = Array.from(forest.baseValues);
  forest.treeClass.forEach((score, tree) => {
    let node = forest.treeOffsets[tree]!;
    while (forest.feature[node]! >= 0) {
      const x = row[forest.feature[node]!]!;
      const goesLeft = Number.isNaN(x) ? forest.missingLeft[node] === 1 : x <= forest.threshold[node]!;
      node = goesLeft ? forest.left[node]! : forest.right[node]!;
    }
    scores[score]! += forest.value[node]!;
  });
  return scores;
}
