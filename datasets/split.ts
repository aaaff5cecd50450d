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
  const perGroup = countPerGroup(groups, groupCount, labels, classCount);
  const order = new Prng(seed).shuffle(Array.from({ length: groupCount }, (_, group) => group));
  order.sort((a, b) => total(perGroup[b]!) - total(perGroup[a]!));
  const perClass = new Float64Array(classCount);
  for (const counts of perGroup) addTo(perClass, counts);
  const held = Array.from({ length: folds }, () => new Float64Array(classCount));
  const foldOf = new Int32Array(groupCount);
  for (const group of order) {
    const fold = lightestFold(held, perGroup[group]!, perClass);
    foldOf[group] = fold;
    addTo(held[fold]!, perGroup[group]!);
  }
  return groups.map((group) => foldOf[group]!);
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
 * The fold whose shares of the classes, squared and summed, grow least; of several the one with the fewest rows, so that
 * groups of one class each do not pile up in the first fold, and none stays empty while groups are left.
 */
function lightestFold(held: readonly Float64Array[], added: Float64Array, perClass: Float64Array): number {
  let lightest = 0;
  let least = Infinity;
  let fewest = Infinity;
  held.forEach((counts, fold) => {
    let weight = 0;
    for (let k = 0; k < perClass.length; k++) {
      const share = (counts[k]! + added[k]!) / Math.max(1, perClass[k]!);
      const before = counts[k]! / Math.max(1, perClass[k]!);
      weight += share * share - before * before;
    }
    const rows = total(counts);
    const isTie = Math.abs(weight - least) <= TIE;
    if (isTie ? rows < fewest : weight < least) {
      least = weight;
      fewest = rows;
      lightest = fold;
    }
  });
  return lightest;
}
