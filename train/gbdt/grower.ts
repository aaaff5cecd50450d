import type { ForestBuilder } from '../../models/trees/forest.ts';
import { BIN_STRIDE, type BinnedMatrix, type Bins, binColumnOf, FEATURES_PER_BLOCK, MISSING_BIN } from './binning.ts';
import { BLOCK_STRIDE, buildHistogram, PackedGradients, subtractHistogram } from './histogram.ts';
import { histogramOffset, noSplit, type Split, type SplitLimits, searchFeature, shrink } from './split.ts';

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

/** Inner nodes of the tree just grown, over bins: enough to send rows down that were not in the sample. */
interface BinNode {
  readonly feature: number;
  /** 1 where a bin goes left. */
  readonly goesLeft: Uint8Array;
  readonly left: number;
  readonly right: number;
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
  #nodes: (BinNode | number)[] = [];
  #firstNode = 0;

  constructor(data: BinnedMatrix, bins: Bins, limits: GrowLimits, seed: number) {
    this.#data = data;
    this.#bins = bins;
    this.#limits = limits;
    this.#rows = new Uint32Array(data.rows);
    this.#scratch = new Uint32Array(data.rows);
    this.#ordered = new Float64Array(data.rows);
    this.#packed = new PackedGradients(data.rows, seed);
  }

  /**
   * Appends one tree to the builder and adds its leaf values to the scores of the sampled rows.
   *
   * @param sample ascending row ids to learn from
   * @param features ascending feature ids that may be cut
   * @returns whether the tree has a split
   */
  grow(
    gradients: Float32Array,
    hessians: Float32Array,
    sample: Uint32Array,
    features: readonly number[],
    builder: ForestBuilder,
    scores: Float32Array,
  ): boolean {
    const { maxLeaves } = this.#limits;
    const blocks = [...new Set(features.map((feature) => Math.floor(feature / FEATURES_PER_BLOCK)))];
    this.#packed.pack(gradients, hessians);
    this.#rows.set(sample);
    this.#firstNode = builder.nodeCount;
    this.#nodes = [0];
    const root = this.#makeLeaf(builder.addLeaf(0), 0, sample.length, 0, this.#sumRows(sample.length));
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
      const [left, right] = this.#cut(leaf, middle, builder);
      leaves[at] = left;
      leaves.push(right);
      if (leaves.length < maxLeaves) this.#prepare(leaf, left, right, blocks, features);
      else this.#release(leaf);
    }
    for (const leaf of leaves) this.#close(leaf, gradients, hessians, builder, scores);
    return leaves.length > 1;
  }

  /** Adds the leaf values of the tree just grown to the scores of these rows (all of them where null). */
  addScores(data: BinnedMatrix, rows: Uint32Array | null, scores: Float32Array): void {
    const nodes = this.#nodes;
    const { byRow } = data;
    // The low byte of a word comes first on every platform that Node runs on, so byte f of a row is feature f.
    const stride = FEATURES_PER_BLOCK * data.blocks.length;
    const bins = new Uint8Array(byRow.buffer);
    const count = rows === null ? data.rows : rows.length;
    for (let i = 0; i < count; i++) {
      const row = rows === null ? i : rows[i]!;
      let node = nodes[0]!;
      while (typeof node !== 'number') {
        node = nodes[node.goesLeft[bins[row * stride + node.feature]!] === 1 ? node.left : node.right]!;
      }
      scores[row] = scores[row]! + node;
    }
  }

  #makeLeaf(node: number, start: number, end: number, depth: number, sum: number): Leaf {
    return { node, start, end, depth, sum, histogram: null, best: noSplit(), counts: null };
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
    const best = noSplit();
    const histogram = leaf.histogram!;
    const rows = leaf.end - leaf.start;
    for (const feature of features) {
      const binCount = this.#bins.edges[feature]!.length + 1;
      const counts = leaf.counts?.get(feature) ?? null;
      const at = histogramOffset(feature);
      searchFeature(histogram, at, feature, binCount, leaf.sum, rows, counts, this.#packed, this.#limits, best);
    }
    leaf.best = best;
    if (best.gain <= 0) this.#release(leaf);
  }

  /** Moves the rows that go left to the front, keeping both sides ascending; returns where the right side starts. */
  #partition({ start, end, best }: Leaf): number {
    const goesLeft = this.#goesLeft;
    for (let bin = 0; bin < MISSING_BIN; bin++) goesLeft[bin] = bin <= best.bin ? 1 : 0;
    goesLeft[MISSING_BIN] = best.missingLeft ? 1 : 0;
    const { words, word, shift } = binColumnOf(this.#data, best.feature);
    const rows = this.#rows;
    const scratch = this.#scratch;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i]!;
      const isLeft = goesLeft[(words[2 * row + word]! >>> shift) & 255]!;
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
    const { words, word, shift } = binColumnOf(this.#data, feature);
    this.#rows.subarray(leaf.start, leaf.end).sort();
    for (let i = leaf.start; i < leaf.end; i++) {
      const bin = (words[2 * this.#rows[i]! + word]! >>> shift) & 255;
      counts[bin] = counts[bin]! + 1;
    }
    leaf.counts ??= new Map();
    leaf.counts.set(feature, counts);
  }

  #cut(leaf: Leaf, middle: number, builder: ForestBuilder): [Leaf, Leaf] {
    const { feature, bin, missingLeft, leftSum } = leaf.best;
    const left = this.#makeLeaf(builder.addLeaf(0), leaf.start, middle, leaf.depth + 1, leftSum);
    const right = this.#makeLeaf(builder.addLeaf(0), middle, leaf.end, leaf.depth + 1, leaf.sum - leftSum);
    // Past the last edge only missing values are left to send right.
    const threshold = this.#bins.edges[feature]![bin] ?? Number.POSITIVE_INFINITY;
    builder.split(leaf.node, feature, threshold, missingLeft, left.node, right.node);
    this.#nodes[leaf.node - this.#firstNode] = {
      feature,
      goesLeft: this.#goesLeft.slice(),
      left: left.node - this.#firstNode,
      right: right.node - this.#firstNode,
    };
    return [left, right];
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
    subtractHistogram(large.histogram!, small.histogram, blocks);
    this.#search(large, features);
    if (this.#mayCut(small)) this.#search(small, features);
    else this.#release(small);
  }

  /** The leaf's value from the gradients themselves, so that rounding them to levels touches the shape only. */
  #close(
    leaf: Leaf,
    gradients: Float32Array,
    hessians: Float32Array,
    builder: ForestBuilder,
    scores: Float32Array,
  ): void {
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
    builder.setValue(leaf.node, value);
    this.#nodes[leaf.node - this.#firstNode] = value;
    for (let i = leaf.start; i < leaf.end; i++) scores[rows[i]!] = scores[rows[i]!]! + value;
  }
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
