/**
 * What is typical of each class where a model learnt: quantiles of every input, on the card, so that one flow can be held
 * against the flows of each class without the training data. One line of text per input keeps a card readable.
 */
import type { Json } from './card.ts';

/** The quantiles that are kept: the middle half of a class, nine tenths of it, and its median. */
export const LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
const MEDIAN = LEVELS.indexOf(0.5);
const DIGITS = 6;
/** A share of rows; four digits tell one row of ten thousand. */
const SHARE_DIGITS = 1e4;

/** One input among the training rows of one class. */
export interface Typical {
  /** Share of rows without a value; 1 where no row has one. */
  readonly missing: number;
  /** The values at LEVELS among the rows that have one, rising; empty where none has. */
  readonly quantiles: readonly number[];
}

/** @param values of one input in the rows of one class, NaN where missing */
export function typicalOf(values: Float32Array): Typical {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const last = sorted.length - 1;
  return {
    missing: values.length === 0 ? 1 : 1 - sorted.length / values.length,
    // Nearest rank: a value that occurred, so that whole numbers stay whole.
    quantiles: last < 0 ? [] : LEVELS.map((level) => Number(sorted[Math.round(level * last)]!.toPrecision(DIGITS))),
  };
}

/** The median, NaN where most rows of the class have no value: what a typical flow of the class has. */
export function medianOf({ missing, quantiles }: Typical): number {
  return missing > 0.5 ? Number.NaN : (quantiles[MEDIAN] ?? Number.NaN);
}

/**
 * Where a value lies in a class: 0 in its middle half, -1 or 1 below or above that, -2 or 2 outside nine tenths of the
 * class; null where there is no value, or none in the class.
 */
export function placeIn({ quantiles }: Typical, value: number): -2 | -1 | 0 | 1 | 2 | null {
  const [least, low, , high, most] = quantiles;
  if (least === undefined || low === undefined || high === undefined || most === undefined) return null;
  if (Number.isNaN(value)) return null;
  if (value < low) return value < least ? -2 : -1;
  if (value > high) return value > most ? 2 : 1;
  return 0;
}

/** `missing | quantiles` of each class in turn, classes parted by `;`. */
export function writeTypical(classes: readonly Typical[]): string {
  return classes
    .map(({ missing, quantiles }) => `${Math.round(missing * SHARE_DIGITS) / SHARE_DIGITS} | ${quantiles.join(' ')}`)
    .join(' ; ');
}

/** Null where the text does not tell of so many classes: cards are untrusted. */
export function readTypical(text: Json | undefined, classes: number): Typical[] | null {
  if (typeof text !== 'string') return null;
  const read = text.split(';').map(readClass);
  const whole = read.filter((typical) => typical !== null);
  return read.length === classes && whole.length === classes ? whole : null;
}

function readClass(text: string): Typical | null {
  const parts = text.split('|').map((part) => part.trim().split(/\s+/).filter(Boolean).map(Number));
  const [shares = [], quantiles = []] = parts;
  const [missing = Number.NaN] = shares;
  if (parts.length !== 2 || shares.length !== 1 || !(missing >= 0 && missing <= 1)) return null;
  if (quantiles.length !== 0 && quantiles.length !== LEVELS.length) return null;
  const rising = quantiles.every((value, i) => Number.isFinite(value) && (i === 0 || value >= quantiles[i - 1]!));
  return rising ? { missing, quantiles } : null;
}
