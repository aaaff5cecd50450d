/**
 * How the inputs of a model were distributed where it learnt: what later traffic is compared with to notice drift. One
 * line of text per input keeps a card of hundreds of inputs readable.
 */
import type { Json } from './card.ts';

export interface InputHistogram {
  /** Share of rows without a value. */
  readonly missing: number;
  /** Rising; a value falls into bin `edges at or below it`. */
  readonly edges: readonly number[];
  /** edges.length + 1 shares of the rows that have a value; they sum to 1, or are all 0 where no row has one. */
  readonly shares: readonly number[];
}

/**
 * Where the card's metrics tell how the model's own word was distributed on rows that it had not learnt from: the log odds of
 * its positive label, bounded as those of findings are.
 */
export const SCORE_HISTOGRAM = 'scoreHistogram';

/** Bins of about equal shares (deciles): fewer where values repeat. */
const BINS = 10;
const DIGITS = 6;

/** The histogram of one input's values, NaN where missing. Edges are deciles of these values. */
export function histogramOf(values: Float32Array): InputHistogram {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let i = 1; i < BINS && sorted.length > 0; i++) {
    // Rounded first, counted then: what is written is what was counted.
    const edge = rounded(sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / BINS))]!);
    if (edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY) && edge > sorted[0]!) edges.push(edge);
  }
  return countInto(edges, values);
}

/** Other values in the bins of a histogram. */
export function countInto(edges: readonly number[], values: Float32Array): InputHistogram {
  const counts = new Float64Array(edges.length + 1);
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else counts[binOf(edges, value)]!++;
  }
  const present = values.length - missing;
  return {
    missing: values.length === 0 ? 0 : missing / values.length,
    edges,
    shares: Array.from(counts, (count) => (present === 0 ? 0 : count / present)),
  };
}

function binOf(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && edges[bin]! <= value) bin++;
  return bin;
}

/** Share below which a bin is taken to hold this much: an empty bin is no infinite drift. */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index over the bins and the missing values: the sum of (now - then) ln(now / then). By the
 * custom of credit scoring, below 0.1 little has changed, above 0.25 much (Siddiqi, Credit Risk Scorecards, 2006).
 */
export function stabilityIndex(then: InputHistogram, now: InputHistogram): number {
  const wholes = [then, now].map(({ missing, shares }) => [missing, ...shares.map((share) => share * (1 - missing))]);
  return wholes[0]!.reduce((sum, share, i) => sum + stabilityPart(share, wholes[1]![i] ?? 0), 0);
}

/** What one bin adds to the index: its share of all rows then and now. */
export function stabilityPart(then: number, now: number): number {
  const a = Math.max(LEAST_SHARE, then);
  const b = Math.max(LEAST_SHARE, now);
  return (b - a) * Math.log(b / a);
}

/** `missing | edges | shares`, numbers parted by blanks. */
export function writeHistogram({ missing, edges, shares }: InputHistogram): string {
  const list = (numbers: readonly number[]) => numbers.map((value) => String(rounded(value))).join(' ');
  return `${rounded(missing)} | ${list(edges)} | ${list(shares.map((share) => Math.round(share * 1e4) / 1e4))}`;
}

/** Null where the text is no histogram: cards are untrusted. */
export function readHistogram(text: Json | undefined): InputHistogram | null {
  if (typeof text !== 'string') return null;
  const [missing, edges, shares, more] = text
    .split('|')
    .map((part) => part.trim().split(/\s+/).filter(Boolean).map(Number));
  if (missing?.length !== 1 || edges === undefined || shares?.length !== edges.length + 1 || more !== undefined)
    return null;
  const rising = edges.every((edge, i) => i === 0 || edge > edges[i - 1]!);
  const all = [...missing, ...shares];
  if (!rising || !edges.every(Number.isFinite) || !all.every((share) => share >= 0 && share <= 1.001)) return null;
  return { missing: missing[0]!, edges, shares };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
