/**
 * What a model loses when an input is dealt out anew among rows that it has not learnt from (permutation importance:
 * Breiman, 2001; Fisher, Rudin and Dominici, JMLR 2019). Inputs that say the same stand in for each other, so each looks
 * unimportant alone: groups of inputs are dealt out together as well.
 */
import { Prng } from '../../core/prng.ts';
import type { LabelledData } from '../labelled-rows.ts';
import { takeRows, toRowMajor } from '../matrix.ts';
import { bootstrapGroups } from '../metrics/bootstrap.ts';
import type { Interval } from '../metrics/interval.ts';
import { columnsOfFamily, FAMILIES, groupOfInput, inputsByColumn } from './families.ts';

export interface Importance {
  readonly name: string;
  /** Number of inputs that were dealt out together. */
  readonly inputs: number;
  /** Rise of the mean log loss; about 0 where the model does not need the input. */
  readonly lossRise: number;
  /** Group-bootstrap interval of the rise; null with fewer than two groups, and for inputs far down the list. */
  readonly interval: Interval | null;
}

export interface ImportanceStudy {
  readonly rows: number;
  /** Single columns, most important first: of a list, all items that are read. */
  readonly inputs: readonly Importance[];
  /** Groups of the feature schema, most important first. */
  readonly groups: readonly Importance[];
  readonly families: readonly Importance[];
}

/** A model, and rows of groups that it has not seen. */
export interface HeldModel {
  readonly rows: Int32Array;
  /** @param rows row-major [count, inputs] */
  predict(rows: Float32Array, count: number): Float32Array | Promise<Float32Array>;
}

/** Every input takes a prediction of all rows: more than these tell little more. */
const MOST_ROWS = 2_000;
const WITH_INTERVAL = 30;
const DRAWS = 300;

export async function permutationImportance(
  rows: LabelledData,
  models: readonly HeldModel[],
  chosen: Int32Array,
  seed: number,
  onStep?: (done: number, all: number) => void,
): Promise<ImportanceStudy> {
  const parts = await preparedParts(rows, models, chosen, seed);
  const { names } = rows.data.matrix;
  const byGroup = new Map<string, number[]>();
  names.forEach((name, i) => {
    byGroup.set(groupOfInput(name), [...(byGroup.get(groupOfInput(name)) ?? []), i]);
  });
  const families = FAMILIES.map((family) => [family as string, columnsOfFamily(names, family)] as const);
  const byColumn = inputsByColumn(names);
  const sets = [...byColumn, ...byGroup, ...families];
  const found: Importance[] = [];
  for (const [done, [name, columns]] of sets.entries()) {
    onStep?.(done, sets.length);
    const random = new Prng(seed).fork(name);
    const rises: Float64Array[] = [];
    for (const part of parts) rises.push(await riseWithout(part, columns, names.length, random));
    found.push(summaryOf(name, columns.length, parts, rises));
  }
  const sorted = (list: Importance[]) => list.sort((a, b) => b.lossRise - a.lossRise);
  return {
    rows: parts.reduce((sum, { labels }) => sum + labels.length, 0),
    inputs: sorted(found.slice(0, byColumn.size)).map((importance, i) =>
      i < WITH_INTERVAL ? importance : { ...importance, interval: null },
    ),
    groups: sorted(found.slice(byColumn.size, byColumn.size + byGroup.size)),
    families: found.slice(byColumn.size + byGroup.size).filter(({ inputs }) => inputs > 0),
  };
}

interface Part {
  readonly model: HeldModel;
  /** Row-major [rows, inputs]. */
  readonly matrix: Float32Array;
  readonly labels: Int32Array;
  readonly groups: Int32Array;
  /** -ln p(true class) per row, nothing dealt out. */
  readonly losses: Float64Array;
}

async function preparedParts(
  rows: LabelledData,
  models: readonly HeldModel[],
  chosen: Int32Array,
  seed: number,
): Promise<Part[]> {
  const random = new Prng(seed);
  const wanted = new Set(chosen.length <= MOST_ROWS ? chosen : random.shuffle(chosen.slice()).subarray(0, MOST_ROWS));
  const parts: Part[] = [];
  for (const model of models) {
    const own = model.rows.filter((row) => wanted.has(row));
    if (own.length < 2) continue;
    const { matrix, labels } = takeRows(rows.data, own);
    const rowMajor = toRowMajor(matrix);
    const losses = lossesOf(await model.predict(rowMajor, own.length), labels);
    parts.push({ model, matrix: rowMajor, labels, groups: own.map((row) => rows.groups[row]!), losses });
  }
  return parts;
}

/** Rise of each row's loss when the columns are taken from another row, the same for all of them. */
async function riseWithout(part: Part, columns: readonly number[], width: number, random: Prng): Promise<Float64Array> {
  const { model, matrix, labels, losses } = part;
  const order = random.shuffle(Uint32Array.from(labels, (_, row) => row));
  const dealt = matrix.slice();
  let changed = false;
  for (const column of columns) {
    for (let row = 0; row < labels.length; row++) {
      const value = matrix[order[row]! * width + column]!;
      const at = row * width + column;
      if (!Object.is(dealt[at], value)) changed = true;
      dealt[at] = value;
    }
  }
  // Of a column that never varies there is nothing to deal out.
  if (!changed) return new Float64Array(labels.length);
  const after = lossesOf(await model.predict(dealt, labels.length), labels);
  return after.map((loss, row) => loss - losses[row]!);
}

function lossesOf(probabilities: Float32Array, labels: Int32Array): Float64Array {
  const classes = probabilities.length / labels.length;
  return Float64Array.from(labels, (label, row) => -Math.log(Math.max(probabilities[row * classes + label]!, 1e-15)));
}

function summaryOf(name: string, inputs: number, parts: readonly Part[], rises: readonly Float64Array[]): Importance {
  const perGroup = new Map<number, { sum: number; rows: number }>();
  parts.forEach(({ groups }, p) => {
    groups.forEach((group, row) => {
      const own = perGroup.get(group) ?? { sum: 0, rows: 0 };
      perGroup.set(group, { sum: own.sum + rises[p]![row]!, rows: own.rows + 1 });
    });
  });
  const all = [...perGroup.values()];
  const mean = (times: Float64Array) => {
    let sum = 0;
    let rows = 0;
    all.forEach((group, i) => {
      sum += times[i]! * group.sum;
      rows += times[i]! * group.rows;
    });
    return rows === 0 ? null : sum / rows;
  };
  const lossRise = mean(new Float64Array(all.length).fill(1)) ?? 0;
  const [interval] = lossRise === 0 ? [null] : bootstrapGroups(all.length, (times) => [mean(times)], DRAWS, 1);
  return { name, inputs, lossRise, interval: interval ?? null };
}
