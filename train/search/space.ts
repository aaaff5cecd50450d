/** What a search may vary, declared: one range or list of values per option of a learner. */
import type { Prng } from '../../core/prng.ts';

/** `log`: as likely between 1 and 10 as between 10 and 100. */
export type Dimension =
  | { readonly kind: 'log' | 'even'; readonly low: number; readonly high: number; readonly whole?: boolean }
  | { readonly kind: 'choice'; readonly values: readonly (number | readonly number[])[] };

/** Option -> its dimension. */
export type SearchSpace = Readonly<Record<string, Dimension>>;

export type Point = Readonly<Record<string, number | readonly number[]>>;

/** Three significant digits: more would only look exact. */
const DIGITS = 3;

/** A point of the space, drawn by itself in each dimension (Bergstra and Bengio, "Random Search", JMLR 2012). */
export function drawPoint(space: SearchSpace, random: Prng): Point {
  return Object.fromEntries(Object.entries(space).map(([name, dimension]) => [name, drawFrom(dimension, random)]));
}

function drawFrom(dimension: Dimension, random: Prng): number | readonly number[] {
  if (dimension.kind === 'choice') return random.pick(dimension.values);
  const { kind, low, high, whole = false } = dimension;
  const drawn = kind === 'log' ? Math.exp(random.between(Math.log(low), Math.log(high))) : random.between(low, high);
  const value = whole ? Math.round(drawn) : Number(drawn.toPrecision(DIGITS));
  return Math.min(high, Math.max(low, value));
}
