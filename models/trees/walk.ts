import { type Forest, LEAF, scoreCount, treeCount } from './forest.ts';
import type { LeafSums } from './leaf-sums.ts';

/** Rows whose keys are prepared together: 64 rows x 80 features x 2 slots x 4 bytes stay in a 48 KB first-level cache. */
const BLOCK = 64;
const ALWAYS_LEFT = -0x8000_0000;
const ALWAYS_RIGHT = 0x7fff_ffff;
const LEAF_BIT = 0x8000_0000;
const CHILD_MASK = 0x7fff;
const SLOT_MASK = 0xffff;

/**
 * A forest packed to be walked. Comparisons are made branch-free on integers: a float32's bits map to an int32 with
 * the same order, and `right` is then the sign of a difference. A plain walk mispredicts every second branch and took
 * three times as long on 1000 trees x 31 leaves; bench/score.bench.ts compares with ONNX Runtime. Runs forests whose trees
 * are too large for simd/forest.ts, and all of them where the engine has no SIMD.
 *
 * Node n of the packed tree is two words: [threshold key, leaf bit | left child << 16 | slot]; right = left + 1; a leaf
 * is its own left child under a threshold that nothing exceeds, so that a finished row waits for its neighbours.
 * Slot 2f holds feature f with NaN below everything (missing goes left), slot 2f + 1 with NaN above everything.
 */
export class WalkForest implements LeafSums {
  readonly blockRows = BLOCK;
  readonly scores: Float64Array;
  readonly #featureCount: number;
  readonly #scoreCount: number;
  /** trees + 1: first packed node of a tree. */
  readonly #roots: Int32Array;
  readonly #treeClass: Int32Array;
  readonly #words: Int32Array;
  readonly #values: Float32Array;
  readonly #keys: Int32Array;
  /** The caller's rows last seen, as bits: a view for each batch, not for each block. */
  #bits: Int32Array = new Int32Array(0);

  constructor(forest: Forest) {
    this.#featureCount = forest.featureCount;
    this.#scoreCount = scoreCount(forest);
    this.#treeClass = forest.treeClass.slice();
    this.#roots = forest.treeOffsets.slice();
    this.#words = new Int32Array(forest.feature.length * 2);
    this.#values = new Float32Array(forest.feature.length);
    for (let tree = 0; tree < treeCount(forest); tree++) packTree(forest, tree, this.#words, this.#values);
    this.#keys = new Int32Array(BLOCK * forest.featureCount * 2);
    this.scores = new Float64Array(BLOCK * this.#scoreCount);
  }

  add(rows: Float32Array, first: number, count: number): void {
    const { buffer, byteOffset, length } = rows;
    if (this.#bits.buffer !== buffer || this.#bits.byteOffset !== byteOffset || this.#bits.length !== length) {
      this.#bits = new Int32Array(buffer, byteOffset, length);
    }
    fillKeys(this.#bits, first * this.#featureCount, count * this.#featureCount, this.#keys);
    const quads = count - (count & 3);
    if (quads > 0) this.#walkFourRows(quads);
    for (let row = quads; row < count; row++) this.#walkFourTrees(row);
  }

  /** All trees over rows [0, count), four rows in step; count is a multiple of four. */
  #walkFourRows(count: number): void {
    const words = this.#words;
    const values = this.#values;
    const keys = this.#keys;
    const { scores } = this;
    const roots = this.#roots;
    const width = this.#scoreCount;
    const stride = this.#featureCount * 2;
    for (let tree = 0; tree < this.#treeClass.length; tree++) {
      const root = roots[tree]!;
      const base = root * 2;
      let at = this.#treeClass[tree]!;
      for (let row = 0; row < count; row += 4) {
        const ka = row * stride;
        const kb = ka + stride;
        const kc = kb + stride;
        const kd = kc + stride;
        let a = 0;
        let b = 0;
        let c = 0;
        let d = 0;
        for (;;) {
          const wa = words[base + 2 * a + 1]!;
          const wb = words[base + 2 * b + 1]!;
          const wc = words[base + 2 * c + 1]!;
          const wd = words[base + 2 * d + 1]!;
          if ((wa & wb & wc & wd) < 0) break;
          a = ((wa >>> 16) & CHILD_MASK) + below(words[base + 2 * a]!, keys[ka + (wa & SLOT_MASK)]!);
          b = ((wb >>> 16) & CHILD_MASK) + below(words[base + 2 * b]!, keys[kb + (wb & SLOT_MASK)]!);
          c = ((wc >>> 16) & CHILD_MASK) + below(words[base + 2 * c]!, keys[kc + (wc & SLOT_MASK)]!);
          d = ((wd >>> 16) & CHILD_MASK) + below(words[base + 2 * d]!, keys[kd + (wd & SLOT_MASK)]!);
        }
        scores[at] = scores[at]! + values[root + a]!;
        scores[at + width] = scores[at + width]! + values[root + b]!;
        scores[at + 2 * width] = scores[at + 2 * width]! + values[root + c]!;
        scores[at + 3 * width] = scores[at + 3 * width]! + values[root + d]!;
        at += 4 * width;
      }
    }
  }

  /** All trees over one row, four trees in step: the same overlap of loads where there is one row only. */
  #walkFourTrees(row: number): void {
    const words = this.#words;
    const values = this.#values;
    const keys = this.#keys;
    const { scores } = this;
    const roots = this.#roots;
    const treeClass = this.#treeClass;
    const key = row * this.#featureCount * 2;
    const at = row * this.#scoreCount;
    const trees = treeClass.length;
    // The last trees are walked in one group with repeats of the final tree, whose extra results are dropped.
    const last = trees - 1;
    for (let tree = 0; tree < trees; tree += 4) {
      const rootA = roots[tree]!;
      const rootB = roots[Math.min(tree + 1, last)]!;
      const rootC = roots[Math.min(tree + 2, last)]!;
      const rootD = roots[Math.min(tree + 3, last)]!;
      let a = rootA;
      let b = rootB;
      let c = rootC;
      let d = rootD;
      for (;;) {
        const wa = words[2 * a + 1]!;
        const wb = words[2 * b + 1]!;
        const wc = words[2 * c + 1]!;
        const wd = words[2 * d + 1]!;
        if ((wa & wb & wc & wd) < 0) break;
        a = rootA + ((wa >>> 16) & CHILD_MASK) + below(words[2 * a]!, keys[key + (wa & SLOT_MASK)]!);
        b = rootB + ((wb >>> 16) & CHILD_MASK) + below(words[2 * b]!, keys[key + (wb & SLOT_MASK)]!);
        c = rootC + ((wc >>> 16) & CHILD_MASK) + below(words[2 * c]!, keys[key + (wc & SLOT_MASK)]!);
        d = rootD + ((wd >>> 16) & CHILD_MASK) + below(words[2 * d]!, keys[key + (wd & SLOT_MASK)]!);
      }
      scores[at + treeClass[tree]!] = scores[at + treeClass[tree]!]! + values[a]!;
      if (tree + 1 < trees) scores[at + treeClass[tree + 1]!] = scores[at + treeClass[tree + 1]!]! + values[b]!;
      if (tree + 2 < trees) scores[at + treeClass[tree + 2]!] = scores[at + treeClass[tree + 2]!]! + values[c]!;
      if (tree + 3 < trees) scores[at + treeClass[tree + 3]!] = scores[at + treeClass[tree + 3]!]! + values[d]!;
    }
  }
}

/** 1 where threshold < key, else 0: the sign of the 33-bit difference, without a branch (Hacker's Delight, 2-12). */
function below(threshold: number, key: number): number {
  const difference = (threshold - key) | 0;
  return (difference ^ ((threshold ^ key) & (difference ^ threshold))) >>> 31;
}

/** float32 bits to an int32 of the same order; both zeros give 0. Not for NaN. */
function orderedKey(bits: number): number {
  return bits === ALWAYS_LEFT ? 0 : bits ^ ((bits >> 31) & 0x7fff_ffff);
}

/** `count` float32 bit patterns from bits[at..] to two slots each. */
function fillKeys(bits: Int32Array, at: number, count: number, keys: Int32Array): void {
  for (let i = 0; i < count; i++) {
    const value = bits[at + i]!;
    if ((value & 0x7fff_ffff) > 0x7f80_0000) {
      keys[2 * i] = ALWAYS_LEFT;
      keys[2 * i + 1] = ALWAYS_RIGHT;
    } else {
      const key = orderedKey(value);
      keys[2 * i] = key;
      keys[2 * i + 1] = key;
    }
  }
}

/** Breadth-first, so that siblings are neighbours and the upper levels share cache lines. */
function packTree(forest: Forest, tree: number, words: Int32Array, values: Float32Array): void {
  const start = forest.treeOffsets[tree]!;
  const queue = [start];
  const scratch = new Float32Array(1);
  const scratchBits = new Int32Array(scratch.buffer);
  for (let local = 0; local < queue.length; local++) {
    const node = queue[local]!;
    const word = 2 * (start + local);
    const feature = forest.feature[node]!;
    if (feature === LEAF) {
      words[word] = ALWAYS_RIGHT;
      words[word + 1] = LEAF_BIT | (local << 16);
      values[start + local] = forest.value[node]!;
      continue;
    }
    scratch[0] = forest.threshold[node]!;
    words[word] = orderedKey(scratchBits[0]!);
    words[word + 1] = (queue.length << 16) | (2 * feature + 1 - forest.missingLeft[node]!);
    queue.push(forest.left[node]!, forest.right[node]!);
  }
}
