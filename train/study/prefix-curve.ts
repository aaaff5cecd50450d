/** How early a model is right: figures on rows that hold only the first packets, or the first minutes, of their flows. */
import { isVerdict, type ModelCard } from '../../models/card.ts';
import { measure } from '../metrics.ts';
import { RowKind } from '../row-context.ts';
import { type Judged, sliceOf } from './judged.ts';

export interface PrefixPoint {
  readonly unit: 'packets' | 'seconds' | 'whole flow';
  /** Packets or seconds seen; null for whole flows. */
  readonly seen: number | null;
  /** Flows that have as much and that the model speaks of. */
  readonly flows: number;
  /** Flows that have as much, with too few messages for the model to say anything. */
  readonly tooShort: number;
  readonly macroF1: number | null;
  readonly accuracy: number | null;
  /** Share of all flows that have as much, those that are too short included, that get a verdict; and of these right ones. */
  readonly decided: number | null;
  readonly rightVerdicts: number | null;
  /** Recall of each class, by the most probable class. */
  readonly recall: readonly (number | null)[];
}

/** Seconds at which flows are looked at where their tables have interval rows. */
export const INTERVAL_POINTS = [60, 300, 900, 3600] as const;
const MOST_PREFIXES = 12;

/** One point for each `prefix:N` that the tables have, for each interval that flows live to, and for whole flows. */
export function prefixCurve(judged: Judged, card: Pick<ModelCard, 'thresholds' | 'labels'>): PrefixPoint[] {
  const { context, data } = judged.rows;
  if (context === undefined) return [];
  const { kinds, packets } = context;
  const all = Int32Array.from(data.labels, (_, row) => row);
  const prefixes = all.filter((row) => kinds[row] === RowKind.Prefix);
  const sizes = new Set([...prefixes].map((row) => packets[row]!).concat([...context.shortPrefixes.keys()]));
  const points = [...sizes]
    .sort((a, b) => a - b)
    .slice(0, MOST_PREFIXES)
    .map((seen) => {
      const rows = prefixes.filter((row) => packets[row] === seen);
      return pointOf(judged, card, rows, 'packets', seen, context.shortPrefixes.get(seen) ?? 0);
    });
  for (const seconds of INTERVAL_POINTS) {
    const rows = rowsAt(judged, seconds * 1e6);
    if (rows.length > 0) points.push(pointOf(judged, card, rows, 'seconds', seconds, 0));
  }
  if (points.length === 0) return [];
  return [...points, pointOf(judged, card, judged.chosen, 'whole flow', null, 0)];
}

/** Of every flow that lives longer than `us`, the last interval row up to then. */
function rowsAt({ rows }: Judged, us: number): Int32Array {
  const { kinds, durationsUs, captures, flowIds, parts } = rows.context!;
  if (!kinds.includes(RowKind.Interval)) return new Int32Array(0);
  const flows = new Map<string, { lasts: number; row: number }>();
  for (let row = 0; row < kinds.length; row++) {
    const key = `${captures[row]} ${flowIds[row]} ${parts[row]}`;
    const flow = flows.get(key) ?? { lasts: 0, row: -1 };
    flows.set(key, flow);
    const duration = durationsUs[row]!;
    flow.lasts = Math.max(flow.lasts, duration);
    const isLater = flow.row < 0 || duration > durationsUs[flow.row]!;
    if (kinds[row] === RowKind.Interval && duration <= us && isLater) flow.row = row;
  }
  const found = [...flows.values()].filter(({ lasts, row }) => lasts > us && row >= 0);
  return Int32Array.from(found, ({ row }) => row).sort();
}

function pointOf(
  judged: Judged,
  card: Pick<ModelCard, 'thresholds' | 'labels'>,
  rows: Int32Array,
  unit: PrefixPoint['unit'],
  seen: number | null,
  tooShort: number,
): PrefixPoint {
  const { probabilities, labels, classNames } = sliceOf(judged, rows);
  const { macroF1, accuracy, classes } = measure(probabilities, labels, classNames);
  let decided = 0;
  let right = 0;
  for (let row = 0; row < labels.length; row++) {
    const scores = probabilities.subarray(row * classNames.length, (row + 1) * classNames.length);
    const best = scores.indexOf(Math.max(...scores));
    if (!isVerdict(card, classNames[best]!, scores[best]!)) continue;
    decided++;
    if (best === labels[row]) right++;
  }
  return {
    unit,
    seen,
    flows: labels.length,
    tooShort,
    macroF1,
    accuracy,
    decided: labels.length + tooShort === 0 ? null : decided / (labels.length + tooShort),
    rightVerdicts: decided === 0 ? null : right / decided,
    recall: classes.map(({ recall }) => recall),
  };
}
