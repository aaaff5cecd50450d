/** Whether a model notices a class that it has never been shown: each class is left out of a training of its own. */
import type { Folds } from '../baselines/run.ts';
import type { LabelledData } from '../labelled-rows.ts';
import { type LabelledMatrix, takeRows, toRowMajor } from '../matrix.ts';
import { rejectUnknown, type UnknownRejection } from '../metrics/unknowns.ts';
import type { Refit } from './refit.ts';

export interface LeftOutClass {
  readonly label: string;
  /** Null where the class has no row among those held out. */
  readonly rejection: UnknownRejection | null;
}

export interface LeftOutStudy {
  readonly classes: readonly LeftOutClass[];
  /** Why classes are missing; '' if none is. */
  readonly because: string;
}

/** Trainings that the study may take. */
const MOST_FITS = 24;
const MOST_CLASSES = 12;

/** Known and unknown rows alike are of groups that were not learnt from. */
export async function leaveClassesOut(
  rows: LabelledData,
  chosen: Int32Array,
  { folds, foldCount }: Folds,
  refit: Refit,
  onStep?: (name: string) => void,
): Promise<LeftOutStudy> {
  const { labels, classNames } = rows.data;
  if (classNames.length < 3) {
    return { classes: [], because: 'with two classes nothing is left to tell apart when one is left out' };
  }
  const perClass = classNames.map((_, k) => chosen.filter((row) => labels[row] === k).length);
  const order = [...classNames.keys()].sort((a, b) => perClass[b]! - perClass[a]!).slice(0, MOST_CLASSES);
  const foldsEach = Math.max(1, Math.min(foldCount, Math.floor(MOST_FITS / order.length)));
  const classes: LeftOutClass[] = [];
  for (const target of order.sort((a, b) => a - b)) {
    onStep?.(classNames[target]!);
    const known: number[] = [];
    const unknown: number[] = [];
    for (let fold = 0; fold < foldsEach; fold++) {
      const train = chosen.filter((row) => folds[row] !== fold && labels[row] !== target);
      const held = chosen.filter((row) => folds[row] === fold);
      const data = without(takeRows(rows.data, train), target);
      if (held.length === 0 || new Set(data.labels).size < 2) continue;
      const sure = highest(await refit(data), takeRows(rows.data, held));
      held.forEach((row, i) => {
        (labels[row] === target ? unknown : known).push(sure[i]!);
      });
    }
    classes.push({
      label: classNames[target]!,
      rejection: rejectUnknown(Float64Array.from(known), Float64Array.from(unknown)),
    });
  }
  const because = order.length < classNames.length ? `the ${order.length} classes with most flows` : '';
  return { classes, because };
}

/**
 * The same for a finished model and rows of classes that it was never trained on.
 *
 * @param known row-major probabilities of rows of the model's own classes
 * @param strangers row-major probabilities of other rows
 * @param labels class of each of these, an index of `names`
 */
export function rejectStrangers(
  known: Float32Array,
  strangers: Float32Array,
  classCount: number,
  labels: Int32Array,
  names: readonly string[],
): LeftOutStudy {
  const sure = highestOf(known, classCount);
  const unsure = highestOf(strangers, classCount);
  const classes = names.map((label, k) => ({
    label,
    rejection: rejectUnknown(
      sure,
      unsure.filter((_, row) => labels[row] === k),
    ),
  }));
  return { classes, because: '' };
}

/** The classes but one, numbered anew; no row may be of that one. */
function without(data: LabelledMatrix, target: number): LabelledMatrix {
  return {
    ...data,
    labels: data.labels.map((label) => (label > target ? label - 1 : label)),
    classNames: data.classNames.filter((_, k) => k !== target),
  };
}

/** The highest probability of each row. */
function highest(
  { predict }: { predict(rows: Float32Array, count: number): Float32Array },
  { matrix }: LabelledMatrix,
): Float64Array {
  const probabilities = predict(toRowMajor(matrix), matrix.rows);
  return highestOf(probabilities, probabilities.length / matrix.rows);
}

function highestOf(probabilities: Float32Array, classes: number): Float64Array {
  return Float64Array.from({ length: probabilities.length / classes }, (_, row) =>
    Math.max(...probabilities.subarray(row * classes, (row + 1) * classes)),
  );
}
