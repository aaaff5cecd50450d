/**
 * Group `quartiles`: where the sizes of messages and the times between them lie. Miners say the same few things again and
 * again at times that work decides, so their quartiles lie together in size and apart in time (docs of the group `times`
 * tell of packets, these of messages). Quartiles are linear between neighbours, as numpy.quantile's.
 */
import { LIMITS } from '../../core/limits.ts';
import type { FillRow } from './flow-row.ts';
import { type Gaps, OF_MESSAGES } from './messages.ts';
import { merge, quantile, variation } from './order-statistics.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRow, type FeatureRows, ofBothSides } from './spec.ts';

const size = (doc: string, nulls: string) =>
  ({ type: 'float64', unit: 'bytes', doc, nulls, input: true }) as const satisfies FeatureRow;
const time = (doc: string, nulls: string) =>
  ({ type: 'float64', unit: 'us', doc, nulls, input: true }) as const satisfies FeatureRow;
const ratio = (doc: string, nulls: string) =>
  ({ type: 'float64', doc, nulls, input: true }) as const satisfies FeatureRow;

const rowsOf = <Who extends string>(of: Who, gapsOf: string, none: string) =>
  ({
    message_size_q1: size(`Lower quartile of the payload sizes of ${of}.`, none),
    message_size_median: size(`Median of the payload sizes of ${of}.`, none),
    message_size_q3: size(`Upper quartile of the payload sizes of ${of}.`, none),
    message_size_cv: ratio(`Standard deviation (divided by n) over mean of the payload sizes of ${of}.`, none),
    message_gap_q1_us: time(`Lower quartile of the gaps between ${gapsOf}.`, FEW),
    message_gap_median_us: time(`Median of the gaps between ${gapsOf}.`, FEW),
    message_gap_q3_us: time(`Upper quartile of the gaps between ${gapsOf}.`, FEW),
    message_gap_cv: ratio(`Standard deviation (divided by n) over mean of the gaps between ${gapsOf}.`, NO_GAPS),
  }) as const satisfies FeatureRows;
const FEW = 'There are fewer than two.';
const NO_GAPS = 'There are fewer than two, or all came at the same time.';

const SIDE = rowsOf(`{side}'s ${OF_MESSAGES}`, `{side}'s ${OF_MESSAGES}`, '{side} sent no message.');
const FLOW = Object.fromEntries(
  Object.entries(
    rowsOf(OF_MESSAGES.slice('of '.length), `those ${OF_MESSAGES}`.slice('those of '.length), 'There is no message.'),
  ).map(([name, row]) => [`flow_${name}`, row]),
) as { readonly [Name in keyof typeof SIDE as `flow_${Name}`]: (typeof SIDE)[Name] };

export const QUARTILES = { ...FLOW, ...ofBothSides(SIDE) };

export function quartilesInto(out: ColumnsOf<typeof QUARTILES>): FillRow {
  const all = out as unknown as Readonly<Record<string, never>>;
  const flowColumns = Object.fromEntries(
    Object.keys(SIDE).map((name) => [name, all[`flow_${name}`]]),
  ) as unknown as Columns;
  const [fwdColumns, bwdColumns] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  const merged = new Float64Array(LIMITS.messages);
  return (row, flow) => {
    if (flow.messagesEnd === flow.messagesAt) return;
    const { fwd, bwd, count, gaps } = flow.messages();
    if (fwd.count > 0) putSizes(row, fwd.sortedSizes, fwd.count, fwdColumns);
    if (bwd.count > 0) putSizes(row, bwd.sortedSizes, bwd.count, bwdColumns);
    if (fwd.count > 0 && bwd.count > 0) merge(fwd.sortedSizes, fwd.count, bwd.sortedSizes, bwd.count, merged);
    const both = fwd.count === 0 ? bwd.sortedSizes : bwd.count === 0 ? fwd.sortedSizes : merged;
    putSizes(row, both, count, flowColumns);
    if (count < 2) return;
    putGaps(row, fwd.gaps, fwdColumns);
    putGaps(row, bwd.gaps, bwdColumns);
    putGaps(row, gaps, flowColumns);
  };
}

type Columns = ColumnsOf<typeof SIDE>;

/** @param sorted `[0, count)`, at least one */
function putSizes(row: number, sorted: Float64Array, count: number, to: Columns): void {
  put(to.message_size_q1, row, quantile(sorted, count, 0.25));
  put(to.message_size_median, row, quantile(sorted, count, 0.5));
  put(to.message_size_q3, row, quantile(sorted, count, 0.75));
  put(to.message_size_cv, row, variation(sorted, count));
}

function putGaps(row: number, { sorted, count }: Gaps, to: Columns): void {
  if (count === 0) return;
  put(to.message_gap_q1_us, row, quantile(sorted, count, 0.25));
  put(to.message_gap_median_us, row, quantile(sorted, count, 0.5));
  put(to.message_gap_q3_us, row, quantile(sorted, count, 0.75));
  if (sorted[count - 1]! > 0) put(to.message_gap_cv, row, variation(sorted, count));
}
