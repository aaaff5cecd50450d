/** How far a distribution has moved, as a person would say it. */
import { type InputHistogram, stabilityPart } from '../../models/reference.ts';

export const Shift = { Stable: 'stable', Moved: 'moved', Drifted: 'drifted' } as const;
export type Shift = (typeof Shift)[keyof typeof Shift];

/** The custom of credit scoring (Siddiqi, Credit Risk Scorecards, 2006), which knows no better reason than experience. */
export const MOVED_FROM = 0.1;
export const DRIFTED_ABOVE = 0.25;

export function shiftOf(psi: number): Shift {
  return psi < MOVED_FROM ? Shift.Stable : psi <= DRIFTED_ABOVE ? Shift.Moved : Shift.Drifted;
}

/** What moved most, of all bins: `61 % are 52446 or more (10 % where the model learnt)`. */
export function whatMoved(then: InputHistogram, now: InputHistogram): string {
  const [before, after] = [then, now].map(wholeShares) as [number[], number[]];
  let most = 0;
  before.forEach((_, i) => {
    if (stabilityPart(before[i]!, after[i]!) > stabilityPart(before[most]!, after[most]!)) most = i;
  });
  return `${percent(after[most]!)} ${placeOf(then.edges, most)} (${percent(before[most]!)} where the model learnt)`;
}

/** Shares of all rows: those without a value, then each bin. */
function wholeShares({ missing, shares }: InputHistogram): number[] {
  return [missing, ...shares.map((share) => share * (1 - missing))];
}

/** @param place 0 for rows without a value, else a bin counted from 1 */
function placeOf(edges: readonly number[], place: number): string {
  const [from, to] = [edges[place - 2], edges[place - 1]];
  if (place === 0) return 'have no value';
  if (from === undefined && to === undefined) return 'have a value';
  if (from === undefined) return `are below ${to}`;
  return to === undefined ? `are ${from} or more` : `are from ${from} to ${to}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
