/** A model map: what is said of an ONNX classifier that was made elsewhere, read and checked. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { firstMistake } from '../../core/json-schema.ts';
import type { ColumnType } from '../../core/table.ts';
import { featureNamed } from '../../features/vector/schema.ts';
import type { ModelAdapter, OutputKind } from '../adapter.ts';
import type { ListPart, ModelInput, ModelScope } from '../card.ts';
import { MAP_SCHEMA } from './map-schema.ts';

interface ColumnEntry {
  readonly name: string;
  readonly missing?: string | number;
  readonly input?: string;
  readonly list?: ListPart;
}

/** The JSON as it is written; see MAP_SCHEMA. */
export interface ModelMapFile {
  readonly version: 1;
  readonly name?: string;
  readonly modelVersion?: string;
  readonly columns: readonly (string | ColumnEntry)[];
  readonly missing?: string | number;
  readonly labels: readonly string[];
  readonly output?: string;
  readonly outputKind?: OutputKind;
  readonly positive?: string;
  readonly target?: string;
  readonly thresholds?: Readonly<Record<string, number>>;
  readonly scope?: Partial<ModelScope>;
  readonly origin?: string;
  readonly generated?: boolean;
  readonly learner?: string;
  readonly limitations?: readonly string[];
}

/** A map, checked: columns with their types and revisions of today. */
export interface ModelMap extends Omit<ModelMapFile, 'version' | 'columns' | 'missing' | 'output' | 'outputKind'> {
  readonly inputs: readonly ModelInput[];
  readonly missing: ModelAdapter['missing'];
  readonly tensors: ModelAdapter['tensors'];
  readonly output: string | null;
  readonly outputKind: OutputKind;
}

const MAX_TEXT = 16 * 1024 * 1024;

/**
 * @param where what to call the map in errors, usually its path
 * @throws FlowlampError MAP_INVALID naming the first mistake, or COLUMN_UNKNOWN
 */
export function readModelMap(json: string, where: string): ModelMap {
  const file = parse(json, where);
  const { labels, thresholds = {} } = file;
  const columns = file.columns.map((entry): ColumnEntry => (typeof entry === 'string' ? { name: entry } : entry));
  if (columns.length === 0) throw invalid(where, 'columns is empty', 'the columns that the model reads');
  const twice = firstTwice(columns.map(({ name }) => name));
  if (twice !== null) throw invalid(where, `columns has ${twice} twice`, 'each column once');
  if (labels.length < 2) throw invalid(where, `labels has ${labels.length} items`, 'two or more');
  const sameLabel = firstTwice(labels);
  if (sameLabel !== null) throw invalid(where, `labels has ${sameLabel} twice`, 'each label once');
  if (file.positive !== undefined && !labels.includes(file.positive)) {
    throw invalid(where, `positive is ${file.positive}`, `one of ${labels.join(', ')}`);
  }
  for (const [label, threshold] of Object.entries(thresholds)) {
    if (!labels.includes(label)) throw invalid(where, `thresholds has ${label}`, `labels of ${labels.join(', ')}`);
    if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
      throw invalid(where, `thresholds.${label} is ${JSON.stringify(threshold)}`, 'a number from 0 to 1');
    }
  }
  const { version: _, ...said } = file;
  return {
    ...said,
    inputs: columns.map((column) => inputOf(column, where)),
    missing: columns.map(({ name, missing = file.missing ?? 'nan' }) => missingValue(missing, name, where)),
    tensors: tensorsOf(columns, where),
    output: file.output ?? null,
    outputKind: file.outputKind ?? 'probabilities',
  };
}

function parse(json: string, where: string): ModelMapFile {
  let value: unknown;
  try {
    if (json.length > MAX_TEXT) throw new Error(`${json.length} characters`);
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid(where, `it is no JSON (${(cause as Error).message.split('\n')[0]})`, 'a JSON object', cause);
  }
  const mistake = firstMistake(MAP_SCHEMA, value, 'the map');
  if (mistake !== null) throw invalid(where, mistake.happened, mistake.expected);
  return value as ModelMapFile;
}

const LISTS: readonly ColumnType[] = ['list_int32', 'list_float64'];

function inputOf({ name, list, input }: ColumnEntry, where: string): ModelInput {
  const feature = featureNamed(name);
  if (feature === undefined) {
    throw new FlowlampError(ErrorCode.ColumnUnknown, {
      happened: `${where} names a column ${name}, which does not exist`,
      expected: 'columns of docs/features.md',
      action: 'correct the map',
    });
  }
  const { type, revision } = feature;
  if (list !== undefined) {
    if (!LISTS.includes(type)) throw invalid(where, `column ${name} holds no lists of numbers`, 'no `list` of it');
    if (input !== undefined) throw invalid(where, `column ${name} has a list and an input`, 'one of them');
    return { name, type, revision, list };
  }
  if (!feature.input) {
    throw invalid(
      where,
      `column ${name} may not be a model input`,
      LISTS.includes(type)
        ? 'how much of its lists is read, as `list`'
        : 'columns that docs/features.md marks as model inputs',
    );
  }
  return { name, type, revision };
}

function missingValue(missing: string | number, name: string, where: string): number | null {
  if (missing === 'nan') return null;
  if (typeof missing === 'number' && Number.isFinite(Math.fround(missing))) return missing;
  throw invalid(where, `missing of ${name} is ${JSON.stringify(missing)}`, '"nan" or a number');
}

function tensorsOf(columns: readonly ColumnEntry[], where: string): readonly string[] | null {
  const named = columns.filter(({ input }) => input !== undefined);
  if (named.length === 0) return null;
  const without = columns.find(({ input }) => input === undefined);
  if (without !== undefined)
    throw invalid(where, `column ${without.name} has no input`, 'an input for all or for none');
  const tensors = columns.map(({ input }) => input!);
  const twice = firstTwice(tensors);
  if (twice !== null) throw invalid(where, `two columns go into the input ${twice}`, 'an input for each');
  return tensors;
}

function firstTwice(names: readonly string[]): string | null {
  return names.find((name, i) => names.indexOf(name) < i) ?? null;
}

function invalid(where: string, what: string, expected: string, cause?: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.MapInvalid, {
    happened: `${where} is no model map: ${what}`,
    expected,
    action: 'correct the map (`flowlamp model schema` prints its form)',
    cause,
  });
}
