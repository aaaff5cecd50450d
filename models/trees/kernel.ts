/** Boosted forests to probabilities, without a library: the leaves of all trees, their sums, and the link. */
import { checkForest, type Forest, Link, scoreCount } from './forest.ts';
import type { LeafSums } from './leaf-sums.ts';
import { SimdForest } from './simd/forest.ts';
import { WalkForest } from './walk.ts';

/** How leaves are found: `simd` asks all nodes of a tree of many rows, `walk` goes down the trees. */
export type KernelMethod = 'simd' | 'walk';

/** Runs one batch at a time, in memory of its own: no call allocates. */
export class ForestKernel {
  readonly featureCount: number;
  readonly classCount: number;
  readonly classNames: readonly string[];
  readonly method: KernelMethod;
  readonly #link: Link;
  readonly #scoreCount: number;
  readonly #base: Float64Array;
  readonly #sums: LeafSums;

  /** @param method without it, `simd` where every tree has at most 64 leaves and the engine has SIMD, else `walk` */
  constructor(forest: Forest, method?: KernelMethod) {
    checkForest(forest);
    this.featureCount = forest.featureCount;
    this.classCount = forest.classNames.length;
    this.classNames = forest.classNames;
    this.#link = forest.link;
    this.#scoreCount = scoreCount(forest);
    this.#base = Float64Array.from(forest.baseValues);
    const simd = method === 'walk' ? null : SimdForest.of(forest);
    this.method = simd === null ? 'walk' : 'simd';
    this.#sums = simd ?? new WalkForest(forest);
  }

  /**
   * @param rows row-major [count, featureCount]; NaN is a missing value
   * @param out row-major [count, classCount], filled with probabilities
   */
  predict(rows: Float32Array, count: number, out: Float32Array | Float64Array): void {
    if (rows.length < count * this.featureCount || out.length < count * this.classCount) {
      throw new RangeError(`predict: ${count} rows need ${count * this.featureCount} values`);
    }
    const { blockRows, scores } = this.#sums;
    const width = this.#scoreCount;
    for (let first = 0; first < count; first += blockRows) {
      const size = Math.min(blockRows, count - first);
      for (let i = 0; i < size * width; i++) scores[i] = this.#base[i % width]!;
      this.#sums.add(rows, first, size);
      this.#applyLink(size, out, first * this.classCount);
    }
  }

  #applyLink(size: number, out: Float32Array | Float64Array, at: number): void {
    const { scores } = this.#sums;
    if (this.#link === Link.Softmax) {
      softmaxRows(scores, size, this.#scoreCount, out, at);
      return;
    }
    for (let row = 0; row < size; row++) {
      out[at + 2 * row] = 1 / (1 + Math.exp(scores[row]!));
      out[at + 2 * row + 1] = 1 / (1 + Math.exp(-scores[row]!));
    }
  }
}

/** Row-major scores [count, width] to probabilities at out[at..], shifted by the row's maximum against overflow. */
export function softmaxRows(
  scores: Float64Array,
  count: number,
  width: number,
  out: Float32Array | Float64Array,
  at = 0,
): void {
  for (let row = 0; row < count; row++) {
    const from = row * width;
    const to = at + from;
    let max = scores[from]!;
    for (let k = 1; k < width; k++) if (scores[from + k]! > max) max = scores[from + k]!;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = Math.exp(scores[from + k]! - max);
      scores[from + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) out[to + k] = scores[from + k]! / sum;
  }
}
