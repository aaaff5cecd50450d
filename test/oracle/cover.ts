/** How many rows meet each node of a forest, by sending every row down every tree; training notes it while it grows. */
import { type Forest, LEAF, treeCount } from '../../models/trees/forest.ts';

/**
 * The forest with covers counted on rows like those it was trained on. A split that none of them meets counts for
 * Shapley values as if half of the rows went each way.
 *
 * @param rows row-major [count, featureCount], NaN for missing
 */
export function countCovers(forest: Forest, rows: Float32Array, count: number): Forest {
  const { featureCount, feature, threshold, left, right, missingLeft, treeOffsets } = forest;
  if (rows.length < count * featureCount) {
    throw new RangeError(`countCovers: ${count} rows need ${count * featureCount} values`);
  }
  const cover = new Float32Array(feature.length);
  for (let tree = 0; tree < treeCount(forest); tree++) {
    for (let row = 0; row < count; row++) {
      let node = treeOffsets[tree]!;
      cover[node]! += 1;
      while (feature[node] !== LEAF) {
        const x = rows[row * featureCount + feature[node]!]!;
        const goesLeft = Number.isNaN(x) ? missingLeft[node] === 1 : x <= threshold[node]!;
        node = goesLeft ? left[node]! : right[node]!;
        cover[node]! += 1;
      }
    }
  }
  return { ...forest, cover };
}
