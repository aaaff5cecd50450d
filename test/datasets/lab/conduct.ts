/** What an observer of record sizes and times sees of a dialogue, and how much of it is like mining. */
import { Prng } from '../../../core/prng.ts';
import type { Dialogue, Message, Side } from '../../../datasets/lab/dialogue/message.ts';

export const HOUR_US = 3_600e6;
const ROUND_TRIP_US = 40_000;

export interface Seen {
  readonly from: Side;
  readonly bytes: number;
  readonly atUs: number;
  readonly content: Uint8Array;
}

/** Plays a dialogue over a path without loss: the slow, obvious twin of the session's queue. */
export function playOut(messages: readonly Message[], untilUs = HOUR_US): Seen[] {
  const sentUs: number[] = [];
  messages.forEach(({ from, after, thinkUs, atUs }, i) => {
    const cause = messages[after];
    const travelUs = cause && cause.from !== from ? ROUND_TRIP_US / 2 : 0;
    sentUs[i] = cause ? Math.max(atUs, sentUs[after]! + travelUs + thinkUs) : atUs;
  });
  return messages
    .map(({ from, bytes }, i) => ({ from, bytes: bytes.length, atUs: sentUs[i]!, content: bytes }))
    .filter(({ atUs }) => atUs < untilUs)
    .sort((a, b) => a.atUs - b.atUs);
}

/** One session at a site of its own, unless the site is named. */
export function session(dialogue: Dialogue, seed: number, site = seed, startUs = 10e6): readonly Message[] {
  return dialogue.play({
    prng: new Prng(`session${seed}`),
    operator: new Prng(`site${site}`),
    startUs,
    durationUs: HOUR_US,
    host: 'eu1.river-works.example',
    chainSeed: 5,
  });
}

/** All that one side writes, in the order it leaves. */
export function streamOf(dialogue: Dialogue, seed: number, from: Side): Uint8Array {
  const own = playOut(session(dialogue, seed)).filter((one) => one.from === from);
  return new Uint8Array(Buffer.concat(own.map(({ content }) => content)));
}

/** Who hears nothing for so long before it speaks was not asked. */
const UNASKED_US = 1e6;

function unasked(seen: readonly Seen[], from: Side): Seen[] {
  let otherUs = Number.NEGATIVE_INFINITY;
  const found: Seen[] = [];
  for (const one of seen) {
    if (one.from !== from) otherUs = one.atUs;
    else if (one.atUs - otherUs > UNASKED_US) found.push(one);
  }
  return found;
}

function countSizes(seen: readonly Seen[]): number[] {
  const counts = new Map<number, number>();
  for (const { bytes } of seen) counts.set(bytes, (counts.get(bytes) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}

/** Sizes that it takes to cover nine tenths of one direction. */
function sizesOf(seen: readonly Seen[], from: Side): number {
  const own = seen.filter((one) => one.from === from);
  let left = 0.9 * own.length;
  let sizes = 0;
  for (const count of countSizes(own)) {
    if (left <= 0) break;
    left -= count;
    sizes++;
  }
  return sizes;
}

/** (a) Two to six sizes each way. */
export function fewSizes(seen: readonly Seen[]): boolean {
  return sizesOf(seen, 'client') <= 6 && sizesOf(seen, 'server') <= 6;
}

/** (b) What the client sends is answered within a second, in fewer bytes. */
export function smallAnswers(seen: readonly Seen[]): boolean {
  let asked = 0;
  let answered = 0;
  seen.forEach((one, i) => {
    if (one.from !== 'client' || one.bytes < 60) return;
    asked++;
    const answer = seen.slice(i + 1, i + 4).find(({ from }) => from === 'server');
    if (answer && answer.atUs - one.atUs < 1e6 && answer.bytes < one.bytes) answered++;
  });
  return asked >= 20 && answered > 0.8 * asked;
}

/** (c) The server speaks unasked, mostly in messages of one size. */
export function fixedPushes(seen: readonly Seen[]): boolean {
  const pushes = unasked(seen, 'server').filter(({ bytes }) => bytes > 60);
  return pushes.length >= 12 && countSizes(pushes)[0]! > 0.6 * pushes.length;
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((at, i) => at - times[i]!);
}

/** Distance of Kolmogorov and Smirnov between gaps and the exponential of their mean. */
export function exponentialDistance(sample: readonly number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, gap) => sum + gap, 0) / sorted.length;
  return Math.max(
    ...sorted.map((gap, i) => {
      const expected = 1 - Math.exp(-gap / mean);
      return Math.max(Math.abs(expected - i / sorted.length), Math.abs(expected - (i + 1) / sorted.length));
    }),
  );
}

/** (d) Some kind of client message (sizes within 16 bytes) comes at exponential gaps, half a minute apart or so, and is answered. */
export function memorylessRequests(seen: readonly Seen[]): boolean {
  const kinds = new Map<number, number[]>();
  for (const { bytes, atUs } of unasked(seen, 'client')) {
    const kind = bytes >> 4;
    kinds.set(kind, [...(kinds.get(kind) ?? []), atUs]);
  }
  return [...kinds.values()].some((times) => times.length > 30 && exponentialDistance(gaps(times)) < 0.12);
}

/** (e) What the server says unasked, it says to two clients of the site at the same instants. */
export function sharedInstants(dialogue: Dialogue, site: number): boolean {
  const startsUs = [10e6, 147.3e6];
  const [one, two] = startsUs.map((startUs, i) =>
    unasked(playOut(session(dialogue, site * 100 + i, site, startUs)), 'server').map(({ atUs }) => atUs + startUs),
  );
  const common = one!.filter((at) => at > startsUs[1]! && at < startsUs[0]! + HOUR_US);
  const meanGapUs = HOUR_US / Math.max(1, two!.length);
  const matched = common.filter((at) => two!.some((other) => Math.abs(other - at) < 1.5e6)).length;
  return common.length >= 5 && meanGapUs > 8e6 && matched > 0.7 * common.length;
}

/** (f) Lasts, and says little: under twenty messages a minute, under a hundred bytes a second. */
export function longAndThin(seen: readonly Seen[]): boolean {
  const bytes = seen.reduce((sum, one) => sum + one.bytes, 0);
  const lastedUs = seen[seen.length - 1]!.atUs - seen[0]!.atUs;
  return lastedUs > 0.9 * HOUR_US && seen.length < 20 * 60 && bytes < 100 * 3_600;
}
