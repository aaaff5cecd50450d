/** The same training with other seeds: other folds, samples and first weights. How far figures swing by chance alone. */
import type { Metrics } from './metrics.ts';

export interface SeedRun {
  readonly seed: number;
  readonly macroF1: number | null;
  readonly accuracy: number | null;
  readonly logLoss: number | null;
}

export interface Spread {
  readonly mean: number;
  /** Of the runs, with n - 1; null for one run. */
  readonly standardDeviation: number | null;
  readonly least: number;
  readonly most: number;
}

/** Plain JSON, for the card and the report. */
export interface Repeats {
  /** The first is the run that the model's own figures are from. */
  readonly runs: readonly SeedRun[];
  readonly macroF1: Spread | null;
  readonly logLoss: Spread | null;
}

export function seedRun(seed: number, { macroF1, accuracy, logLoss }: Metrics): SeedRun {
  return { seed, macroF1, accuracy, logLoss };
}

export function repeatsOf(runs: readonly SeedRun[]): Repeats {
  return { runs, macroF1: spread(runs.map((run) => run.macroF1)), logLoss: spread(runs.map((run) => run.logLoss)) };
}

/** Null where a run has no figure. */
export function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    standardDeviation: known.length < 2 ? null : Math.sqrt(squares / (known.length - 1)),
    least: Math.min(...known),
    most: Math.max(...known),
  };
}
