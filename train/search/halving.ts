/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) with folds of held-out groups as what is spent: every
 * candidate is judged on one fold, the better third on three, the best of these on all.
 */

/** Of so many candidates one goes on to the next rung. */
const KEPT = 3;

export interface Rung {
  /** Candidates that are judged here. */
  readonly candidates: number;
  /** Folds that they are judged on, those of the rungs before included. */
  readonly folds: number;
}

/** The rungs for so many candidates; the last is on all folds. */
export function rungsOf(candidates: number, folds: number): Rung[] {
  const rungs: Rung[] = [];
  for (let left = candidates, spent = 1; ; left = Math.ceil(left / KEPT), spent *= KEPT) {
    // One that is left need not be compared, only measured.
    const isLast = spent >= folds || left === 1;
    rungs.push({ candidates: left, folds: isLast ? folds : spent });
    if (isLast) return rungs;
  }
}

/** Trainings that the rungs take. */
export function fitsOf(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, { candidates, folds }, i) => sum + candidates * (folds - (rungs[i - 1]?.folds ?? 0)), 0);
}

/**
 * How much the least of several mean losses flatters itself for having been chosen: the mean over folds of the chosen
 * one's loss less the least loss of any (Tibshirani and Tibshirani, "A bias correction for the minimum error rate in
 * cross-validation", Annals of Applied Statistics 2009, equation 3).
 *
 * @param losses losses[candidate][fold]
 */
export function selectionBias(losses: readonly (readonly number[])[], chosen: number): number {
  const own = losses[chosen]!;
  const excess = own.map((loss, fold) => loss - Math.min(...losses.map((other) => other[fold]!)));
  return excess.reduce((sum, value) => sum + value, 0) / own.length;
}
