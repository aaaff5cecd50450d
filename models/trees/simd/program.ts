/**
 * The forest kernel's inner loops in WebAssembly SIMD, written with the assembler beside this file.
 *
 * No tree is walked. Every node of a tree is asked of four rows at once, and each row keeps one bit per leaf for the leaves
 * that it may still end in: where a row goes right at a node, the leaves left of the node are struck off. The first leaf
 * that remains is the row's. The idea is that of QuickScorer (Lucchese et al., SIGIR 2015) and of its vectors (SIGIR
 * 2016); its order of nodes by feature lost here, because the bits of a tree then do not stay in registers.
 *
 * What lies in memory, in bytes:
 *
 *     tree    16  [bytes of nodes where missing goes left, of those where it goes right, address of leaf 0, byte of its score]
 *     node    8 + 4 words  [byte of its column, threshold, leaves left of it, one bit each, 32 to a word]
 *     leaf    4   float32
 *     column  64  one float32 for each of 16 rows
 *     score   8   float64, row after row
 */
import { type Code, f32, f32x4, f64, get, i32, i64, moduleOf, set, Type, v128, whileLoop } from './assembler.ts';

/** Rows that one call of `scanMany` takes; `scanFew` takes FEW_ROWS. */
export const MANY_ROWS = 16;
export const FEW_ROWS = 4;
/** Bytes of a column: of each of its rows a float32. */
export const COLUMN_BYTES = 4 * MANY_ROWS;
export const TREE_BYTES = 16;
/** Leaves that one word of a node speaks of. */
export const WORD_LEAVES = 32;

const LANES = 4;
const VECTOR_BYTES = 16;

/** Bytes of a node whose tree has up to `32 words` leaves. */
export function nodeBytes(words: number): number {
  return 8 + 4 * words;
}

/** What the module exports; all numbers are addresses or bytes. */
export interface Program {
  /** Rows of floats to columns: of 16 rows, or of the first 4, each `rowBytes` long, features in multiples of four. */
  columnsOfMany(rows: number, rowBytes: number, columns: number, columnsEnd: number): void;
  columnsOfFew(rows: number, rowBytes: number, columns: number, columnsEnd: number): void;
  /** Adds what the trees give to the scores of 16 rows, or of 4; `rowScores` is the bytes from one row's to the next's. */
  scanMany(trees: number, treesEnd: number, nodes: number, columns: number, scores: number, rowScores: number): void;
  scanFew(trees: number, treesEnd: number, nodes: number, columns: number, scores: number, rowScores: number): void;
}

/** @param words of 32 leaves in a node: 1 or 2 */
export function assemble(words: 1 | 2): Uint8Array<ArrayBuffer> {
  const [many, few] = [MANY_ROWS / LANES, FEW_ROWS / LANES];
  return moduleOf([
    { name: 'columnsOfMany', ...columnsText(many) },
    { name: 'columnsOfFew', ...columnsText(few) },
    { name: 'scanMany', ...scanText(many, words) },
    { name: 'scanFew', ...scanText(few, words) },
  ]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Four features of four rows at a time, turned over in registers. */
function columnsText(groups: number) {
  const [row, rowBytes, column, columnsEnd, twoRows, threeRows] = range(6) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const firstRow = 6;
  const [a, b, c, d] = range(4).map((i) => firstRow + groups + i) as [number, number, number, number];
  const turn = (group: number): Code[] => {
    const at = get(firstRow + group);
    const low = (x: number, y: number) => v128.pick(get(x), get(y), [0, 4, 1, 5]);
    const high = (x: number, y: number) => v128.pick(get(x), get(y), [2, 6, 3, 7]);
    const put = (feature: number, value: Code) =>
      v128.store(get(column), value, feature * COLUMN_BYTES + group * VECTOR_BYTES);
    return [
      set(a, v128.load(at)),
      set(b, v128.load(i32.add(at, get(rowBytes)))),
      set(c, v128.load(i32.add(at, get(twoRows)))),
      set(d, v128.load(i32.add(at, get(threeRows)))),
      put(0, v128.pick(low(a, b), low(c, d), [0, 1, 4, 5])),
      put(1, v128.pick(low(a, b), low(c, d), [2, 3, 6, 7])),
      put(2, v128.pick(high(a, b), high(c, d), [0, 1, 4, 5])),
      put(3, v128.pick(high(a, b), high(c, d), [2, 3, 6, 7])),
      set(firstRow + group, i32.add(at, i32.const(VECTOR_BYTES))),
    ];
  };
  return {
    parameters: 4,
    locals: [
      { type: Type.I32, count: 2 + groups },
      { type: Type.V128, count: 4 },
    ],
    body: [
      set(twoRows, i32.shiftLeft(get(rowBytes), i32.const(1))),
      set(threeRows, i32.add(get(twoRows), get(rowBytes))),
      ...range(groups).map((group) =>
        set(firstRow + group, i32.add(get(row), i32.multiply(get(rowBytes), i32.const(group * LANES)))),
      ),
      whileLoop(
        i32.lessUnsigned(get(column), get(columnsEnd)),
        ...range(groups).flatMap(turn),
        set(column, i32.add(get(column), i32.const(LANES * COLUMN_BYTES))),
      ),
    ],
  };
}

/** All trees over `4 groups` rows. */
function scanText(groups: number, words: 1 | 2) {
  const [tree, treesEnd, node, columns, scores, rowScores] = [0, 1, 2, 3, 4, 5];
  const [nodesEnd, column, leaves, score] = [6, 7, 8, 9];
  const threshold = 10;
  const struck = (word: number) => threshold + 1 + word;
  /** Leaves of four rows that remain. */
  const remaining = (group: number, word: number) => threshold + 1 + words + group * words + word;
  const every = (text: (group: number, word: number) => Code): Code[] =>
    range(groups).flatMap((group) => range(words).map((word) => text(group, word)));

  const nodesOf = (bytes: number, strike: (left: Code, values: Code, leavesLeft: Code) => Code): Code[] => [
    set(nodesEnd, i32.add(get(node), i32.load(get(tree), bytes))),
    whileLoop(
      i32.lessUnsigned(get(node), get(nodesEnd)),
      set(column, i32.add(get(columns), i32.load(get(node)))),
      set(threshold, v128.loadSplat32(get(node), 4)),
      ...range(words).map((word) => set(struck(word), v128.loadSplat32(get(node), 8 + 4 * word))),
      ...every((group, word) => {
        const values = v128.load(get(column), group * VECTOR_BYTES);
        const kept = remaining(group, word);
        return set(kept, strike(get(kept), values, get(struck(word))));
      }),
      set(node, i32.add(get(node), i32.const(nodeBytes(words)))),
    ),
  ];

  const addLeaf = (group: number, lane: number): Code[] => {
    const leaf = firstLeaf(range(words).map((word) => v128.lane32(get(remaining(group, word)), lane)));
    const value = f32.load(i32.add(get(leaves), i32.shiftLeft(leaf, i32.const(2))));
    return [
      f64.store(get(score), f64.add(f64.load(get(score)), f64.fromF32(value))),
      set(score, i32.add(get(score), get(rowScores))),
    ];
  };

  return {
    parameters: 6,
    locals: [
      { type: Type.I32, count: 4 },
      { type: Type.V128, count: 1 + words + groups * words },
    ],
    body: [
      whileLoop(
        i32.lessUnsigned(get(tree), get(treesEnd)),
        ...every((group, word) => set(remaining(group, word), v128.ones())),
        // NaN is not greater than anything, and so goes left here,
        ...nodesOf(0, (kept, values, left) => v128.andNot(kept, v128.and(f32x4.greater(values, get(threshold)), left))),
        // and not less than or equal to anything, and so goes right here.
        ...nodesOf(4, (kept, values, left) =>
          v128.andNot(kept, v128.andNot(left, f32x4.lessOrEqual(values, get(threshold)))),
        ),
        set(leaves, i32.load(get(tree), 8)),
        set(score, i32.add(get(scores), i32.load(get(tree), 12))),
        ...range(groups).flatMap((group) => range(LANES).flatMap((lane) => addLeaf(group, lane))),
        set(tree, i32.add(get(tree), i32.const(TREE_BYTES))),
      ),
    ],
  };
}

/** The lowest bit set, of one word or of two. */
function firstLeaf([low, high]: readonly Code[]): Code {
  if (high === undefined) return i32.trailingZeros(low!);
  const both = i64.or(i64.fromI32(low!), i64.shiftLeft(i64.fromI32(high), i64.const(WORD_LEAVES)));
  return i64.toI32(i64.trailingZeros(both));
}
