/**
 * Whether two servers' pushes to two clients come at the same moments more often than chance would have it.
 *
 * Were the two independent Poisson processes, the pairs of pushes that lie within W of each other would number
 * E = n m 2W / T on average, of n and m pushes in a time T that both were seen. The chance of K of them or more is at most
 * exp(-(K ln(K/E) - K + E)) (Chernoff's bound for a Poisson variable). The exponent is the `surprise`.
 */
import { MIN_PUSHES, type PushSeries } from './pushes.ts';

/** W: a pool writes to all its miners within milliseconds; paths of one site differ by a few more. */
export const WINDOW_US = 200_000;
/** Less time together has no room for chance to show what it does. */
const TOGETHER_US = 20_000_000;
/** Sizes of one job to two miners differ by names and counters. */
const SIZE_SHARE = 0.1;
const SIZE_BYTES = 16;
/**
 * Shifts at which coincidences are counted as chance would have them where pushes are dense for both at once, or come by
 * clocks of whole seconds.
 */
const SHIFTS_US = [-7, -5, -3, -2, -1, 1, 2, 3, 5, 7].map((seconds) => seconds * 1_000_000);

export interface Coincidence {
  /** Pushes at the same moment, of about one size, each with one of the other's. */
  readonly together: number;
  /** How many chance would have brought. */
  readonly expected: number;
  /** Natural logarithm of one over the chance, at most; 0 where there were not more than expected. */
  readonly surprise: number;
}

/** Null where the two cannot be compared: too few pushes while both were seen, or the same flow seen twice. */
export function coincidenceOf(a: PushSeries, b: PushSeries): Coincidence | null {
  const from = Math.max(a.fromUs, b.fromUs);
  const to = Math.min(a.toUs, b.toUs);
  if (to - from < TOGETHER_US || isSameFlow(a, b)) return null;
  // A push at the very end of one flow may meet one just beyond.
  const n = countWithin(a.timesUs, from - WINDOW_US, to + WINDOW_US);
  const m = countWithin(b.timesUs, from - WINDOW_US, to + WINDOW_US);
  if (Math.min(n, m) < MIN_PUSHES) return null;
  const byRate = (n * m * 2 * WINDOW_US) / (to - from);
  const moments = momentsOf(a, b, 0);
  const together = isClock(moments) ? 0 : moments.length;
  if (together < MIN_PUSHES || together <= byRate) return { together, expected: byRate, surprise: 0 };
  const byShift = SHIFTS_US.reduce((sum, shift) => sum + momentsOf(a, b, shift).length, 0) / SHIFTS_US.length;
  const expected = Math.max(byRate, byShift);
  return { together, expected, surprise: surpriseOf(together, expected) };
}

export function surpriseOf(together: number, expected: number): number {
  return together <= expected ? 0 : together * Math.log(together / expected) - together + expected;
}

/** A flow that was captured on both sides of a translator of addresses begins and speaks the same in both. */
function isSameFlow(a: PushSeries, b: PushSeries): boolean {
  return Math.abs(a.fromUs - b.fromUs) <= WINDOW_US && a.shape === b.shape;
}

function countWithin(times: readonly number[], from: number, to: number): number {
  return times.filter((time) => time >= from && time <= to).length;
}

/** When pushes of `a` met pushes of `b` that came `shift` later, of about one size, each once. */
function momentsOf(a: PushSeries, b: PushSeries, shift: number): number[] {
  const moments: number[] = [];
  let j = 0;
  for (let i = 0; i < a.timesUs.length && j < b.timesUs.length; ) {
    const lag = b.timesUs[j]! - shift - a.timesUs[i]!;
    if (lag < -WINDOW_US) j++;
    else if (lag > WINDOW_US) i++;
    else {
      if (isOneSize(a.sizes[i]!, b.sizes[j]!)) moments.push(a.timesUs[i]!);
      i++;
      j++;
    }
  }
  return moments;
}

function isOneSize(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(SIZE_BYTES, SIZE_SHARE * Math.max(a, b));
}

/** A gap is so many of the shortest one, give or take this share of it. */
const CLOCK_SHARE = 0.1;
/** Of the gaps; a broadcast may fall between the beats of a clock. */
const MOST_GAPS = 0.75;

/**
 * Two clocks of one period that meet once meet always: that is one coincidence, not many. New work comes when a block is
 * found, at no fixed times.
 */
function isClock(moments: readonly number[]): boolean {
  if (moments.length < MIN_PUSHES) return false;
  const gaps = moments.slice(1).map((time, i) => time - moments[i]!);
  const shortest = Math.min(...gaps);
  const regular = gaps.filter((gap) => Math.abs(gap / shortest - Math.round(gap / shortest)) <= CLOCK_SHARE);
  return regular.length >= MOST_GAPS * gaps.length;
}
