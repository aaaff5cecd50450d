/**
 * Splits that keep groups whole: rows of one capture (or host, or site) resemble each other, and a model that has seen
 * some of them seems to know the rest.
 */
import { Prng } from '../core/prng.ts';

/** Sums of squared shares that differ by less are equal but for rounding. */
const TIE = 1e-12;

/**
 * Assigns groups to folds so that each fold gets its share of the rows of each class: largest groups first, each to the
 * fold where it disturbs the balance least. Deterministic by seed.
 *
 * @param groups group id per row, 0 to groupCount - 1
 * @param labels class id per row
 * @returns fold per row, 0 to folds - 1; never two folds for one group
 */
export function foldsByGroup(
  groups: Int32Array,
  groupCount: number,
  labels: Int32Array,
  classCount: number,
  folds: number,
  seed: number,
): Int32Array {
  return sidesByGroup(groups, groupCount, labels, classCount, new Array<number>(folds).fill(1), seed);
}

/**
 * The same for sides of unequal size, such as train and test.
 *
 * @param shares how large each side is to be, relative to the others
 * @returns side per row, 0 to shares.length - 1; never two sides for one group, and none empty where there are groups enough
 */
export function sidesByGroup(
  groups: Int32Array,
  groupCount: number,
  labels: Int32Array,
  classCount: number,
  shares: readonly number[],
  seed: number,
): Int32Array {
  const perGroup = countPerGroup(groups, groupCount, labels, classCount);
  const sizes = perGroup.map(total);
  const order = new Prng(seed).shuffle(Array.from({ length: groupCount }, (_, group) => group));
  order.sort((a, b) => sizes[b]! - sizes[a]!);
  const perClass = new Float64Array(classCount);
  for (const counts of perGroup) addTo(perClass, counts);
  const held = shares.map(() => new Float64Array(classCount));
  const sideOf = new Int32Array(groupCount);
  const isEmpty = shares.map(() => true);
  let empty = shares.length;
  order.forEach((group, done) => {
    const mustFill = groupCount - done <= empty;
    const side = lightestSide(held, perGroup[group]!, perClass, shares, mustFill ? isEmpty : null);
    sideOf[group] = side;
    addTo(held[side]!, perGroup[group]!);
    if (isEmpty[side]) empty--;
    isEmpty[side] = false;
  });
  return groups.map((group) => sideOf[group]!);
}

function countPerGroup(groups: Int32Array, groupCount: number, labels: Int32Array, classCount: number): Float64Array[] {
  const counts = Array.from({ length: groupCount }, () => new Float64Array(classCount));
  for (let row = 0; row < groups.length; row++) counts[groups[row]!]![labels[row]!]! += 1;
  return counts;
}

function addTo(sums: Float64Array, counts: Float64Array): void {
  for (let k = 0; k < sums.length; k++) sums[k]! += counts[k]!;
}

function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The side whose shares of the classes, squared and summed, grow least for its size; of several the one with the fewest
 * rows for its size, so that groups of one class each do not pile up on the first side, and none stays empty while groups
 * are left.
 *
 * @param allowed the sides to choose from; all where null
 */
function lightestSide(
  held: readonly Float64Array[],
  added: Float64Array,
  perClass: Float64Array,
  sizes: readonly number[],
  allowed: readonly boolean[] | null,
): number {
  let lightest = 0;
  let least = Infinity;
  let fewest = Infinity;
  held.forEach((counts, side) => {
    if (allowed?.[side] === false) return;
    let weight = 0;
    for (let k = 0; k < perClass.length; k++) {
      const share = (counts[k]! + added[k]!) / Math.max(1, perClass[k]!);
      const before = counts[k]! / Math.max(1, perClass[k]!);
      weight += share * share - before * before;
    }
    weight /= sizes[side]!;
    const rows = total(counts) / sizes[side]!;
    const isTie = Math.abs(weight - least) <= TIE;
    if (isTie ? rows < fewest : weight < least) {
      least = weight;
      fewest = rows;
      lightest = side;
    }
  });
  return lightest;
}
