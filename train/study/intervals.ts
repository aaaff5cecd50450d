/** Group-bootstrap intervals of the figures that a report leads with. */
import { bootstrapGroups, confusionPerGroup, DrawnRanking, drawnConfusion } from '../metrics/bootstrap.ts';
import { accuracy, macroF1, mostProbable, scoreClass } from '../metrics/confusion.ts';
import { FPR_POINTS } from '../metrics/false-alarms.ts';
import type { Interval } from '../metrics/interval.ts';
import { membersOf, type Slice, scoresOf } from './judged.ts';

export interface ClassIntervals {
  readonly precision: Interval | null;
  readonly recall: Interval | null;
  readonly averagePrecision: Interval | null;
  /** One per FPR_POINTS. */
  readonly tprAtFpr: readonly (Interval | null)[];
}

export interface Intervals {
  readonly draws: number;
  readonly macroF1: Interval | null;
  readonly accuracy: Interval | null;
  /** One per class. */
  readonly classes: readonly ClassIntervals[];
}

/** Steps over rows that the intervals of one report may take: seconds. */
const MOST_STEPS = 3e8;
const DRAWS = { least: 60, most: 400 } as const;

export function intervalsOf(slice: Slice, seed: number): Intervals {
  const { labels, classNames, groups, groupCount, probabilities } = slice;
  const classes = classNames.length;
  const steps = Math.max(1, labels.length * classes);
  const draws = Math.round(Math.min(DRAWS.most, Math.max(DRAWS.least, MOST_STEPS / steps)));
  const perGroup = confusionPerGroup(labels, mostProbable(probabilities, classes), groups, groupCount, classes);
  const rankings = classNames.map((_, k) => new DrawnRanking(scoresOf(slice, k), membersOf(slice, k), groups));
  const found = bootstrapGroups(
    groupCount,
    (timesDrawn) => {
      const confusion = { classes, counts: drawnConfusion(perGroup, timesDrawn, classes) };
      const figures = rankings.flatMap((ranking, k) => {
        const { precision, recall } = scoreClass(confusion, k);
        return [precision, recall, ...ranking.figures(timesDrawn, FPR_POINTS)];
      });
      return [macroF1(confusion), accuracy(confusion), ...figures];
    },
    draws,
    seed,
  );
  const width = 3 + FPR_POINTS.length;
  return {
    draws,
    macroF1: found[0]!,
    accuracy: found[1]!,
    classes: classNames.map((_, k) => {
      const own = found.slice(2 + k * width, 2 + (k + 1) * width);
      return { precision: own[0]!, recall: own[1]!, averagePrecision: own[2]!, tprAtFpr: own.slice(3) };
    }),
  };
}

/** Macro-F1 of one less that of the other, on the same rows, with the interval of the difference over draws of groups. */
export function macroF1Difference(
  one: Slice,
  other: Slice,
  seed: number,
  draws: number = DRAWS.most,
): { readonly difference: number | null; readonly interval: Interval | null } {
  const classes = one.classNames.length;
  const [a, b] = [one, other].map(({ labels, probabilities, groups, groupCount }) =>
    confusionPerGroup(labels, mostProbable(probabilities, classes), groups, groupCount, classes),
  );
  const difference = (timesDrawn: Float64Array): number | null => {
    const [f1, f2] = [a!, b!].map((perGroup) =>
      macroF1({ classes, counts: drawnConfusion(perGroup, timesDrawn, classes) }),
    );
    return f1 === null || f2 === null ? null : f1! - f2!;
  };
  const once = new Float64Array(one.groupCount).fill(1);
  const [interval] = bootstrapGroups(one.groupCount, (timesDrawn) => [difference(timesDrawn)], draws, seed);
  return { difference: difference(once), interval: interval ?? null };
}
