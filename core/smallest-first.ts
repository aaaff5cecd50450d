/**
 * The smallest few of many, without sorting the rest (Hoare, "Algorithm 65: Find", CACM 4(7), 1961).
 *
 * @param items are put in another order: the `count` smallest first, in no order among themselves
 * @param compare as of Array.sort; of a total order the same ones come first in every run
 */
export function smallestFirst<T>(items: T[], count: number, compare: (a: T, b: T) => number): void {
  let [from, to] = [0, items.length - 1];
  const target = count - 1;
  while (from < to && target >= from && target <= to) {
    // By chance, so that nobody can order items in a way that makes this slow.
    const pivot = items[from + Math.floor(Math.random() * (to - from + 1))]!;
    let [left, right] = [from, to];
    while (left <= right) {
      while (compare(items[left]!, pivot) < 0) left++;
      while (compare(items[right]!, pivot) > 0) right--;
      if (left > right) break;
      const swapped = items[left]!;
      items[left++] = items[right]!;
      items[right--] = swapped;
    }
    if (target <= right) to = right;
    else if (target >= left) from = left;
    else return;
  }
}
