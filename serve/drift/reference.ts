/** What live rows are compared with: how the model's inputs and its scores were distributed where it learnt. */
import type { ModelCard } from '../../models/card.ts';
import { placeNames } from '../../models/inputs.ts';
import { type InputHistogram, readHistogram, SCORE_HISTOGRAM } from '../../models/reference.ts';

/** The parts of a card that drift is about. */
export type ReferenceCard = Pick<
  ModelCard,
  'name' | 'version' | 'inputs' | 'metrics' | 'positive' | 'labels' | 'scope'
>;

export interface NamedHistogram {
  readonly name: string;
  readonly histogram: InputHistogram;
}

/** The inputs that the card tells a distribution of; none of a model that was made elsewhere. */
export function inputReferences({ inputs, metrics }: ReferenceCard): readonly NamedHistogram[] {
  const told = metrics['inputHistograms'];
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return [];
  const texts = told as Readonly<Record<string, string>>;
  return placeNames(inputs).flatMap((name) => {
    const histogram = Object.hasOwn(texts, name) ? readHistogram(texts[name]) : null;
    return histogram === null ? [] : [{ name, histogram }];
  });
}

/** The log odds that the model gives its positive label, where it learnt; null where the card does not tell. */
export function scoreReference({ metrics }: ReferenceCard): InputHistogram | null {
  return readHistogram(metrics[SCORE_HISTOGRAM]);
}
