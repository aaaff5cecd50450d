/** Moments from running sums, and where a record keeps those sums. */
import { type NumberColumn, put } from './put.ts';

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

/** Where a record holds the extremes and running sums of a quantity, counted from the base of its side or flow. */
export interface Sums {
  readonly sum: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

/** The four columns of a quantity. */
export interface MomentColumns {
  readonly min: NumberColumn;
  readonly mean: NumberColumn;
  readonly std: NumberColumn;
  readonly max: NumberColumn;
}

type Moment = keyof MomentColumns;

/** The columns `${name}_min${unit}`, `${name}_mean${unit}` and so on. */
export function momentColumns<Name extends string, Unit extends string>(
  out: Readonly<Record<`${Name}_${Moment}${Unit}`, NumberColumn>>,
  name: Name,
  unit: Unit,
): MomentColumns {
  const column = (moment: Moment) => out[`${name}_${moment}${unit}`];
  return { min: column('min'), mean: column('mean'), std: column('std'), max: column('max') };
}

/** Writes the moments of `count` values; none leaves them null. */
export function putMoments(
  record: Float64Array,
  base: number,
  sums: Sums,
  count: number,
  row: number,
  out: MomentColumns,
): void {
  if (count < 1) return;
  const sum = record[base + sums.sum]!;
  put(out.min, row, record[base + sums.min]!);
  put(out.mean, row, mean(sum, count));
  put(out.std, row, deviation(sum, record[base + sums.squares]!, count));
  put(out.max, row, record[base + sums.max]!);
}
