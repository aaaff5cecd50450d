/**
 * Scores in bins of their log odds: near 1, where alerts are, probabilities differ in their last digits, log odds do not.
 */

const LEAST_LOG_ODDS = -4;
const MOST_LOG_ODDS = 24;
const BINS_PER_UNIT = 16;

/** Bins of scores. The last one holds what is surer, too, the first one what is less sure. */
export const SCORE_BINS = (MOST_LOG_ODDS - LEAST_LOG_ODDS) * BINS_PER_UNIT;
/** The bin of what is proven by messages that were read: surer than every score. */
export const PROVEN = SCORE_BINS;

export function binOfScore(score: number): number {
  const place = Math.floor((Math.log(score / (1 - score)) - LEAST_LOG_ODDS) * BINS_PER_UNIT);
  // A score of 1 has infinite log odds; one that is no number is the least sure of all.
  return Number.isNaN(place) ? 0 : Math.min(Math.max(place, 0), SCORE_BINS - 1);
}

/** The least score of a bin. */
export function scoreOfBin(bin: number): number {
  return bin <= 0 ? 0 : 1 / (1 + Math.exp(-(bin / BINS_PER_UNIT + LEAST_LOG_ODDS)));
}
