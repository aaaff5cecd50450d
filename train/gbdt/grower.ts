import { BIN_STRIDE, type BinnedMatrix, type Bins, FEATURES_PER_BLOCK, MISSING_BIN } from './binning.ts';
import { BLOCK_STRIDE, buildHistogram, PackedGradients, subtractFeature } from './histogram.ts';
import { histogramOffset, noSplit, type Split, type SplitLimits, searchFeature, shrink } from './split.ts';
import { addLeaf, type GrownTree } from './tree.ts';

export interface GrowLimits extends SplitLimits {
  readonly maxLeaves: number;
  /** Edges from the root to a leaf; 0 for no bound. */
  readonly maxDepth: number;
  readonly learningRate: number;
}

/** A leaf while the tree grows: rows[start, end) of the grower. */
interface Leaf {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** Packed gradient and hessian sums. */
  readonly sum: number;
  /** Null once it is clear that the leaf stays a leaf. */
  histogram: Float64Array | null;
  best: Split;
  /** Exact rows per bin, by feature, where the estimate from the hessian was found to mislead. */
  counts: Map<number, Uint32Array> | null;
}

/**
 * Grows one tree at a time, best leaf first, over binned rows. Holds every buffer, so that growing allocates a handful of
 * small objects per leaf only.
 */
export class TreeGrower {
  readonly #data: BinnedMatrix;
  readonly #bins: Bins;
  readonly #limits: GrowLimits;
  readonly #rows: Uint32Array;
  readonly #scratch: Uint32Array;
  readonly #ordered: Float64Array;
  readonly #packed: PackedGradients;
  readonly #free: Float64Array[] = [];
  readonly #goesLeft = new Uint8Array(BIN_STRIDE);

  constructor(data: BinnedMatrix, bins: Bins, limits: GrowLimits) {
    this.#data = data;
    this.#bins = bins;
    this.#limits = limits;
    this.#rows = new Uint32Array(data.rows);
    this.#scratch = new Uint32Array(data.rows);
    this.#ordered = new Float64Array(data.rows);
    this.#packed = new PackedGradients(data.rows);
  }

  /**
   * Grows one tree and adds its leaf values to the scores of the sampled rows.
   *
   * @param sample ascending row ids to learn from; all rows where null
   * @param features ascending feature ids that may be cut
   * @param seed decides how gradients are rounded
   * @param tree is overwritten
   */
  grow(
    gradients: Float32Array,
    hessians: Float32Array,
    sample: Uint32Array | null,
    features: readonly number[],
    seed: number,
    tree: GrownTree,
    scores: Float32Array,
  ): void {
    const { maxLeaves } = this.#limits;
    const blocks = [...new Set(features.map((feature) => Math.floor(feature / FEATURES_PER_BLOCK)))];
    this.#packed.pack(gradients, hessians, seed);
    const rows = this.#takeRows(sample);
    tree.count[0] = 0;
    const root = makeLeaf(addLeaf(tree, rows), 0, rows, 0, this.#sumRows(rows));
    const leaves = [root];
    if (this.#mayCut(root)) {
      root.histogram = this.#takeHistogram();
      this.#fill(root, blocks);
      this.#search(root, features);
    }
    while (leaves.length < maxLeaves) {
      const at = bestLeaf(leaves);
      if (at < 0) break;
      const leaf = leaves[at]!;
      const middle = this.#partition(leaf);
      if (this.#tooSmall(leaf, middle)) {
        this.#countExactly(leaf, leaf.best.feature);
        this.#search(leaf, features);
        continue;
      }
      const [left, right] = cut(leaf, middle, tree);
      leaves[at] = left;
      leaves.push(right);
      if (leaves.length < maxLeaves) this.#prepare(leaf, left, right, blocks, features);
      else this.#release(leaf);
    }
    for (const leaf of leaves) this.#close(leaf, gradients, hessians, tree, scores);
  }

  #takeRows(sample: Uint32Array | null): number {
    const rows = this.#rows;
    if (sample === null) for (let row = 0; row < rows.length; row++) rows[row] = row;
    else rows.set(sample);
    return sample === null ? rows.length : sample.length;
  }

  #sumRows(count: number): number {
    const { values } = this.#packed;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[this.#rows[i]!]!;
    return sum;
  }

  #mayCut({ start, end, depth }: Leaf): boolean {
    const { maxDepth, maxLeaves, minRowsPerLeaf } = this.#limits;
    return maxLeaves > 1 && end - start >= 2 * minRowsPerLeaf && (maxDepth === 0 || depth < maxDepth);
  }

  #takeHistogram(): Float64Array {
    return this.#free.pop() ?? new Float64Array(this.#data.blocks.length * BLOCK_STRIDE);
  }

  #release(leaf: Leaf): void {
    if (leaf.histogram !== null) this.#free.push(leaf.histogram);
    leaf.histogram = null;
    leaf.best.gain = 0;
  }

  #fill(leaf: Leaf, blocks: readonly number[]): void {
    const ordered = this.#ordered;
    const rows = this.#rows;
    const { values } = this.#packed;
    for (let i = leaf.start; i < leaf.end; i++) ordered[i] = values[rows[i]!]!;
    buildHistogram(this.#data, blocks, rows, leaf.start, leaf.end, ordered, leaf.histogram!);
  }

  #search(leaf: Leaf, features: readonly number[]): void {
    leaf.best = noSplit();
    for (const feature of features) this.#searchIn(leaf, feature);
    this.#settle(leaf);
  }

  #searchIn({ histogram, start, end, sum, counts, best }: Leaf, feature: number): void {
    const at = histogramOffset(feature);
    const own = counts?.get(feature) ?? null;
    const binCount = this.#bins.edges[feature]!.length + 1;
    searchFeature(histogram!, at, feature, binCount, sum, end - start, own, this.#packed, this.#limits, best);
  }

  /** A leaf that no cut improves stays one, and needs its histogram no more. */
  #settle(leaf: Leaf): void {
    if (leaf.best.gain <= 0) this.#release(leaf);
  }

  /** Moves the rows that go left to the front, keeping both sides ascending; returns where the right side starts. */
  #partition({ start, end, best }: Leaf): number {
    const goesLeft = this.#goesLeft;
    for (let bin = 0; bin < MISSING_BIN; bin++) goesLeft[bin] = bin <= best.bin ? 1 : 0;
    goesLeft[MISSING_BIN] = best.missingLeft ? 1 : 0;
    const column = this.#data.columns[best.feature]!;
    const rows = this.#rows;
    const scratch = this.#scratch;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i]!;
      const isLeft = goesLeft[column[row]!]!;
      rows[left] = row;
      scratch[right] = row;
      left += isLeft;
      right += 1 - isLeft;
    }
    rows.set(scratch.subarray(0, right), left);
    return left;
  }

  #tooSmall({ start, end }: Leaf, middle: number): boolean {
    const { minRowsPerLeaf } = this.#limits;
    return middle - start < Math.max(1, minRowsPerLeaf) || end - middle < Math.max(1, minRowsPerLeaf);
  }

  #countExactly(leaf: Leaf, feature: number): void {
    // The refused partition left the rows in another order; histograms need them ascending only for speed.
    const counts = new Uint32Array(BIN_STRIDE);
    const column = this.#data.columns[feature]!;
    this.#rows.subarray(leaf.start, leaf.end).sort();
    for (let i = leaf.start; i < leaf.end; i++) {
      const bin = column[this.#rows[i]!]!;
      counts[bin] = counts[bin]! + 1;
    }
    leaf.counts ??= new Map();
    leaf.counts.set(feature, counts);
  }

  /** Histograms of both children: the smaller is summed, the larger is what remains of the parent's. */
  #prepare(parent: Leaf, left: Leaf, right: Leaf, blocks: readonly number[], features: readonly number[]): void {
    const [small, large] = left.end - left.start <= right.end - right.start ? [left, right] : [right, left];
    if (!this.#mayCut(large)) {
      this.#release(parent);
      return;
    }
    small.histogram = this.#takeHistogram();
    this.#fill(small, blocks);
    large.histogram = parent.histogram;
    parent.histogram = null;
    const searchesSmall = this.#mayCut(small);
    // One feature at a time, so that its sums are in cache for all three.
    for (const feature of features) {
      const binCount = this.#bins.edges[feature]!.length + 1;
      subtractFeature(large.histogram!, small.histogram, histogramOffset(feature), binCount);
      this.#searchIn(large, feature);
      if (searchesSmall) this.#searchIn(small, feature);
    }
    this.#settle(large);
    this.#settle(small);
  }

  /** The leaf's value from the gradients themselves, so that rounding them to levels touches the shape only. */
  #close(leaf: Leaf, gradients: Float32Array, hessians: Float32Array, tree: GrownTree, scores: Float32Array): void {
    this.#release(leaf);
    const { l1, l2, learningRate } = this.#limits;
    const rows = this.#rows;
    let gradient = 0;
    let hessian = 0;
    for (let i = leaf.start; i < leaf.end; i++) {
      gradient += gradients[rows[i]!]!;
      hessian += hessians[rows[i]!]!;
    }
    const step = hessian + l2 > 0 ? -shrink(gradient, l1) / (hessian + l2) : 0;
    const value = Math.fround(learningRate * step);
    tree.value[leaf.node] = value;
    for (let i = leaf.start; i < leaf.end; i++) scores[rows[i]!] = scores[rows[i]!]! + value;
  }
}

function makeLeaf(node: number, start: number, end: number, depth: number, sum: number): Leaf {
  return { node, start, end, depth, sum, histogram: null, best: noSplit(), counts: null };
}

/** Turns the leaf into a node of its tree, with two leaves below. */
function cut(leaf: Leaf, middle: number, tree: GrownTree): [Leaf, Leaf] {
  const { node, start, end, depth, sum, best } = leaf;
  const left = makeLeaf(addLeaf(tree, middle - start), start, middle, depth + 1, best.leftSum);
  const right = makeLeaf(addLeaf(tree, end - middle), middle, end, depth + 1, sum - best.leftSum);
  tree.feature[node] = best.feature;
  tree.bin[node] = best.bin;
  tree.missingLeft[node] = best.missingLeft ? 1 : 0;
  tree.left[node] = left.node;
  tree.right[node] = right.node;
  tree.value[node] = 0;
  return [left, right];
}

/** Index of the leaf whose cut gains most, or -1; the first wins ties. */
function bestLeaf(leaves: readonly Leaf[]): number {
  let at = -1;
  let gain = 0;
  for (let i = 0; i < leaves.length; i++) {
    if (leaves[i]!.best.gain > gain) {
      gain = leaves[i]!.best.gain;
      at = i;
    }
  }
  return at;
}
