/** The columns that a model is to learn from. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { ColumnSpec } from '../core/table.ts';
import { featureNamed, MODEL_INPUTS } from '../features/vector/schema.ts';
import type { ListPart, ModelInput } from '../models/card.ts';

/**
 * @param names in their order; all that may be inputs where not given
 * @param lists columns of lists that the learner reads, and how
 * @param own columns that are no features of flowlamp: always inputs, unless names are given that leave them out
 * @throws FlowlampError COLUMN_UNKNOWN, or OPTION_INVALID for a column that may not be an input
 */
export function chosenInputs(
  names: readonly string[] | undefined,
  lists: Readonly<Record<string, ListPart>>,
  own: readonly ColumnSpec[] = [],
): ModelInput[] {
  const read = Object.keys(lists);
  const chosen = names ?? [...MODEL_INPUTS, ...read.map((name) => ({ name })), ...own].map(({ name }) => name);
  return chosen.map((name) => {
    const { type, revision } = own.find((spec) => spec.name === name) ?? inputNamed(name, read);
    const list = lists[name];
    return { name, type, revision, ...(list === undefined ? {} : { list }) };
  });
}

function inputNamed(name: string, lists: readonly string[]) {
  const feature = featureNamed(name);
  if (feature !== undefined && (feature.input || lists.includes(name))) return feature;
  throw new FlowlampError(feature === undefined ? ErrorCode.ColumnUnknown : ErrorCode.OptionInvalid, {
    happened: feature === undefined ? `there is no column ${name}` : `column ${name} may not be a model input`,
    expected: 'columns that docs/features.md marks as model inputs',
    action: 'correct --inputs',
  });
}
