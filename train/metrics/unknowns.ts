/** Whether a model notices what it has never been shown. */
import { rank, rocAuc } from './ranking.ts';

export interface UnknownRejection {
  readonly known: number;
  readonly unknown: number;
  /** Share of the unknown rows that are turned away where `maxRefused` of the known ones are. */
  readonly tpr: number;
  readonly maxRefused: number;
  /** Chance that a known row is surer than an unknown one; half tells nothing. */
  readonly auroc: number;
}

/** The share of known rows that may be turned away: the point at which CESNET-TLS22 is quoted (Luxemburk and Čejka, 2023). */
export const MAX_REFUSED = 0.05;

/**
 * Rejection by the highest probability (Hendrycks and Gimpel, ICLR 2017): a row is turned away where it is lower than
 * a threshold. Null unless both kinds of rows occur.
 *
 * @param known,unknown the highest probability of each row
 */
export function rejectUnknown(
  known: Float64Array,
  unknown: Float64Array,
  maxRefused = MAX_REFUSED,
): UnknownRejection | null {
  if (known.length === 0 || unknown.length === 0) return null;
  const sorted = known.slice().sort();
  // At most `maxRefused` of the known rows lie below this.
  const threshold = sorted[Math.floor(maxRefused * known.length + 1e-9)]!;
  const refused = unknown.filter((score) => score < threshold).length;
  const scores = Float64Array.from([...known, ...unknown]);
  const isKnown = Uint8Array.from(scores, (_, row) => (row < known.length ? 1 : 0));
  return {
    known: known.length,
    unknown: unknown.length,
    tpr: refused / unknown.length,
    maxRefused,
    auroc: rocAuc(rank(scores, isKnown))!,
  };
}
