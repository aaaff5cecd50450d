/**
 * The period of a side's messages, if they have one: that of keep-alives, of polls, of beacons, of work that is pushed at
 * fixed times, with beats that are missing and other messages between them.
 *
 * Messages that come within a quarter of the mean gap of the side's one before are one event with it: a beat may take
 * several. Of the events' times the periodogram is taken, that is the length of the sum of their phases at each of a grid of
 * frequencies, by a Fourier transform of the times rounded to cells: O(K log K). Its highest peak (or the first of those
 * nearly as high: a train of beats has harmonics) is then found exactly, without cells.
 *
 * Counting lengths of gaps, the alternative, loses the period where other messages come between the beats.
 */
import { LIMITS } from '../../core/limits.ts';
import { MOST_POINTS, transform } from './fourier.ts';

/** Fewer events are in step with some period by chance. */
export const MIN_EVENTS = 8;
const SAME_EVENT = 1 / 4;
/** A period has to come so many times in the span of the events, and so many events have to fall into two of it. */
const MIN_CYCLES = 3;
const CELLS_PER_EVENT = 4;
/** Of peaks at least so high beside the highest, in power, the longest period is taken. */
const NEARLY = 0.7;
const REFINEMENTS = 4;
const MOST_STEP = 0.25;

export interface Period {
  periodUs: number;
  /** Length of the mean resultant of the events' phases at that period: 0 to 1. */
  strength: number;
  /** Power at that period over the mean power at all that were tried. */
  signalToNoise: number;
}

const places = new Float64Array(LIMITS.messages);
const re = new Float64Array(MOST_POINTS);
const im = new Float64Array(MOST_POINTS);
const peak = { cycles: 0, power: 0 };

/**
 * Finds the period of messages with gaps `gaps[0, count)`, us; false if there are too few events.
 */
export function findPeriod(gaps: Float64Array, count: number, out: Period): boolean {
  if (count + 1 < MIN_EVENTS) return false;
  let total = 0;
  for (let i = 0; i < count; i++) total += gaps[i]!;
  const least = (total / count) * SAME_EVENT;
  let events = 1;
  places[0] = 0;
  for (let i = 0, at = 0; i < count; i++) {
    at += gaps[i]!;
    if (gaps[i]! >= least && total > 0) places[events++] = at;
  }
  if (events < MIN_EVENTS) return false;
  const span = places[events - 1]!;
  // From here on places are shares of the span, from its middle: what follows does not know how fast time goes.
  for (let i = 0; i < events; i++) places[i] = places[i]! / span - 0.5;
  const meanPower = coarsePeak(events);
  refinePeak(events);
  out.periodUs = span / peak.cycles;
  out.strength = Math.sqrt(peak.power) / events;
  out.signalToNoise = peak.power / meanPower;
  return true;
}

/** Sets the peak to that of the grid, half a cycle apart; returns the mean power on it. */
function coarsePeak(events: number): number {
  let points = 64;
  while (points < 2 * CELLS_PER_EVENT * events) points *= 2;
  const cells = points / 2;
  re.fill(0, 0, points);
  im.fill(0, 0, points);
  for (let i = 0; i < events; i++) re[Math.floor((places[i]! + 0.5) * cells)]! += 1;
  transform(re, im, points);
  const [from, to] = [2 * MIN_CYCLES, CELLS_PER_EVENT * events];
  let sum = 0;
  let most = 0;
  // One beyond either end, so that these can be compared with their neighbours.
  for (let k = from - 1; k <= Math.min(to + 1, cells); k++) re[k] = re[k]! * re[k]! + im[k]! * im[k]!;
  for (let k = from; k <= to; k++) {
    sum += re[k]!;
    if (re[k]! > most) most = re[k]!;
  }
  let best = from;
  while (best < to && (re[best]! < NEARLY * most || re[best + 1]! > re[best]!)) best++;
  peak.cycles = best / 2;
  return sum / (to - from + 1);
}

/** Climbs to the top of the power, by Newton's steps in the number of cycles; its second derivative is known, too. */
function refinePeak(events: number): void {
  const least = peak.cycles - 1 / 2;
  const most = peak.cycles + 1 / 2;
  for (let step = 0; step <= REFINEMENTS; step++) {
    let c0 = 0;
    let s0 = 0;
    let c1 = 0;
    let s1 = 0;
    let c2 = 0;
    let s2 = 0;
    for (let i = 0; i < events; i++) {
      const turn = 2 * Math.PI * places[i]!;
      const cos = Math.cos(turn * peak.cycles);
      const sin = Math.sin(turn * peak.cycles);
      c0 += cos;
      s0 += sin;
      c1 -= turn * sin;
      s1 += turn * cos;
      c2 -= turn * turn * cos;
      s2 -= turn * turn * sin;
    }
    peak.power = c0 * c0 + s0 * s0;
    if (step === REFINEMENTS) return;
    const slope = c0 * c1 + s0 * s1;
    const bend = c1 * c1 + s1 * s1 + c0 * c2 + s0 * s2;
    const wanted = bend < 0 ? -slope / bend : Math.sign(slope) * MOST_STEP;
    const bounded = Math.max(-MOST_STEP, Math.min(MOST_STEP, wanted));
    peak.cycles = Math.max(least, Math.min(most, peak.cycles + bounded));
  }
}
