/** What is left of a model that may not read a family of inputs: trained again without them. */
import type { Folds } from '../baselines/run.ts';
import { crossValidate } from '../cross-validate.ts';
import type { LabelledData } from '../labelled-rows.ts';
import { takeRows } from '../matrix.ts';
import type { Interval } from '../metrics/interval.ts';
import { measure } from '../metrics.ts';
import { columnsOfFamily, FAMILIES } from './families.ts';
import { macroF1Difference } from './intervals.ts';
import { type Slice, sliceOf } from './judged.ts';
import type { Refit } from './refit.ts';

export interface Ablation {
  /** `all inputs`, or what was taken away. */
  readonly name: string;
  readonly inputs: number;
  readonly rows: number;
  readonly macroF1: number | null;
  readonly logLoss: number | null;
  /** Macro-F1 less that with all inputs, with its group-bootstrap interval; null for the model with all. */
  readonly difference: number | null;
  readonly interval: Interval | null;
}

/** @param chosen rows to learn from and to be judged on, by the folds of the model itself */
export async function runAblations(
  rows: LabelledData,
  chosen: Int32Array,
  { folds, foldCount }: Folds,
  refit: Refit,
  seed: number,
  onStep?: (name: string) => void,
): Promise<Ablation[]> {
  const { names } = rows.data.matrix;
  const own = takeRows(rows.data, chosen);
  const ownFolds = chosen.map((row) => folds[row]!);
  const without = async (name: string, hidden: readonly number[]): Promise<Slice> => {
    onStep?.(name);
    const gone = new Set(hidden);
    const columns = [...names.keys()].filter((i) => !gone.has(i));
    const matrix = {
      rows: chosen.length,
      names: columns.map((i) => names[i]!),
      columns: columns.map((i) => own.matrix.columns[i]!),
    };
    const { probabilities } = await crossValidate({ ...own, matrix }, ownFolds, foldCount, (train) => refit(train));
    const all = Int32Array.from(chosen.keys());
    return sliceOf(
      { rows: { ...rows, data: own, groups: chosen.map((row) => rows.groups[row]!) }, probabilities },
      all,
    );
  };
  const whole = await without('all inputs', []);
  const found = [ablationOf('all inputs', names.length, whole, null, seed)];
  for (const family of FAMILIES) {
    const hidden = columnsOfFamily(names, family);
    if (hidden.length === 0 || hidden.length === names.length) continue;
    const slice = await without(`without ${family}`, hidden);
    found.push(ablationOf(`without ${family}`, names.length - hidden.length, slice, whole, seed));
  }
  return found;
}

function ablationOf(name: string, inputs: number, slice: Slice, whole: Slice | null, seed: number): Ablation {
  const { macroF1, logLoss } = measure(slice.probabilities, slice.labels, slice.classNames);
  const { difference, interval } =
    whole === null ? { difference: null, interval: null } : macroF1Difference(slice, whole, seed);
  return { name, inputs, rows: slice.labels.length, macroF1, logLoss, difference, interval };
}
