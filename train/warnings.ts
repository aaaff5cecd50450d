/** What a user should know before believing a model: said in training, written on its card and in its report. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { LabelledData } from './labelled-rows.ts';
import type { LabelledMatrix } from './matrix.ts';
import type { Metrics } from './metrics.ts';
import type { SearchRecord } from './search/search.ts';
import type { BaselineResult } from './study/compare.ts';
import { inputsByColumn } from './study/families.ts';

/** Fewer groups are a few witnesses, however many rows they have. */
export const FEW_GROUPS = 10;
/** Of fewer flows nothing much can be learnt: trees ask for as many in one leaf. */
const FEW_FLOWS = 20;
/** Names that a sentence can hold. */
const MOST_NAMED = 5;

/**
 * Refuses what no learner can use.
 *
 * @throws FlowlampError LABELS_UNUSABLE
 */
export function checkLearnable(data: LabelledMatrix): void {
  const columns = inputsByColumn(data.matrix.names).size;
  if (emptyInputs(data).length < columns) return;
  throw new FlowlampError(ErrorCode.LabelsUnusable, {
    happened: `all ${columns} inputs are null in every flow`,
    expected: 'an input with values',
    action: 'check the table, or choose other --inputs',
  });
}

/** @param metrics null where nothing could be held out */
export function warningsOf(
  rows: LabelledData,
  groupBy: string,
  metrics: Metrics | null,
  baselines: readonly BaselineResult[] | null,
  search: SearchRecord | null,
): string[] {
  const warnings = [...fewFlows(rows), ...empty(rows)];
  const { groupNames } = rows;
  if (metrics === null || baselines === null) {
    warnings.push(
      `All rows are of one ${groupBy}: nothing could be held out, so no figure says how good the model is, and it gives no verdict below a probability of 1.`,
    );
    return warnings;
  }
  if (groupNames.length < FEW_GROUPS) {
    warnings.push(`Only ${groupNames.length} groups (${groupBy}) stand behind the figures.`);
  }
  warnings.push(...singleGroups(rows, groupBy));
  if (search !== null) {
    warnings.push(
      `The best of ${search.trials.length} sets of options was chosen on the groups that the figures are about, so they flatter.`,
    );
  }
  const unbeaten = baselines.filter(({ outcome }) => outcome === 'not beaten');
  const against = unbeaten.map(
    ({ name, macroF1, modelMacroF1 }) => `${text(modelMacroF1)} against ${text(macroF1)} for ${WORDS[name]}`,
  );
  if (against.length > 0) warnings.push(`The model does not beat its baselines: macro-F1 ${against.join(', ')}.`);
  return warnings;
}

function fewFlows({ data }: LabelledData): string[] {
  const counts = data.classNames.map(() => 0);
  for (const label of data.labels) counts[label]!++;
  const few = counts.flatMap((count, k) => (count < FEW_FLOWS ? [`${data.classNames[k]} (${count})`] : []));
  return few.length === 0 ? [] : [`Classes with too few flows to learn from or to be judged on: ${named(few)}.`];
}

/** A class of one group is never known to the model that is asked about it. */
function singleGroups({ data, groups }: LabelledData, groupBy: string): string[] {
  const seen = data.classNames.map(() => new Set<number>());
  for (const [row, label] of data.labels.entries()) seen[label]!.add(groups[row]!);
  const single = data.classNames.filter((_, k) => seen[k]!.size === 1);
  return single.length === 0
    ? []
    : [
        `Classes that occur in one ${groupBy} only, so that no model that was asked about them had learnt them, and their figures say nothing: ${named(single)}.`,
      ];
}

function empty({ data }: LabelledData): string[] {
  const names = emptyInputs(data);
  if (names.length === 0) return [];
  return [
    `${names.length} of ${inputsByColumn(data.matrix.names).size} inputs are null in every flow, so the model knows nothing of them: ${named(names)}.`,
  ];
}

function emptyInputs({ matrix }: LabelledMatrix): string[] {
  const isEmpty = (i: number) => matrix.columns[i]!.every(Number.isNaN);
  return [...inputsByColumn(matrix.names)].flatMap(([name, own]) => (own.every(isEmpty) ? [name] : []));
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const WORDS: Readonly<Record<BaselineResult['name'], string>> = {
  majority: 'the majority class',
  portOnly: 'the port alone',
  sniKeyword: 'words of the server name',
  neighbours: 'the nearest neighbours by sequence',
  logistic: 'logistic regression',
};

function text(value: number | null): string {
  return value === null ? 'undefined' : value.toFixed(3);
}
