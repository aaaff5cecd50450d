/**
 * How much each input moved the score of one flow. Of tree ensembles exactly (Shapley values, models/trees/shap.ts); of any
 * other model by putting what is typical in its place, one input after the other, which is an approximation.
 */

import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type FlowValue, rowsOf } from '../../features/rows-of.ts';
import { featureNamed } from '../../features/vector/schema.ts';
import type { ModelCard } from '../../models/card.ts';
import { columnOfPlace, placeNames } from '../../models/inputs.ts';
import { readTypical, type Typical } from '../../models/typical.ts';
import { occlusionOf } from './occlusion.ts';
import type { Pair, Question } from './question.ts';
import { shapleyOf } from './shapley.ts';

export const Method = {
  /** Exact: base and contributions add up to the score. */
  Shapley: 'shapley',
  /** An approximation: contributions do not add up. */
  Occlusion: 'occlusion',
} as const;
export type Method = (typeof Method)[keyof typeof Method];

export interface InputEffect {
  /** A column; the items of a list count together. */
  readonly name: string;
  /** Of the feature schema; `other` for columns that it does not know. */
  readonly group: string;
  readonly unit: string;
  /** As the row has it. */
  readonly value: FlowValue;
  /** In log-odds; positive speaks for the label. */
  readonly contribution: number;
  /** By label; null for lists, and where the card does not say. */
  readonly typical: Readonly<Record<string, Typical>> | null;
}

export interface Effects {
  readonly method: Method;
  /** Why it is not exact; '' where it is. */
  readonly note: string;
  /** The label that positive contributions speak for, and the one that they speak against. */
  readonly label: string;
  readonly against: string;
  /** Log-odds of a flow of which nothing is known: the mean over the training rows. Null for approximations. */
  readonly base: number | null;
  /** Log-odds of this flow. */
  readonly logOdds: number;
  /** Largest effect first. */
  readonly inputs: readonly InputEffect[];
}

/**
 * Explains one row.
 *
 * @returns the reason where there is nothing that it could be compared with
 */
export async function effectsOf(question: Question): Promise<Effects | { readonly none: string }> {
  const { card, probabilities } = question;
  const pair = pairOf(card, probabilities, question.label);
  const names = { label: card.labels[pair.label]!, against: card.labels[pair.against]! };
  const exact = shapleyOf(question, pair);
  if (!('none' in exact)) {
    const inputs = inputEffects(question, exact.values);
    return { method: Method.Shapley, note: '', ...names, base: exact.base, logOdds: exact.logOdds, inputs };
  }
  const typical = typicalByPlace(card);
  const near = await occlusionOf(question, pair, typical);
  if ('none' in near) return { none: `${exact.none}, and ${near.none}` };
  const note = `${exact.none}; each input was replaced by what is typical instead, which is an approximation`;
  const inputs = inputEffects(question, near.values);
  return { method: Method.Occlusion, note, ...names, base: null, logOdds: near.logOdds, inputs };
}

/**
 * A label by number.
 *
 * @throws FlowlampError OPTION_INVALID for one that the model does not have
 */
export function labelNamed({ name, version, labels }: ModelCard, wanted: string): number {
  const found = labels.indexOf(wanted);
  if (found >= 0) return found;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `the model ${name}@${version} has no label ${wanted}`,
    expected: `one of ${labels.join(', ')}`,
    action: 'correct --for',
  });
}

/**
 * For two classes the label that is a risk stands against the other; else the most probable against the next.
 *
 * @param wanted the label to speak for, null for that
 */
export function pairOf(
  { labels, positive }: Pick<ModelCard, 'labels' | 'positive'>,
  probabilities: Float32Array,
  wanted: number | null,
): Pair {
  const order = [...labels.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  const usual = labels.length === 2 && positive !== null ? labels.indexOf(positive) : order[0]!;
  const label = wanted ?? usual;
  return { label, against: order.find((k) => k !== label)! };
}

/** Of each place what is typical of each class; null where the card does not say. */
function typicalByPlace(card: ModelCard): (readonly Typical[] | null)[] {
  return placeNames(card.inputs).map((place) => typicalOfPlace(card, place));
}

function typicalOfPlace({ metrics, labels }: ModelCard, place: string): readonly Typical[] | null {
  const lines = metrics['classQuantiles'];
  if (typeof lines !== 'object' || lines === null || Array.isArray(lines)) return null;
  return readTypical((lines as { readonly [place: string]: string })[place], labels.length);
}

/** @param values by place; those of one column are added up */
function inputEffects({ card, table }: Question, values: Float64Array): InputEffect[] {
  const row = rowsOf(table)[0]!;
  const sums = new Map<string, number>();
  placeNames(card.inputs).forEach((place, i) => {
    const { column } = columnOfPlace(place);
    sums.set(column, (sums.get(column) ?? 0) + values[i]!);
  });
  const effects = [...sums].map(([name, contribution]): InputEffect => {
    const feature = featureNamed(name);
    const typical = typicalOfPlace(card, name);
    return {
      name,
      group: feature?.group ?? 'other',
      unit: feature?.unit ?? '',
      value: row[name] ?? null,
      contribution,
      typical: typical === null ? null : Object.fromEntries(card.labels.map((label, k) => [label, typical[k]!])),
    };
  });
  return effects.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

export interface GroupEffect {
  readonly group: string;
  readonly inputs: number;
  readonly contribution: number;
}

/** Contributions by group of the feature schema, largest first. */
export function groupEffects(inputs: readonly InputEffect[]): GroupEffect[] {
  const groups = new Map<string, GroupEffect>();
  for (const { group, contribution } of inputs) {
    const before = groups.get(group) ?? { group, inputs: 0, contribution: 0 };
    groups.set(group, { group, inputs: before.inputs + 1, contribution: before.contribution + contribution });
  }
  return [...groups.values()].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}
