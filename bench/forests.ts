/** Forests that were not learnt from anything: for benches of what is done with forests. */
import type { Prng } from '../core/prng.ts';
import { type Forest, ForestBuilder, Link } from '../models/trees/forest.ts';

/**
 * Leaf-wise trees of two classes, with thresholds where rows of normal values are.
 *
 * @param leaves of each tree
 */
export function makeForest(random: Prng, features: number, trees: number, leaves: number): Forest {
  const builder = new ForestBuilder();
  for (let tree = 0; tree < trees; tree++) {
    const open = [builder.addLeaf(0)];
    while (open.length < leaves) {
      const node = open.splice(random.below(open.length), 1)[0]!;
      const children = [builder.addLeaf(random.normal(0, 0.05)), builder.addLeaf(random.normal(0, 0.05))] as const;
      builder.split(node, random.below(features), Math.fround(random.normal()), random.chance(0.5), ...children);
      open.push(...children);
    }
    builder.endTree(0);
  }
  return builder.build({
    featureCount: features,
    classNames: ['no', 'yes'],
    link: Link.Logistic,
    baseValues: new Float32Array(1),
  });
}
