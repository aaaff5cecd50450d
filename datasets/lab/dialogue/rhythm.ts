/**
 * When things happen: the point processes that dialogues are made of. Every series is ascending, in microseconds since the
 * application could first write, and ends before `untilUs`.
 */
import { Prng } from '../../../core/prng.ts';
import { drawn, SECOND_US } from './message.ts';

/** Shorter periods and gaps than this are lengthened to it, so that no draw can make a series endless. */
const GAP_MIN_US = 1_000;

/** Independent events: exponential gaps. */
export function poisson(prng: Prng, meanUs: number, untilUs: number): number[] {
  return series(untilUs, prng.exponential(meanUs), () => prng.exponential(meanUs));
}

/**
 * A timer that is set again when it fires, so that the scheduler's lateness adds up.
 * @param firstUs when it fires first; a period when left out.
 */
export function timer(prng: Prng, periodUs: number, latenessUs: number, untilUs: number, firstUs = periodUs): number[] {
  return series(untilUs, firstUs, () => periodUs + prng.normal(0, latenessUs));
}

/** A sleep shortened each time by a uniform share of itself, up to `jitter` (0 to 1): how beacons describe their jitter. */
export function jitteredSleep(prng: Prng, sleepUs: number, jitter: number, untilUs: number): number[] {
  const gap = () => sleepUs * (1 - jitter * prng.float());
  return series(untilUs, gap(), gap);
}

export interface BurstHabits {
  /** Mean pause between bursts, microseconds; pauses are exponential. */
  readonly quietUs: number;
  /** Mean number of events in a burst beyond the first; geometric in effect. */
  readonly more: number;
  /** Median gap inside a burst, microseconds; gaps are log-normal. */
  readonly gapUs: number;
}

/** Flare and pause, as people do things; each burst is a series of its own. */
export function bursts(prng: Prng, { quietUs, more, gapUs }: BurstHabits, untilUs: number): number[][] {
  const found: number[][] = [];
  for (let at = prng.exponential(quietUs); at < untilUs; at += Math.max(GAP_MIN_US, prng.exponential(quietUs))) {
    const burst: number[] = [];
    for (let left = Math.floor(prng.exponential(more)); left >= 0 && at < untilUs; left--) {
      burst.push(at);
      at += drawn(prng, gapUs, 0.8, Math.min(gapUs, GAP_MIN_US), 20 * gapUs);
    }
    found.push(burst);
  }
  return found;
}

/** How far back the broadcasts of a site begin, so that they are under way at the first session. */
const LEAD_US = 7_200 * SECOND_US;

/**
 * Independent events that every client of one site is told of at the same instant, as a pool's miners are of a block.
 * @param seed the site's and the capture's, not the session's.
 * @param startUs the session's start on the clock of the capture.
 */
export function broadcasts(seed: string, meanUs: number, startUs: number, durationUs: number): number[] {
  return poisson(new Prng(seed), meanUs, LEAD_US + startUs + durationUs)
    .map((at) => at - LEAD_US - startUs)
    .filter((at) => at >= 0);
}

export interface Occasion<K extends string> {
  readonly kind: K;
  readonly atUs: number;
}

/** Several series told as one, in time order: who numbers requests must see them in the order they leave. */
export function inOrder<K extends string>(series: Readonly<Record<K, readonly number[]>>): Occasion<K>[] {
  const all: Occasion<K>[] = [];
  for (const kind in series) for (const atUs of series[kind]) all.push({ kind, atUs });
  return all.sort((a, b) => a.atUs - b.atUs);
}

function series(untilUs: number, firstUs: number, gapUs: () => number): number[] {
  const times: number[] = [];
  for (let at = Math.max(0, firstUs); at < untilUs; at += Math.max(GAP_MIN_US, gapUs())) times.push(at);
  return times;
}
