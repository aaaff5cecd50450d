/** A tree as the threads hand it over: parallel arrays by node, in shared memory, the root first. */
import { type ForestBuilder, LEAF } from '../../models/trees/forest.ts';
import { type BinnedMatrix, type Bins, FEATURES_PER_BLOCK, MISSING_BIN } from './binning.ts';
import { sharedFloat32, sharedInt32, sharedUint8 } from './shared.ts';

export interface GrownTree {
  /** One entry: the nodes in use. */
  readonly count: Int32Array;
  /** The column that is cut, or LEAF. */
  readonly feature: Int32Array;
  /** Rows in bins 0 to `bin` go left. */
  readonly bin: Uint8Array;
  readonly missingLeft: Uint8Array;
  /** Ids within the tree, larger than the parent's. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** What a leaf adds to the score. */
  readonly value: Float32Array;
  /** Rows learnt from that meet the node. */
  readonly cover: Int32Array;
}

export function createTree(maxLeaves: number): GrownTree {
  const nodes = 2 * maxLeaves - 1;
  return {
    count: sharedInt32(1),
    feature: sharedInt32(nodes),
    bin: sharedUint8(nodes),
    missingLeft: sharedUint8(nodes),
    left: sharedInt32(nodes),
    right: sharedInt32(nodes),
    value: sharedFloat32(nodes),
    cover: sharedInt32(nodes),
  };
}

/** Returns the id of the new leaf, which `rows` rows meet. */
export function addLeaf(tree: GrownTree, rows: number): number {
  const node = tree.count[0]!;
  tree.count[0] = node + 1;
  tree.feature[node] = LEAF;
  tree.cover[node] = rows;
  return node;
}

/** Copies the tree to the end of a forest. */
export function appendTree(tree: GrownTree, { edges }: Bins, score: number, builder: ForestBuilder): void {
  const first = builder.nodeCount;
  const { feature, bin, missingLeft, left, right, value, cover } = tree;
  for (let node = 0; node < tree.count[0]!; node++) {
    builder.addLeaf(value[node]!);
    builder.setCover(first + node, cover[node]!);
    const cut = feature[node]!;
    if (cut === LEAF) continue;
    // Past the last edge only missing values are left to send right.
    const threshold = edges[cut]![bin[node]!] ?? Number.POSITIVE_INFINITY;
    builder.split(first + node, cut, threshold, missingLeft[node] === 1, first + left[node]!, first + right[node]!);
  }
  builder.endTree(score);
}

/** Adds the tree's leaf values to the scores of these rows (all of them where null). */
export function addTreeScores(
  tree: GrownTree,
  data: BinnedMatrix,
  rows: Uint32Array | null,
  scores: Float32Array,
): void {
  const { feature, bin, missingLeft, left, right, value } = tree;
  // The low byte of a word comes first on every platform that Node runs on, so byte f of a row is feature f.
  const stride = FEATURES_PER_BLOCK * data.blocks.length;
  const bins = new Uint8Array(data.byRow.buffer);
  const count = rows === null ? data.rows : rows.length;
  for (let i = 0; i < count; i++) {
    const row = rows === null ? i : rows[i]!;
    let node = 0;
    for (let cut = feature[0]!; cut !== LEAF; cut = feature[node]!) {
      const own = bins[row * stride + cut]!;
      const isLeft = own === MISSING_BIN ? missingLeft[node] === 1 : own <= bin[node]!;
      node = isLeft ? left[node]! : right[node]!;
    }
    scores[row] = scores[row]! + value[node]!;
  }
}
