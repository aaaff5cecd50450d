/** Moments from running sums. */

/** Mean of `count` values with the given sum; `count` is at least 1. */
export function mean(sum: number, count: number): number {
  return sum / count;
}

/** Population standard deviation (divided by n) from the sums of values and of their squares. */
export function deviation(sum: number, squares: number, count: number): number {
  const average = sum / count;
  const variance = squares / count - average * average;
  return variance > 0 ? Math.sqrt(variance) : 0;
}
