/** A forest laid out in the memory of the WebAssembly program, and the calls into it. */
import { type Forest, LEAF, scoreCount, treeCount } from '../forest.ts';
import type { LeafSums } from '../leaf-sums.ts';
import {
  assemble,
  COLUMN_BYTES,
  FEW_ROWS,
  MANY_ROWS,
  nodeBytes,
  type Program,
  TREE_BYTES,
  WORD_LEAVES,
} from './program.ts';

const PAGE_BYTES = 65_536;
const MOST_WORDS = 2;

/** What is used of the engine's own object, which neither Node's types nor the language's name. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
};

/** Where things lie in memory, in bytes. */
interface Layout {
  readonly trees: number;
  readonly nodes: number;
  readonly leaves: number;
  readonly rows: number;
  readonly columns: number;
  readonly columnsEnd: number;
  readonly scores: number;
  readonly end: number;
}

export class SimdForest implements LeafSums {
  readonly blockRows = MANY_ROWS;
  readonly scores: Float64Array;
  readonly #rows: Float32Array;
  readonly #featureCount: number;
  readonly #program: Program;
  readonly #layout: Layout;
  readonly #rowScores: number;

  private constructor(forest: Forest, words: 1 | 2, program: Uint8Array<ArrayBuffer>) {
    this.#featureCount = forest.featureCount;
    const layout = layoutOf(forest, words);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(layout.end / PAGE_BYTES) });
    pack(forest, words, layout, new DataView(memory.buffer));
    this.#rows = new Float32Array(memory.buffer, layout.rows, MANY_ROWS * forest.featureCount);
    this.#rowScores = 8 * scoreCount(forest);
    this.scores = new Float64Array(memory.buffer, layout.scores, MANY_ROWS * scoreCount(forest));
    this.#layout = layout;
    const module = new WebAssembly.Module(program);
    this.#program = new WebAssembly.Instance(module, { env: { memory } }).exports as Program;
  }

  /** Null where a tree has more leaves than the program has bits for, or the engine has no SIMD. */
  static of(forest: Forest): SimdForest | null {
    const words = wordsFor(forest);
    if (words === null || typeof WebAssembly === 'undefined') return null;
    const program = assemble(words);
    return WebAssembly.validate(program) ? new SimdForest(forest, words, program) : null;
  }

  add(rows: Float32Array, first: number, count: number): void {
    const own = this.#rows;
    const features = this.#featureCount;
    const from = first * features;
    // Faster than `set` is here, which takes a view of the block, and so an object for each.
    for (let i = 0; i < count * features; i++) own[i] = rows[from + i]!;
    const { trees, nodes, columns, columnsEnd, scores } = this.#layout;
    const program = this.#program;
    if (count <= FEW_ROWS) {
      program.columnsOfFew(this.#layout.rows, 4 * features, columns, columnsEnd);
      program.scanFew(trees, nodes, nodes, columns, scores, this.#rowScores);
    } else {
      program.columnsOfMany(this.#layout.rows, 4 * features, columns, columnsEnd);
      program.scanMany(trees, nodes, nodes, columns, scores, this.#rowScores);
    }
  }
}

/** Words of bits for the leaves of the largest tree. */
function wordsFor({ treeOffsets, feature }: Forest): 1 | 2 | null {
  let most = 0;
  for (let tree = 0; tree + 1 < treeOffsets.length; tree++) {
    let leaves = 0;
    for (let node = treeOffsets[tree]!; node < treeOffsets[tree + 1]!; node++) if (feature[node] === LEAF) leaves++;
    most = Math.max(most, leaves);
  }
  return most > MOST_WORDS * WORD_LEAVES ? null : most > WORD_LEAVES ? 2 : 1;
}

function layoutOf(forest: Forest, words: number): Layout {
  const aligned = (at: number) => Math.ceil(at / 64) * 64;
  const trees = 0;
  // Right behind the trees: where these end, those begin.
  const nodes = treeCount(forest) * TREE_BYTES;
  const leafCount = forest.feature.reduce((sum, feature) => sum + (feature === LEAF ? 1 : 0), 0);
  const leaves = nodes + (forest.feature.length - leafCount) * nodeBytes(words);
  const rows = aligned(leaves + leafCount * 4);
  // Features are turned over in fours: the last row is read a little past its end, and a few columns are of nothing.
  const columns = aligned(rows + (MANY_ROWS * forest.featureCount + 4) * 4);
  const columnsEnd = columns + Math.ceil(forest.featureCount / 4) * 4 * COLUMN_BYTES;
  const end = columnsEnd + 8 * MANY_ROWS * scoreCount(forest);
  return { trees, nodes, leaves, rows, columns, columnsEnd, scores: columnsEnd, end };
}

function pack(forest: Forest, words: number, layout: Layout, out: DataView): void {
  let node = layout.nodes;
  let leaf = layout.leaves;
  for (let tree = 0; tree < treeCount(forest); tree++) {
    const { inner, values } = flatten(forest, forest.treeOffsets[tree]!);
    const at = layout.trees + tree * TREE_BYTES;
    const missingLeft = inner.filter(({ id }) => forest.missingLeft[id] === 1);
    const missingRight = inner.filter(({ id }) => forest.missingLeft[id] !== 1);
    out.setInt32(at, missingLeft.length * nodeBytes(words), true);
    out.setInt32(at + 4, missingRight.length * nodeBytes(words), true);
    out.setInt32(at + 8, leaf, true);
    out.setInt32(at + 12, 8 * forest.treeClass[tree]!, true);
    for (const { id, firstLeaf, rightLeaf } of [...missingLeft, ...missingRight]) {
      out.setInt32(node, forest.feature[id]! * COLUMN_BYTES, true);
      out.setFloat32(node + 4, forest.threshold[id]!, true);
      for (let word = 0; word < words; word++) {
        out.setUint32(node + 8 + 4 * word, bitsOf(firstLeaf, rightLeaf, word * WORD_LEAVES), true);
      }
      node += nodeBytes(words);
    }
    for (const value of values) {
      out.setFloat32(leaf, value, true);
      leaf += 4;
    }
  }
}

/** A node and the leaves left of it: from the first leaf below it to the first on its right. */
interface Inner {
  readonly id: number;
  readonly firstLeaf: number;
  rightLeaf: number;
}

/** Inner nodes of a tree, and its leaves' values from left to right. A loop: a hostile tree is deep. */
function flatten({ feature, left, right, value }: Forest, root: number): { inner: Inner[]; values: number[] } {
  const inner: Inner[] = [];
  const values: number[] = [];
  const open: { readonly id: number; readonly parent: Inner | null }[] = [{ id: root, parent: null }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { id, parent } = next;
    // All that is left of the parent has been seen when its right child's turn comes.
    if (parent !== null) parent.rightLeaf = values.length;
    if (feature[id] === LEAF) {
      values.push(value[id]!);
      continue;
    }
    const node: Inner = { id, firstLeaf: values.length, rightLeaf: 0 };
    inner.push(node);
    open.push({ id: right[id]!, parent: node }, { id: left[id]!, parent: null });
  }
  return { inner, values };
}

/** The bits of leaves [from, to) in the word that begins with leaf `first`. */
function bitsOf(from: number, to: number, first: number): number {
  let bits = 0;
  for (let leaf = Math.max(from, first); leaf < Math.min(to, first + WORD_LEAVES); leaf++) bits |= 1 << (leaf - first);
  return bits >>> 0;
}
