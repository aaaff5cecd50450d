/**
 * How far figures would swing had other groups been recorded: whole groups are drawn again with replacement (cluster
 * bootstrap; Davison and Hinkley, 1997, section 3.8). Drawing rows instead would take flows of one capture for
 * independent and make intervals far too narrow.
 */
import { Prng } from '../../core/prng.ts';
import type { Interval } from './interval.ts';

/** Figures from how often each group was drawn; null where a figure is undefined for the draw. */
export type Statistic = (timesDrawn: Float64Array) => readonly (number | null)[];

/** Fewer draws that define a figure give no interval. */
const FEWEST_DRAWS = 20;

/**
 * Percentile intervals of each figure that `statistic` gives; null for all where there are fewer than two groups.
 *
 * @param share of the draws that an interval holds
 */
export function bootstrapGroups(
  groupCount: number,
  statistic: Statistic,
  draws: number,
  seed: number,
  share = 0.95,
): (Interval | null)[] {
  const width = statistic(new Float64Array(groupCount).fill(1)).length;
  if (groupCount < 2) return new Array<Interval | null>(width).fill(null);
  const random = new Prng(seed);
  const values: number[][] = Array.from({ length: width }, () => []);
  const timesDrawn = new Float64Array(groupCount);
  for (let draw = 0; draw < draws; draw++) {
    timesDrawn.fill(0);
    for (let i = 0; i < groupCount; i++) timesDrawn[random.below(groupCount)]!++;
    statistic(timesDrawn).forEach((value, i) => {
      if (value !== null) values[i]!.push(value);
    });
  }
  return values.map((drawn) => percentiles(drawn, share));
}

function percentiles(values: number[], share: number): Interval | null {
  if (values.length < FEWEST_DRAWS) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (quantile: number) => {
    const place = quantile * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
  };
  return { low: at((1 - share) / 2), high: at((1 + share) / 2) };
}

/** Confusion counts of each group, row-major [groups, classes, classes]. */
export function confusionPerGroup(
  truth: Int32Array,
  predicted: Int32Array,
  groups: Int32Array,
  groupCount: number,
  classes: number,
): Float64Array {
  const counts = new Float64Array(groupCount * classes * classes);
  for (let row = 0; row < truth.length; row++) {
    counts[(groups[row]! * classes + truth[row]!) * classes + predicted[row]!]!++;
  }
  return counts;
}

/** The confusion counts of a draw. */
export function drawnConfusion(perGroup: Float64Array, timesDrawn: Float64Array, classes: number): Float64Array {
  const cells = classes * classes;
  const counts = new Float64Array(cells);
  for (let group = 0; group < timesDrawn.length; group++) {
    const times = timesDrawn[group]!;
    if (times === 0) continue;
    for (let cell = 0; cell < cells; cell++) counts[cell]! += times * perGroup[group * cells + cell]!;
  }
  return counts;
}

/** The rows of one class against all others in falling order of their scores, ready to be drawn again and again. */
export class DrawnRanking {
  readonly #order: Uint32Array;
  /** 1 where the next row in the order has another score. */
  readonly #isStep: Uint8Array;
  readonly #isPositive: Uint8Array;
  readonly #groups: Int32Array;

  constructor(scores: Float64Array, isPositive: Uint8Array, groups: Int32Array) {
    this.#order = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]!);
    this.#isStep = Uint8Array.from(this.#order, (row, i) => (scores[this.#order[i + 1] ?? -1] === scores[row] ? 0 : 1));
    this.#isPositive = isPositive;
    this.#groups = groups;
  }

  /** Average precision and the TPR at each of the rates, as `averagePrecision` and `tprAtFpr` give them, of a draw. */
  figures(timesDrawn: Float64Array, maxFprs: readonly number[]): (number | null)[] {
    const order = this.#order;
    let positives = 0;
    let negatives = 0;
    for (let row = 0; row < order.length; row++) {
      if (this.#isPositive[row] === 1) positives += timesDrawn[this.#groups[row]!]!;
      else negatives += timesDrawn[this.#groups[row]!]!;
    }
    if (positives === 0) return [null, ...maxFprs.map(() => null)];
    const found = new Float64Array(maxFprs.length);
    let tp = 0;
    let fp = 0;
    let before = 0;
    let area = 0;
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!;
      const times = timesDrawn[this.#groups[row]!]!;
      if (this.#isPositive[row] === 1) tp += times;
      else fp += times;
      if (this.#isStep[i] === 0) continue;
      if (tp > before) area += ((tp - before) / positives) * (tp / (tp + fp));
      before = tp;
      for (let k = 0; k < found.length; k++) if (fp / negatives <= maxFprs[k]!) found[k] = tp / positives;
    }
    return [area, ...Array.from(found, (tpr) => (negatives === 0 ? null : tpr))];
  }
}
