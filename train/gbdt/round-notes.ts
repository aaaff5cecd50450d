/** A round of boosting as bytes: its trees and losses, all that going on from it takes. */
import type { GrownTree } from './tree.ts';

/**
 * trainingLoss float64, validationLoss float64 (NaN without one), then per tree: nodes uint32, and of each node: feature,
 * left, right, cover int32, value float32, bin and missingLeft uint8. Little-endian.
 */
const LOSSES = 16;
const COUNT = 4;
const NODE = 22;
const LEFT = 4;
const RIGHT = 8;
const COVER = 12;
const VALUE = 16;
const BIN = 20;
const MISSING_LEFT = 21;

export interface RoundLosses {
  readonly trainingLoss: number;
  /** Null without validation rows. */
  readonly validationLoss: number | null;
}

export function encodeRound(trees: readonly GrownTree[], losses: RoundLosses): Uint8Array {
  const nodes = trees.reduce((sum, { count }) => sum + count[0]!, 0);
  const view = new DataView(new ArrayBuffer(LOSSES + trees.length * COUNT + nodes * NODE));
  view.setFloat64(0, losses.trainingLoss, true);
  view.setFloat64(8, losses.validationLoss ?? Number.NaN, true);
  let at = LOSSES;
  for (const tree of trees) {
    const count = tree.count[0]!;
    view.setUint32(at, count, true);
    at += COUNT;
    for (let node = 0; node < count; node++, at += NODE) {
      view.setInt32(at, tree.feature[node]!, true);
      view.setInt32(at + LEFT, tree.left[node]!, true);
      view.setInt32(at + RIGHT, tree.right[node]!, true);
      view.setInt32(at + COVER, tree.cover[node]!, true);
      view.setFloat32(at + VALUE, tree.value[node]!, true);
      view.setUint8(at + BIN, tree.bin[node]!);
      view.setUint8(at + MISSING_LEFT, tree.missingLeft[node]!);
    }
  }
  return new Uint8Array(view.buffer);
}

/**
 * @param trees are overwritten
 * @throws RangeError for bytes that are no round of so many trees
 */
export function decodeRound(bytes: Uint8Array, trees: readonly GrownTree[]): RoundLosses {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = LOSSES;
  for (const tree of trees) {
    const count = view.getUint32(at, true);
    if (count < 1 || count > tree.feature.length) throw new RangeError(`a tree of ${count} nodes`);
    tree.count[0] = count;
    at += COUNT;
    for (let node = 0; node < count; node++, at += NODE) {
      tree.feature[node] = view.getInt32(at, true);
      tree.left[node] = view.getInt32(at + LEFT, true);
      tree.right[node] = view.getInt32(at + RIGHT, true);
      tree.cover[node] = view.getInt32(at + COVER, true);
      tree.value[node] = view.getFloat32(at + VALUE, true);
      tree.bin[node] = view.getUint8(at + BIN);
      tree.missingLeft[node] = view.getUint8(at + MISSING_LEFT);
    }
  }
  if (at !== bytes.byteLength) throw new RangeError(`a round of ${bytes.byteLength} bytes, ${at} of which are trees`);
  const validationLoss = view.getFloat64(8, true);
  return {
    trainingLoss: view.getFloat64(0, true),
    validationLoss: Number.isNaN(validationLoss) ? null : validationLoss,
  };
}
