/** Everything that a report says, as plain JSON: made in one place for training and for evaluation, drawn in another. */
import type { Audit } from '../../datasets/audit/audit.ts';
import { isVerdict, type ModelCard } from '../../models/card.ts';
import { countInto, type InputHistogram, readHistogram, stabilityIndex } from '../../models/reference.ts';
import type { LabelledData, LeftOut } from '../labelled-rows.ts';
import { type ReliabilityBin, reliability } from '../metrics/calibration.ts';
import { type CurvePoint, curvePoints } from '../metrics/curve.ts';
import { type FalseAlarmClaim, falseAlarmClaims } from '../metrics/false-alarms.ts';
import { clopperPearson, type Interval } from '../metrics/interval.ts';
import { rank } from '../metrics/ranking.ts';
import { type Metrics, measure } from '../metrics.ts';
import type { Repeats } from '../repeats.ts';
import type { SearchRecord } from '../search/search.ts';
import type { Ablation } from '../study/ablations.ts';
import type { BaselineResult } from '../study/compare.ts';
import { type Example, examplesOf } from '../study/examples.ts';
import type { ImportanceStudy } from '../study/importance.ts';
import { type Intervals, intervalsOf } from '../study/intervals.ts';
import { type Judged, membersOf, scoresOf, sliceOf } from '../study/judged.ts';
import type { LeftOutStudy } from '../study/left-out.ts';
import { type PrefixPoint, prefixCurve } from '../study/prefix-curve.ts';

/** What a report needs of a card; a model that is being trained has no more yet. */
export type Described = Omit<ModelCard, 'formatVersion' | 'files' | 'adapter'>;

/** What the verdicts (not the probabilities) of one label are worth. */
export interface VerdictQuality {
  readonly label: string;
  /** Rows that get this label as their verdict. */
  readonly claimed: number;
  readonly right: number;
  /** Rows that truly are of this label. */
  readonly truly: number;
  readonly precision: number | null;
  /** 95 % Clopper-Pearson interval; rows of one group are not independent, so the truth is wider. */
  readonly precisionInterval: Interval | null;
  readonly recall: number | null;
  readonly recallInterval: Interval | null;
}

/** One class against all others. */
export interface ClassCurves {
  readonly label: string;
  readonly claims: readonly FalseAlarmClaim[];
  readonly curve: readonly CurvePoint[];
}

export interface DriftOfInput {
  readonly name: string;
  /** Where the model learnt. */
  readonly then: InputHistogram;
  /** Of the rows that were judged, in the same bins; null where these are the same rows. */
  readonly now: InputHistogram | null;
  /** Population stability index; null where there is nothing to compare. */
  readonly shift: number | null;
}

export interface CaptureRows {
  readonly name: string;
  /** Rows per class, in the order of the classes. */
  readonly rows: readonly number[];
}

/** What a study could not be made for is null. */
export interface Assessment {
  readonly kind: 'training' | 'evaluation';
  readonly made: Made;
  readonly data: {
    /** All rows, prefixes and intervals too. */
    readonly rows: number;
    /** Rows that the figures are about. */
    readonly judged: number;
    readonly groupBy: string;
    readonly groups: number;
    /** Pairs of addresses. */
    readonly pairs: number | null;
    readonly rowsPerLabel: Readonly<Record<string, number>>;
    /** When the first and the last flow began, microseconds since 1970. */
    readonly fromUs: number | null;
    readonly toUs: number | null;
    readonly captures: readonly CaptureRows[];
    readonly moreCaptures: number;
    readonly leftOut: LeftOut;
    /** Captures that the model was trained on, in an evaluation. */
    readonly seenInTraining: readonly string[];
  };
  readonly metrics: Metrics;
  readonly intervals: Intervals;
  readonly classes: readonly ClassCurves[];
  readonly reliability: readonly ReliabilityBin[];
  readonly verdicts: readonly VerdictQuality[];
  /** Rows without a verdict. */
  readonly unknown: number;
  readonly prefixes: readonly PrefixPoint[];
  readonly baselines: readonly BaselineResult[];
  readonly ablations: readonly Ablation[] | null;
  readonly unknowns: LeftOutStudy | null;
  readonly importance: ImportanceStudy | null;
  readonly examples: readonly Example[];
  readonly audit: Audit | null;
  readonly drift: readonly DriftOfInput[];
  readonly cost: Cost | null;
  readonly warnings: readonly string[];
  readonly search: SearchRecord | null;
  readonly repeats: Repeats | null;
}

export interface Made {
  /** The command line, as one could type it again. */
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Program -> version. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Cost {
  /** Scoring alone, on one core, inputs at hand. */
  readonly microsecondsPerFlow: number;
  readonly flowsPerCall: number;
  readonly modelBytes: number;
}

/** What only one who trains, or evaluates, knows. */
export interface Circumstances
  extends Pick<
    Assessment,
    | 'kind'
    | 'made'
    | 'baselines'
    | 'ablations'
    | 'unknowns'
    | 'importance'
    | 'audit'
    | 'cost'
    | 'warnings'
    | 'search'
    | 'repeats'
  > {
  readonly groupBy: string;
  readonly leftOut: LeftOut;
  readonly seenInTraining: readonly string[];
  readonly seed: number;
}

const MOST_CAPTURES = 40;

export function assess(card: Described, judged: Judged, circumstances: Circumstances): Assessment {
  const { groupBy, leftOut, seenInTraining, seed, ...rest } = circumstances;
  const { rows, chosen } = judged;
  const { context, data } = rows;
  const slice = sliceOf(judged, chosen);
  const { probabilities, labels, classNames, groups, groupCount } = slice;
  const verdicts = verdictIds(card, probabilities, labels.length);
  const captures = capturesOf(rows, chosen);
  return {
    ...rest,
    data: {
      rows: data.labels.length,
      judged: chosen.length,
      groupBy,
      groups: groupCount,
      pairs: context?.pairCount ?? null,
      rowsPerLabel: Object.fromEntries(
        classNames.map((name, k) => [name, labels.reduce((sum, label) => sum + (label === k ? 1 : 0), 0)]),
      ),
      fromUs: context?.fromUs ?? null,
      toUs: context?.toUs ?? null,
      captures: captures.slice(0, MOST_CAPTURES),
      moreCaptures: Math.max(0, captures.length - MOST_CAPTURES),
      leftOut,
      seenInTraining,
    },
    metrics: measure(probabilities, labels, classNames),
    intervals: intervalsOf(slice, seed),
    classes: classNames.map((label, k) => {
      const scores = scoresOf(slice, k);
      const isPositive = membersOf(slice, k);
      return {
        label,
        claims: falseAlarmClaims(scores, isPositive, groups, groupCount),
        curve: curvePoints(rank(scores, isPositive)),
      };
    }),
    reliability: reliability(probabilities, labels, classNames.length),
    verdicts: classNames.map((label, id) => verdictQuality(label, id, verdicts, labels)),
    unknown: verdicts.filter((id) => id < 0).length,
    prefixes: prefixCurve(judged, card),
    examples: examplesOf(judged),
    drift: driftOf(card, judged, circumstances.kind),
  };
}

/** Class id of each row's verdict, -1 for unknown. */
export function verdictIds(
  card: Pick<ModelCard, 'labels' | 'thresholds'>,
  probabilities: Float32Array,
  count: number,
): Int32Array {
  const classCount = card.labels.length;
  const ids = new Int32Array(count).fill(-1);
  for (let row = 0; row < count; row++) {
    const scores = probabilities.subarray(row * classCount, (row + 1) * classCount);
    const best = scores.indexOf(Math.max(...scores));
    if (isVerdict(card, card.labels[best]!, scores[best]!)) ids[row] = best;
  }
  return ids;
}

export function verdictQuality(label: string, id: number, verdicts: Int32Array, truth: Int32Array): VerdictQuality {
  let claimed = 0;
  let right = 0;
  let truly = 0;
  truth.forEach((actual, row) => {
    if (actual === id) truly++;
    if (verdicts[row] !== id) return;
    claimed++;
    if (actual === id) right++;
  });
  return {
    label,
    claimed,
    right,
    truly,
    precision: claimed === 0 ? null : right / claimed,
    precisionInterval: clopperPearson(right, claimed),
    recall: truly === 0 ? null : right / truly,
    recallInterval: clopperPearson(right, truly),
  };
}

function capturesOf({ context, data }: LabelledData, chosen: Int32Array): CaptureRows[] {
  if (context === undefined) return [];
  const rows = context.captureNames.map(() => new Array<number>(data.classNames.length).fill(0));
  for (const row of chosen) rows[context.captures[row]!]![data.labels[row]!]!++;
  return context.captureNames.map((name, i) => ({ name, rows: rows[i]! })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What the card says of the inputs where the model learnt, and of these rows in the same bins. */
function driftOf(card: Described, { rows }: Judged, kind: Assessment['kind']): DriftOfInput[] {
  const { names, columns } = rows.data.matrix;
  const told = card.metrics['inputHistograms'];
  const known = typeof told === 'object' && told !== null && !Array.isArray(told) ? told : {};
  return names.flatMap((name, i): DriftOfInput[] => {
    const then = readHistogram((known as { readonly [name: string]: string })[name]);
    if (then === null) return [];
    if (kind === 'training') return [{ name, then, now: null, shift: null }];
    const now = countInto(then.edges, columns[i]!);
    return [{ name, then, now, shift: stabilityIndex(then, now) }];
  });
}

const COST_ROWS = 1024;
const COST_RUNS = 5;

/** The least of some runs: what else the machine does only makes it slower. */
export async function measureCost(
  predict: (rows: Float32Array, count: number) => Float32Array | Promise<Float32Array>,
  rowMajor: Float32Array,
  width: number,
  modelBytes: number,
): Promise<Cost | null> {
  const count = Math.min(COST_ROWS, rowMajor.length / width);
  if (count < 1) return null;
  const some = rowMajor.subarray(0, count * width);
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < COST_RUNS; run++) {
    const from = performance.now();
    await predict(some, count);
    least = Math.min(least, performance.now() - from);
  }
  return { microsecondsPerFlow: (1000 * least) / count, flowsPerCall: count, modelBytes };
}
