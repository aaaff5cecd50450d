import { Prng } from '../../core/prng.ts';
import { type Forest, ForestBuilder, LEAF, Link, treeCount } from '../../models/trees/forest.ts';

/** The slow, obvious twin of ForestKernel: one row, one tree, one comparison at a time. */
export function predictSlowly(forest: Forest, rows: Float32Array, count: number): number[][] {
  return Array.from({ length: count }, (_, row) => {
    const values = rows.subarray(row * forest.featureCount, (row + 1) * forest.featureCount);
    const scores = Array.from(forest.baseValues);
    for (let tree = 0; tree < treeCount(forest); tree++) {
      scores[forest.treeClass[tree]!]! += forest.value[leafOf(forest, tree, values)]!;
    }
    return link(forest, scores);
  });
}

function leafOf(forest: Forest, tree: number, values: Float32Array): number {
  let node = forest.treeOffsets[tree]!;
  while (forest.feature[node] !== LEAF) {
    const x = values[forest.feature[node]!]!;
    const goesLeft = Number.isNaN(x) ? forest.missingLeft[node] === 1 : x <= forest.threshold[node]!;
    node = goesLeft ? forest.left[node]! : forest.right[node]!;
  }
  return node;
}

function link(forest: Forest, scores: number[]): number[] {
  if (forest.link === Link.Logistic) return [1 / (1 + Math.exp(scores[0]!)), 1 / (1 + Math.exp(-scores[0]!))];
  const max = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - max));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Values where comparisons and encodings go wrong. */
export const EXTREMES = Float32Array.of(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-45,
  -1e-45,
  1.1754944e-38,
  -1.1754942e-38,
  3.4028235e38,
  -3.4028235e38,
  1,
  -1,
);

export interface RandomForestOptions {
  readonly seed: number;
  readonly trees: number;
  readonly leaves: number;
  readonly features: number;
  readonly classes: number;
  /** Force every leaf value to be >= 0. */
  readonly positive?: boolean;
}

/** Random leaf-wise trees whose thresholds include the extremes. */
export function randomForest({ seed, trees, leaves, features, classes, positive }: RandomForestOptions): Forest {
  const random = new Prng(seed);
  const builder = new ForestBuilder();
  const link = classes === 2 ? Link.Logistic : Link.Softmax;
  const scores = classes === 2 ? 1 : classes;
  for (let tree = 0; tree < trees; tree++) {
    const open = [builder.addLeaf(0)];
    while (open.length < leaves) {
      const [node] = open.splice(random.below(open.length), 1);
      const threshold = random.chance(0.15) ? EXTREMES[1 + random.below(EXTREMES.length - 1)]! : random.normal();
      const left = builder.addLeaf(0);
      const right = builder.addLeaf(0);
      builder.split(node!, random.below(features), Math.fround(threshold), random.chance(0.5), left, right);
      open.push(left, right);
    }
    for (const leaf of open) {
      const value = random.normal(0, 3 / Math.sqrt(trees));
      builder.setValue(leaf, positive ? Math.abs(value) : value);
    }
    builder.endTree(tree % scores);
  }
  const baseValues = Float32Array.from({ length: scores }, () => random.normal());
  const classNames = Array.from({ length: classes }, (_, i) => `class ${i}`);
  return builder.build({ featureCount: features, classNames, link, baseValues });
}

/** Row-major normal deviates with one value in ten an extreme. */
export function randomRows(seed: number, count: number, features: number): Float32Array {
  const random = new Prng(seed);
  return Float32Array.from({ length: count * features }, () =>
    random.chance(0.1) ? EXTREMES[random.below(EXTREMES.length)]! : random.normal(),
  );
}
