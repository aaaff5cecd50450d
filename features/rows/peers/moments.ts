/** Moments of values of which only moments are known: put together, and turned to what other programs call their deviation. */

export interface Moments {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** Squared distances from the mean, summed up. */
  readonly squares: number;
}

/** Of no values: other flow meters write 0 there. */
export const NO_MOMENTS: Moments = { count: 0, min: 0, max: 0, sum: 0, squares: 0 };

export function meanOf({ count, sum }: Moments): number {
  return count === 0 ? 0 : sum / count;
}

/** All the values of several groups (Chan, Golub and LeVeque 1983): no difference of large squares is taken. */
export function pooled(groups: readonly Moments[]): Moments {
  const some = groups.filter(({ count }) => count > 0);
  if (some.length < 2) return some[0] ?? NO_MOMENTS;
  const count = some.reduce((all, group) => all + group.count, 0);
  const sum = some.reduce((all, group) => all + group.sum, 0);
  const mean = sum / count;
  return {
    count,
    min: Math.min(...some.map(({ min }) => min)),
    max: Math.max(...some.map(({ max }) => max)),
    sum,
    squares: some.reduce((all, group) => all + group.squares + group.count * (meanOf(group) - mean) ** 2, 0),
  };
}

export function scaled({ count, min, max, sum, squares }: Moments, factor: number): Moments {
  return { count, min: min * factor, max: max * factor, sum: sum * factor, squares: squares * factor * factor };
}

/** Divided by n - 1; 0 of fewer than two values. */
export function sampleVariance({ count, squares }: Moments): number {
  return count > 1 ? squares / (count - 1) : 0;
}

export function sampleDeviation(moments: Moments): number {
  return Math.sqrt(sampleVariance(moments));
}
