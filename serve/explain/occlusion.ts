/**
 * Contributions of any model, approximately: how far its log-odds fall when one input is replaced by what is typical. Half of
 * the fall is that to the median of the label, half that to the median of the label against it, so that an input which
 * looks like neither side's more than the other's counts nothing. What inputs say only together is counted for each.
 */
import { columnOfPlace, inputWidth, placeNames } from '../../models/inputs.ts';
import { medianOf, type Typical } from '../../models/typical.ts';
import type { Pair, Question } from './question.ts';

/** Numbers that are given to the model at a time: a wide model's rows are many megabytes. */
const MOST_NUMBERS = 1 << 21;
/** Probabilities are float32: nearer to 0 they say no more. */
const LEAST = 1e-7;

export async function occlusionOf(
  { card, row, predict }: Pick<Question, 'card' | 'row' | 'predict'>,
  pair: Pair,
  typical: readonly (readonly Typical[] | null)[],
): Promise<{ readonly values: Float64Array; readonly logOdds: number } | { readonly none: string }> {
  if (!typical.every((classes) => classes !== null))
    return { none: 'its card does not say what is typical of each class' };
  const width = inputWidth(card.inputs);
  const columns = placesByColumn(placeNames(card.inputs));
  const variants = columns.flatMap((places) => [pair.label, pair.against].map((k) => ({ places, k })));
  const ask = async (some: typeof variants) => {
    const rows = new Float32Array(some.length * width);
    some.forEach(({ places, k }, i) => {
      rows.set(row, i * width);
      for (const place of places) rows[i * width + place] = medianOf(typical[place]![k]!);
    });
    return logOddsOf(await predict(rows, some.length), some.length, pair);
  };
  const logOdds = logOddsOf(await predict(row, 1), 1, pair)[0]!;
  const after: number[] = [];
  const step = Math.max(1, Math.floor(MOST_NUMBERS / width));
  for (let at = 0; at < variants.length; at += step) after.push(...(await ask(variants.slice(at, at + step))));
  const values = new Float64Array(width);
  columns.forEach((places, i) => {
    values[places[0]!] = logOdds - (after[2 * i]! + after[2 * i + 1]!) / 2;
  });
  return { values, logOdds };
}

/** The places of each column: the items of a list say little one by one. */
function placesByColumn(names: readonly string[]): number[][] {
  const found = new Map<string, number[]>();
  names.forEach((name, place) => {
    const { column } = columnOfPlace(name);
    found.set(column, [...(found.get(column) ?? []), place]);
  });
  return [...found.values()];
}

function logOddsOf(probabilities: Float32Array, count: number, { label, against }: Pair): number[] {
  const labels = probabilities.length / count;
  const log = (row: number, k: number) => Math.log(Math.max(LEAST, probabilities[row * labels + k]!));
  return Array.from({ length: count }, (_, row) => log(row, label) - log(row, against));
}
