/** Group `times`: gaps between packets (inter-arrival times), each way and of the flow as a whole. */
import { Field, SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { momentColumns, putMoments, type Sums } from './statistics.ts';

const time = (doc: string, nulls: string, leaks = '') =>
  ({ type: 'float64', unit: 'us', doc, nulls, input: true, leaks }) as const satisfies FeatureRow;
const CLOCK = 'The clock of the capture, and offloading on its host, decide how small it can be.';
const ONE_FWD = 'The initiator sent fewer than two packets.';
const ONE_BWD = 'The responder sent fewer than two packets.';
const ONE_FLOW = 'The flow has fewer than two packets.';

export const TIMES = {
  flow_iat_min_us: time('Smallest gap between consecutive packets of either side.', ONE_FLOW, CLOCK),
  flow_iat_mean_us: time('Mean gap between consecutive packets of either side.', ONE_FLOW),
  flow_iat_std_us: time('Standard deviation (divided by n) of those gaps.', ONE_FLOW),
  flow_iat_max_us: time('Largest gap between consecutive packets of either side.', ONE_FLOW),
  fwd_iat_min_us: time('Smallest gap between packets of the initiator.', ONE_FWD, CLOCK),
  fwd_iat_mean_us: time('Mean gap between packets of the initiator.', ONE_FWD),
  fwd_iat_std_us: time('Standard deviation (divided by n) of those gaps.', ONE_FWD),
  fwd_iat_max_us: time('Largest gap between packets of the initiator.', ONE_FWD),
  bwd_iat_min_us: time('Smallest gap between packets of the responder.', ONE_BWD, CLOCK),
  bwd_iat_mean_us: time('Mean gap between packets of the responder.', ONE_BWD),
  bwd_iat_std_us: time('Standard deviation (divided by n) of those gaps.', ONE_BWD),
  bwd_iat_max_us: time('Largest gap between packets of the responder.', ONE_BWD),
} as const satisfies FeatureRows;

const SIDE_GAPS = {
  sum: SideField.GapSum,
  squares: SideField.GapSquares,
  min: SideField.GapMin,
  max: SideField.GapMax,
} as const satisfies Sums;

const FLOW_GAPS = {
  sum: Field.GapSum,
  squares: Field.GapSquares,
  min: Field.GapMin,
  max: Field.GapMax,
} as const satisfies Sums;

export function timesInto(out: ColumnsOf<typeof TIMES>): FillRow {
  const both = momentColumns(out, 'flow_iat', '_us');
  const sent = momentColumns(out, 'fwd_iat', '_us');
  const answered = momentColumns(out, 'bwd_iat', '_us');
  return (row, { record, flow, fwd, bwd }) => {
    const fwdGaps = record[fwd + SideField.Packets]! - 1;
    const bwdGaps = record[bwd + SideField.Packets]! - 1;
    putMoments(record, flow, FLOW_GAPS, fwdGaps + bwdGaps + 1, row, both);
    putMoments(record, fwd, SIDE_GAPS, fwdGaps, row, sent);
    putMoments(record, bwd, SIDE_GAPS, bwdGaps, row, answered);
  };
}
