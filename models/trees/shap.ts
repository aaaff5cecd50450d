/**
 * Exact Shapley values of tree ensembles: how much each input moves a row's score away from the mean score.
 *
 * What TreeSHAP computes, path-dependent (Lundberg, Erion and Lee, "Consistent Individualized Feature Attribution for Tree
 * Ensembles", arXiv:1802.03888): the worth of a set S of known inputs is the tree's own conditional expectation, which
 * follows a split on an input in S and otherwise takes both sides, weighted by how many training rows went each way.
 *
 * A leaf's expectation is its value times one factor per input on its path: o = 1 where the row agrees with all tests of
 * that input, else 0, if it is known, and z, the share of training rows that agree, if it is not. The Shapley value of
 * such a product is an integral over the chance t that any other input is known (Owen, "Multilinear Extensions of Games",
 * 1972), of a polynomial in t, which Gauss-Legendre quadrature gives exactly:
 *
 *     value of i = integral from 0 to 1 of v (o_i - z_i) product over j != i of ((1 - t) z_j + t o_j) dt
 *
 * Leaves are summed on the way up as in linear TreeSHAP (Yu, Xu, Bifet and Ma, "Linear TreeShap", NeurIPS 2022), so that
 * time is O(nodes x depth) for each tree and row. The recursion of the first paper takes O(nodes x depth^2) and loses all
 * digits on paths of a hundred inputs, because it takes features out of a path again by subtraction; here every term but
 * the last has one sign.
 *
 * Values are in margin space, before the link: log-odds of the second class for two classes, one score per class
 * otherwise. They add up: base + sum of values = the row's score.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { ModelLimits } from '../limits.ts';
import { checkForest, type Forest, LEAF, scoreCount, treeCount } from './forest.ts';
import { gaussLegendre, type Quadrature } from './quadrature.ts';

export interface Explanation {
  /** Row-major [count, scoreCount, featureCount]. */
  readonly values: Float64Array;
  /** [scoreCount]: the mean score over the training rows, from which the values lead to the row's. */
  readonly base: Float64Array;
}

/** Explains rows of one forest. Holds its buffers: not to be used by two callers at a time. */
export class TreeExplainer {
  readonly featureCount: number;
  /** 1 for two classes, else one per class. */
  readonly scoreCount: number;
  /** See Explanation. */
  readonly base: Float64Array;
  readonly #forest: Forest;
  readonly #edges: Edges;
  /** By tree. */
  readonly #quadratures: readonly Quadrature[];
  /** Whether the row at hand agrees with every test of the edge's feature down to it; by node. */
  readonly #one: Uint8Array;
  /** [node of the tree, point]: the product of the factors on the path; then the sum over the leaves below. */
  readonly #products: Float64Array;
  readonly #factors: Float64Array;

  /**
   * @throws FlowlampError UNSUPPORTED for a forest without covers, or with more than ModelLimits.explainInputs inputs on
   *   one path
   */
  constructor(forest: Forest) {
    checkForest(forest);
    if (forest.cover === null) throw noCovers();
    this.featureCount = forest.featureCount;
    this.scoreCount = scoreCount(forest);
    this.#forest = forest;
    this.#edges = edgesOf(forest, leftShares(forest, forest.cover));
    const points = pointsOf(forest, this.#edges.distinct);
    this.#quadratures = points.map(gaussLegendre);
    const size = points.reduce((most, count, tree) => Math.max(most, count * nodesOf(forest, tree)), 0);
    this.#products = new Float64Array(size);
    this.#factors = new Float64Array(size);
    this.#one = new Uint8Array(forest.feature.length);
    this.base = expectedScores(forest, this.#edges.share);
  }

  /**
   * @param rows row-major [count, featureCount], NaN for missing
   * @param out row-major [count, scoreCount, featureCount]; made if not given
   */
  explain(rows: Float32Array, count: number, out?: Float64Array): Explanation {
    const { featureCount, scoreCount: scores, base } = this;
    const values = out ?? new Float64Array(count * scores * featureCount);
    if (rows.length < count * featureCount || values.length < count * scores * featureCount) {
      throw new RangeError(`explain: ${count} rows need ${count * featureCount} values`);
    }
    values.fill(0, 0, count * scores * featureCount);
    const { treeClass } = this.#forest;
    for (let row = 0; row < count; row++) {
      for (let tree = 0; tree < treeClass.length; tree++) {
        this.#descend(tree, rows, row * featureCount);
        this.#ascend(tree, values, (row * scores + treeClass[tree]!) * featureCount);
      }
    }
    return { values, base };
  }

  /** Parents come before their children: o of every edge, and the product of the factors on the way to every node. */
  #descend(tree: number, rows: Float32Array, row: number): void {
    const { feature, threshold, left, right, missingLeft, treeOffsets } = this.#forest;
    const { zero, previous } = this.#edges;
    const { nodes: times, count } = this.#quadratures[tree]!;
    const ones = this.#one;
    const products = this.#products;
    const factors = this.#factors;
    const root = treeOffsets[tree]!;
    for (let q = 0; q < count; q++) products[q] = 1;
    for (let node = root; node < treeOffsets[tree + 1]!; node++) {
      const tested = feature[node]!;
      if (tested === LEAF) continue;
      const x = rows[row + tested]!;
      const goesLeft = Number.isNaN(x) ? missingLeft[node]! : x <= threshold[node]! ? 1 : 0;
      const from = (node - root) * count;
      for (let side = 0; side < 2; side++) {
        const child = side === 0 ? left[node]! : right[node]!;
        const before = previous[child]!;
        const one = (side === 0 ? goesLeft : 1 - goesLeft) & (before < 0 ? 1 : ones[before]!);
        const z = zero[child]!;
        ones[child] = one;
        const to = (child - root) * count;
        const old = before < 0 ? -1 : (before - root) * count;
        for (let q = 0; q < count; q++) {
          const factor = z + times[q]! * (one - z);
          factors[to + q] = factor;
          // Nobody comes here whether the input is known or not: all below is worth 0, and 0 / 0 is not.
          const without =
            old < 0 ? products[from + q]! : factors[old + q] === 0 ? 0 : products[from + q]! / factors[old + q]!;
          products[to + q] = without * factor;
        }
      }
    }
  }

  /**
   * Children come before their parents: sums over leaves, and what each edge adds to its feature. The factor of a feature
   * that is tested again further down is that of the last edge, so there the earlier edge's share is taken back.
   */
  #ascend(tree: number, out: Float64Array, at: number): void {
    const { feature, left, right, value, treeOffsets } = this.#forest;
    const { zero, previous, tested } = this.#edges;
    const { weights, count } = this.#quadratures[tree]!;
    const sums = this.#products;
    const factors = this.#factors;
    const ones = this.#one;
    const root = treeOffsets[tree]!;
    for (let node = treeOffsets[tree + 1]! - 1; node >= root; node--) {
      const here = (node - root) * count;
      if (feature[node] === LEAF) {
        for (let q = 0; q < count; q++) sums[here + q]! *= value[node]!;
      } else {
        const a = (left[node]! - root) * count;
        const b = (right[node]! - root) * count;
        for (let q = 0; q < count; q++) sums[here + q] = sums[a + q]! + sums[b + q]!;
      }
      if (node === root) return;
      const before = previous[node]!;
      const gain = ones[node]! - zero[node]!;
      const gainBefore = before < 0 ? 0 : ones[before]! - zero[before]!;
      const old = before < 0 ? here : (before - root) * count;
      let added = 0;
      for (let q = 0; q < count; q++) {
        const sum = sums[here + q]!;
        if (sum === 0) continue;
        added += weights[q]! * sum * (gain / factors[here + q]! - gainBefore / factors[old + q]!);
      }
      out[at + tested[node]!]! += added;
    }
  }
}

/** Of the edge that leads to each node; what does not depend on the row. */
interface Edges {
  /** The share of the parent's training rows that takes the left side; by parent, 0 at a leaf. */
  readonly share: Float64Array;
  /** The feature that the parent tests. */
  readonly tested: Int32Array;
  /** The last node above whose edge is of the same feature, -1 if there is none. */
  readonly previous: Int32Array;
  /** The share of training rows that agrees with every test of the feature down to here. */
  readonly zero: Float64Array;
  /** How many different features are tested on the way here. */
  readonly distinct: Int32Array;
}

function edgesOf(forest: Forest, share: Float64Array): Edges {
  const { feature, left, right } = forest;
  const nodes = feature.length;
  const parent = new Int32Array(nodes).fill(-1);
  const tested = new Int32Array(nodes).fill(LEAF);
  const previous = new Int32Array(nodes).fill(-1);
  const zero = new Float64Array(nodes).fill(1);
  const distinct = new Int32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    if (feature[node] === LEAF) continue;
    let above = node;
    while (above >= 0 && tested[above] !== feature[node]) above = parent[above]!;
    for (const child of [left[node]!, right[node]!]) {
      parent[child] = node;
      tested[child] = feature[node]!;
      previous[child] = above;
      const taken = child === left[node] ? share[node]! : 1 - share[node]!;
      zero[child] = (above < 0 ? 1 : zero[above]!) * taken;
      distinct[child] = distinct[node]! + (above < 0 ? 1 : 0);
    }
  }
  return { share, tested, previous, zero, distinct };
}

/** Children's covers decide, not the parent's: they are what the shares must be consistent with. Half where no row came. */
function leftShares({ feature, left, right }: Forest, cover: Float32Array): Float64Array {
  return Float64Array.from(feature, (tested, node) => {
    if (tested === LEAF) return 0;
    const rows = cover[left[node]!]! + cover[right[node]!]!;
    return rows > 0 ? cover[left[node]!]! / rows : 0.5;
  });
}

/** Children come after their parents, so one pass backwards has what it needs. */
function expectedScores(forest: Forest, leftShare: Float64Array): Float64Array {
  const { feature, left, right, value, treeOffsets, treeClass } = forest;
  const mean = Float64Array.from(value);
  for (let node = mean.length - 1; node >= 0; node--) {
    if (feature[node] === LEAF) continue;
    const share = leftShare[node]!;
    mean[node] = share * mean[left[node]!]! + (1 - share) * mean[right[node]!]!;
  }
  const base = Float64Array.from(forest.baseValues);
  for (let tree = 0; tree < treeCount(forest); tree++) base[treeClass[tree]!]! += mean[treeOffsets[tree]!]!;
  return base;
}

/** By tree, the points that integrate its polynomials exactly: n of them do so up to degree 2 n - 1. */
function pointsOf({ treeOffsets, treeClass }: Forest, distinct: Int32Array): number[] {
  return Array.from(treeClass, (_, tree) => {
    let most = 1;
    for (let node = treeOffsets[tree]!; node < treeOffsets[tree + 1]!; node++) most = Math.max(most, distinct[node]!);
    if (most <= ModelLimits.explainInputs) return Math.ceil(most / 2);
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: `the model has a tree that tests ${most} inputs on one path, which cannot be explained`,
      expected: `at most ${ModelLimits.explainInputs}`,
      action: 'train with a lower depth',
    });
  });
}

function nodesOf({ treeOffsets }: Forest, tree: number): number {
  return treeOffsets[tree + 1]! - treeOffsets[tree]!;
}

function noCovers(): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: 'the model does not say how many training rows met each node of its trees',
    expected: 'covers in nodes_hitrates, as training here writes them',
    action: 'count them on rows like those it was trained on (countCovers), or train again',
  });
}
