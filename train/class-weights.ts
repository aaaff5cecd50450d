/** What each row counts for, from the weights of rows and of classes. */
import type { LabelledMatrix } from './matrix.ts';
import { badOption } from './option-ranges.ts';

/**
 * `balanced` weighs each class by rows / (classes * rows of the class); a list gives one factor per class; factors by name
 * leave classes that they do not name as they are.
 */
export type ClassWeights = 'none' | 'balanced' | readonly number[] | Readonly<Record<string, number>>;

/** One weight per row; null where every row counts 1. */
export function rowWeights(train: LabelledMatrix, classWeights: ClassWeights): Float32Array | null {
  const { labels, weights } = train;
  if (classWeights === 'none') return weights ?? null;
  const factors = classFactors(train, classWeights);
  return Float32Array.from(labels, (label, row) => (weights === undefined ? 1 : weights[row]!) * factors[label]!);
}

function classFactors(
  { labels, classNames, weights }: LabelledMatrix,
  given: Exclude<ClassWeights, 'none'>,
): readonly number[] {
  if (given === 'balanced') {
    const totals = classTotals(labels, weights ?? null, classNames.length);
    const all = totals.reduce((a, b) => a + b, 0);
    return totals.map((total) => (total > 0 ? all / (totals.length * total) : 0));
  }
  if (!isList(given)) return classNames.map((name) => (Object.hasOwn(given, name) ? given[name]! : 1));
  if (given.length !== classNames.length) {
    throw badOption('classWeights', `${given.length} numbers`, `one per class (${classNames.length})`);
  }
  return given;
}

function isList(given: readonly number[] | Readonly<Record<string, number>>): given is readonly number[] {
  return Array.isArray(given);
}

/** Sum of the weights of each class's rows. */
export function classTotals(labels: Int32Array, weights: Float32Array | null, classes: number): number[] {
  const totals = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.length; row++) totals[labels[row]!]! += weights === null ? 1 : weights[row]!;
  return totals;
}
