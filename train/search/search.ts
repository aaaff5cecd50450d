/** Looks for options that lower the loss on groups that were not learnt from. */
import { Prng } from '../../core/prng.ts';
import type { Folds } from '../baselines/run.ts';
import { partOf } from '../cross-validate.ts';
import type { Fits } from '../fits.ts';
import type { LearnerOptions } from '../learner.ts';
import { type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { logLoss } from '../metrics/calibration.ts';
import { countConfusion, macroF1, mostProbable } from '../metrics/confusion.ts';
import { fitsOf, type Rung, rungsOf, selectionBias } from './halving.ts';
import { drawPoint, type Point, type SearchSpace } from './space.ts';

/** One candidate and how it did on the folds that it was judged on. */
export interface Trial {
  /** What differs from the options that the search started from; empty for those themselves. */
  readonly options: Point;
  /** Mean log loss on each fold, before calibration. */
  readonly foldLosses: readonly number[];
  readonly foldMacroF1: readonly (number | null)[];
  readonly foldRounds: readonly number[];
  /** Mean over its folds, each counted by its rows. */
  readonly logLoss: number;
}

/** Plain JSON, for the card and the report. */
export interface SearchRecord {
  readonly space: SearchSpace;
  readonly rungs: readonly Rung[];
  /** In the order drawn; the first are the options that the search started from. */
  readonly trials: readonly Trial[];
  /** Place in `trials`. */
  readonly chosen: number;
  /**
   * How much the chosen trial's log loss at least flatters itself for having been chosen among those of the last rung; null
   * where there was no other.
   */
  readonly selectionBias: number | null;
}

/** Trainings that a search among the given number of points takes. */
export function searchFits(points: number, foldCount: number): number {
  return fitsOf(rungsOf(points + 1, foldCount));
}

/**
 * @param points how many are drawn, besides the options to start from
 * @param space what may vary: what the user has fixed must not be in it
 */
export async function search<Options extends LearnerOptions>(
  data: LabelledMatrix,
  { folds, foldCount }: Folds,
  fits: Fits<Options>,
  start: Options,
  space: SearchSpace,
  points: number,
): Promise<SearchRecord> {
  const random = new Prng(`search ${start.seed}`);
  const drawn: Point[] = [{}, ...Array.from({ length: points }, () => drawPoint(space, random))];
  const trials = drawn.map((options) => new OpenTrial(options));
  const rungs = rungsOf(trials.length, foldCount);
  let racing = trials;
  for (const { candidates, folds: until } of rungs) {
    racing = best(racing, candidates);
    for (const trial of racing) {
      const number = trials.indexOf(trial);
      for (let fold = trial.losses.length; fold < until; fold++) {
        const { train, held } = partOf(data, folds, fold);
        const options = { ...start, ...trial.options } as Options;
        const stage = `trial ${number} of ${points}, fold ${fold + 1}`;
        const fitted = await fits.fit(`trial-${number}-fold-${fold + 1}`, stage, train, held, options);
        trial.judge(held, fitted.predict(toRowMajor(held.matrix), held.matrix.rows), fitted.rounds);
      }
    }
  }
  const winner = best(racing, 1)[0]!;
  const losses = racing.map((trial) => trial.losses);
  return {
    space,
    rungs,
    trials: trials.map((trial) => trial.record()),
    chosen: trials.indexOf(winner),
    selectionBias: losses.length < 2 ? null : selectionBias(losses, racing.indexOf(winner)),
  };
}

class OpenTrial {
  readonly options: Point;
  readonly losses: number[] = [];
  readonly #macroF1: (number | null)[] = [];
  readonly #rounds: number[] = [];
  readonly #rows: number[] = [];

  constructor(options: Point) {
    this.options = options;
  }

  judge({ labels, classNames }: LabelledMatrix, probabilities: Float32Array, rounds: number): void {
    const count = classNames.length;
    this.losses.push(logLoss(probabilities, labels, count) ?? Number.POSITIVE_INFINITY);
    this.#macroF1.push(macroF1(countConfusion(labels, mostProbable(probabilities, count), count)));
    this.#rounds.push(rounds);
    this.#rows.push(labels.length);
  }

  get meanLoss(): number {
    const rows = this.#rows.reduce((sum, own) => sum + own, 0);
    return this.losses.reduce((sum, loss, i) => sum + loss * this.#rows[i]!, 0) / rows;
  }

  record(): Trial {
    return {
      options: this.options,
      foldLosses: this.losses,
      foldMacroF1: this.#macroF1,
      foldRounds: this.#rounds,
      logLoss: this.meanLoss,
    };
  }
}

/** Those of least loss; of equal ones the earlier. */
function best(trials: readonly OpenTrial[], count: number): OpenTrial[] {
  if (count >= trials.length) return [...trials];
  return [...trials].sort((a, b) => a.meanLoss - b.meanLoss).slice(0, count);
}
