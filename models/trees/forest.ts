import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { ModelLimits } from '../limits.ts';

/** How the sums of leaf values become probabilities. */
export const Link = {
  /** One score s for two classes: [1 - sigma(s), sigma(s)]. */
  Logistic: 'logistic',
  /** One score per class. */
  Softmax: 'softmax',
} as const;
export type Link = (typeof Link)[keyof typeof Link];

/** `feature` of a leaf. */
export const LEAF = -1;

/**
 * A boosted forest as parallel arrays indexed by node. A row goes left where `x <= threshold` in float32, or where x is
 * NaN and `missingLeft` is 1. Children always have larger ids than their parent, which is what rules out cycles.
 */
export interface Forest {
  readonly featureCount: number;
  readonly classNames: readonly string[];
  readonly link: Link;
  /** Starting score, before any tree: 1 for logistic, one per class for softmax. */
  readonly baseValues: Float32Array;
  /** trees + 1: the nodes of tree t are [treeOffsets[t], treeOffsets[t + 1]), its root first. */
  readonly treeOffsets: Int32Array;
  /** The score that a tree adds to: 0 for logistic, the class for softmax. */
  readonly treeClass: Int32Array;
  /** The column to compare, or LEAF. */
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  /** Node ids within the forest; 0 at a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly missingLeft: Uint8Array;
  /** What a leaf adds; 0 at an inner node. */
  readonly value: Float32Array;
  /**
   * How many training rows met each node, in any unit that is the same within a tree; null where the model does not say.
   * Scores do not depend on it; Shapley values do (shap.ts).
   */
  readonly cover: Float32Array | null;
}

export function treeCount(forest: Forest): number {
  return forest.treeClass.length;
}

/** Scores per row before the link: 1 for logistic, one per class for softmax. */
export function scoreCount(forest: Forest): number {
  return forest.link === Link.Logistic ? 1 : forest.classNames.length;
}

/** Names out of hostile files are in what happened: nothing in them may break the line. */
export function invalidModel(happened: string, expected: string, cause?: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.ModelInvalid, {
    happened: happened.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '�'),
    expected,
    action: 'export or train the model again',
    cause,
  });
}

/** Throws ModelInvalid unless every index is in range, every value finite and every tree a tree. Returns the forest. */
export function checkForest(forest: Forest): Forest {
  checkHead(forest);
  checkLengths(forest);
  for (let tree = 0; tree < treeCount(forest); tree++) checkTree(forest, tree);
  return forest;
}

function checkHead({ featureCount, classNames, link, baseValues }: Forest): void {
  if (!Number.isInteger(featureCount) || featureCount < 1 || featureCount > ModelLimits.features) {
    throw invalidModel(`the forest has ${featureCount} features`, `1 to ${ModelLimits.features}`);
  }
  const classes = classNames.length;
  if (classes < 2 || classes > ModelLimits.classes || (link === Link.Logistic && classes !== 2)) {
    throw invalidModel(
      `the forest has ${classes} classes and a ${link} link`,
      'two for logistic, two or more otherwise',
    );
  }
  if (new Set(classNames).size !== classes)
    throw invalidModel('the forest names a class twice', 'distinct class names');
  const scores = link === Link.Logistic ? 1 : classes;
  if (baseValues.length !== scores || !baseValues.every(Number.isFinite)) {
    throw invalidModel(`the forest has base values [${baseValues.slice(0, 4).join(', ')}]`, `${scores} finite numbers`);
  }
}

function checkLengths(forest: Forest): void {
  const { treeOffsets, treeClass, feature, threshold, left, right, missingLeft, value, cover } = forest;
  const trees = treeClass.length;
  const nodes = feature.length;
  if (trees < 1 || trees > ModelLimits.trees || treeOffsets.length !== trees + 1) {
    throw invalidModel(
      `the forest has ${trees} trees and ${treeOffsets.length} offsets`,
      `1 to ${ModelLimits.trees} trees`,
    );
  }
  if (nodes > ModelLimits.nodes) throw invalidModel(`the forest has ${nodes} nodes`, `at most ${ModelLimits.nodes}`);
  for (const column of [threshold, left, right, missingLeft, value]) {
    if (column.length !== nodes) throw invalidModel('the node columns differ in length', `${nodes} entries in each`);
  }
  if (cover !== null && (cover.length !== nodes || !cover.every((rows) => rows >= 0 && rows < Infinity))) {
    throw invalidModel('the node covers are not one for each node', 'finite numbers, 0 or more');
  }
  if (treeOffsets[0] !== 0 || treeOffsets[trees] !== nodes) {
    throw invalidModel('the tree offsets do not cover the nodes', `offsets from 0 to ${nodes}`);
  }
}

/** Every node but the root must be the child of exactly one earlier node of the same tree. */
function checkTree(forest: Forest, tree: number): void {
  const { treeOffsets, treeClass, feature, threshold, left, right, value } = forest;
  const start = treeOffsets[tree]!;
  const end = treeOffsets[tree + 1]!;
  const size = end - start;
  if (size < 1 || size > ModelLimits.nodesPerTree || start < 0 || end > feature.length) {
    throw invalidModel(`tree ${tree} has ${size} nodes`, `1 to ${ModelLimits.nodesPerTree}`);
  }
  if (treeClass[tree]! < 0 || treeClass[tree]! >= scoreCount(forest)) {
    throw invalidModel(`tree ${tree} adds to score ${treeClass[tree]}`, `0 to ${scoreCount(forest) - 1}`);
  }
  const parents = new Uint8Array(size);
  const isOwn = (child: number, parent: number) => child > parent && child < end && parents[child - start]!++ === 0;
  for (let node = start; node < end; node++) {
    if (feature[node] === LEAF) {
      if (!Number.isFinite(value[node]!)) throw invalidModel(`leaf ${node} holds ${value[node]}`, 'a finite number');
      continue;
    }
    if (feature[node]! < 0 || feature[node]! >= forest.featureCount || Number.isNaN(threshold[node]!)) {
      throw invalidModel(`node ${node} tests feature ${feature[node]} <= ${threshold[node]}`, 'a feature of the model');
    }
    const wrong = isOwn(left[node]!, node) ? (isOwn(right[node]!, node) ? null : right[node]) : left[node];
    if (wrong !== null) {
      throw invalidModel(`node ${node} has child ${wrong}`, 'every child once, after its parent, in the same tree');
    }
  }
  for (let i = 1; i < size; i++) {
    if (parents[i] === 0) throw invalidModel(`node ${start + i} has no parent`, 'one root per tree');
  }
}

const FIRST_NODES = 1024;

/** Appends trees and closes them into a Forest; used by the trainer and the decoder. */
export class ForestBuilder {
  // Columns of nodes, with room for more: what a leaf has where nothing else is said is 0.
  #feature = new Int32Array(FIRST_NODES);
  #threshold = new Float32Array(FIRST_NODES);
  #left = new Int32Array(FIRST_NODES);
  #right = new Int32Array(FIRST_NODES);
  #missingLeft = new Uint8Array(FIRST_NODES);
  #value = new Float32Array(FIRST_NODES);
  #cover = new Float32Array(FIRST_NODES);
  #nodes = 0;
  readonly #treeOffsets: number[] = [0];
  readonly #treeClass: number[] = [];

  get nodeCount(): number {
    return this.#nodes;
  }

  get treeCount(): number {
    return this.#treeClass.length;
  }

  /** Returns the id of the new leaf. */
  addLeaf(value: number): number {
    if (this.#nodes === this.#feature.length) this.#grow();
    const leaf = this.#nodes++;
    this.#feature[leaf] = LEAF;
    this.#cover[leaf] = Number.NaN;
    this.#value[leaf] = value;
    return leaf;
  }

  /** Turns a leaf into a split; its children are added afterwards. */
  split(node: number, feature: number, threshold: number, missingLeft: boolean, left: number, right: number): void {
    this.#feature[node] = feature;
    this.#threshold[node] = threshold;
    this.#missingLeft[node] = missingLeft ? 1 : 0;
    this.#left[node] = left;
    this.#right[node] = right;
    this.#value[node] = 0;
  }

  setValue(leaf: number, value: number): void {
    this.#value[leaf] = value;
  }

  /** How many training rows met a node; a forest has covers if each of its nodes was given one. */
  setCover(node: number, rows: number): void {
    this.#cover[node] = rows;
  }

  /** The nodes added since the last call are one tree. */
  endTree(score: number): void {
    this.#treeOffsets.push(this.nodeCount);
    this.#treeClass.push(score);
  }

  /** @param trees keep only the first so many (early stopping). */
  build(head: Pick<Forest, 'featureCount' | 'classNames' | 'link' | 'baseValues'>, trees = this.treeCount): Forest {
    const nodes = this.#treeOffsets[trees]!;
    const cover = this.#cover.slice(0, nodes);
    return checkForest({
      ...head,
      treeOffsets: Int32Array.from(this.#treeOffsets.slice(0, trees + 1)),
      treeClass: Int32Array.from(this.#treeClass.slice(0, trees)),
      feature: this.#feature.slice(0, nodes),
      threshold: this.#threshold.slice(0, nodes),
      left: this.#left.slice(0, nodes),
      right: this.#right.slice(0, nodes),
      missingLeft: this.#missingLeft.slice(0, nodes),
      value: this.#value.slice(0, nodes),
      cover: cover.some(Number.isNaN) ? null : cover,
    });
  }

  #grow(): void {
    const room = 2 * this.#feature.length;
    this.#feature = copyTo(new Int32Array(room), this.#feature);
    this.#threshold = copyTo(new Float32Array(room), this.#threshold);
    this.#left = copyTo(new Int32Array(room), this.#left);
    this.#right = copyTo(new Int32Array(room), this.#right);
    this.#missingLeft = copyTo(new Uint8Array(room), this.#missingLeft);
    this.#value = copyTo(new Float32Array(room), this.#value);
    this.#cover = copyTo(new Float32Array(room), this.#cover);
  }
}

function copyTo<T extends { set(from: ArrayLike<number>): void }>(room: T, from: ArrayLike<number>): T {
  room.set(from);
  return room;
}
