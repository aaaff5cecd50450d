/** What each row counts for, from the weights of rows and of classes. */
import type { LabelledMatrix } from './matrix.ts';
import { badOption } from './option-ranges.ts';

/** `balanced` weighs each class by rows / (classes * rows of the class); a list gives one factor per class. */
export type ClassWeights = 'none' | 'balanced' | readonly number[];

/** One weight per row; null where every row counts 1. */
export function rowWeights(train: LabelledMatrix, classWeights: ClassWeights): Float32Array | null {
  const { labels, classNames, weights } = train;
  if (classWeights === 'none') return weights ?? null;
  if (classWeights !== 'balanced' && classWeights.length !== classNames.length) {
    throw badOption('classWeights', `${classWeights.length} numbers`, `one per class (${classNames.length})`);
  }
  const totals = classTotals(labels, weights ?? null, classNames.length);
  const all = totals.reduce((a, b) => a + b, 0);
  const factors =
    classWeights === 'balanced' ? totals.map((total) => (total > 0 ? all / (totals.length * total) : 0)) : classWeights;
  return Float32Array.from(labels, (label, row) => (weights === undefined ? 1 : weights[row]!) * factors[label]!);
}

/** Sum of the weights of each class's rows. */
export function classTotals(labels: Int32Array, weights: Float32Array | null, classes: number): number[] {
  const totals = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.length; row++) totals[labels[row]!]! += weights === null ? 1 : weights[row]!;
  return totals;
}
