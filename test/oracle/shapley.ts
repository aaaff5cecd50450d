/** The slow, obvious twin of TreeExplainer: Shapley's formula over every subset of the inputs. */
import { type Forest, LEAF, treeCount } from '../../models/trees/forest.ts';

/** Values of one row, [score][feature]. */
export function shapleySlowly(forest: Forest, row: Float32Array): number[][] {
  const { featureCount } = forest;
  const worth = Array.from({ length: 1 << featureCount }, (_, subset) => expectedScores(forest, row, subset));
  return Array.from(forest.baseValues, (_, score) =>
    Array.from({ length: featureCount }, (__, feature) => {
      let value = 0;
      for (let subset = 0; subset < worth.length; subset++) {
        if (((subset >> feature) & 1) === 1) continue;
        const size = bitCount(subset);
        const weight = (factorial(size) * factorial(featureCount - size - 1)) / factorial(featureCount);
        value += weight * (worth[subset | (1 << feature)]![score]! - worth[subset]![score]!);
      }
      return value;
    }),
  );
}

/** Scores where the inputs in `subset`, a bit mask, are known to be those of the row. */
export function expectedScores(forest: Forest, row: Float32Array, subset: number): number[] {
  const scores = Array.from(forest.baseValues);
  for (let tree = 0; tree < treeCount(forest); tree++) {
    scores[forest.treeClass[tree]!]! += expectation(forest, forest.treeOffsets[tree]!, row, subset);
  }
  return scores;
}

function expectation(forest: Forest, node: number, row: Float32Array, subset: number): number {
  const feature = forest.feature[node]!;
  if (feature === LEAF) return forest.value[node]!;
  const [left, right] = [forest.left[node]!, forest.right[node]!];
  if (((subset >> feature) & 1) === 1) {
    const x = row[feature]!;
    const goesLeft = Number.isNaN(x) ? forest.missingLeft[node] === 1 : x <= forest.threshold[node]!;
    return expectation(forest, goesLeft ? left : right, row, subset);
  }
  const [rowsLeft, rowsRight] = [forest.cover![left]!, forest.cover![right]!];
  const share = rowsLeft + rowsRight > 0 ? rowsLeft / (rowsLeft + rowsRight) : 0.5;
  return share * expectation(forest, left, row, subset) + (1 - share) * expectation(forest, right, row, subset);
}

function bitCount(bits: number): number {
  return bits === 0 ? 0 : (bits & 1) + bitCount(bits >> 1);
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
