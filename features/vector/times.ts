/** Group `times`: gaps between packets (inter-arrival times), each way and of the flow as a whole. */
import { Field, SideField } from '../flow/flow-state.ts';
import type { FlowRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { putMoments, type Sums } from './statistics.ts';

const time = (doc: string, nulls: string) =>
  ({ type: 'float64', unit: 'us', doc, nulls, input: true }) as const satisfies FeatureRow;
const ONE_FWD = 'The initiator sent fewer than two packets.';
const ONE_BWD = 'The responder sent fewer than two packets.';
const ONE_FLOW = 'The flow has fewer than two packets.';

export const TIMES = {
  flow_iat_min_us: time('Smallest gap between consecutive packets of either side.', ONE_FLOW),
  flow_iat_mean_us: time('Mean gap between consecutive packets of either side.', ONE_FLOW),
  flow_iat_std_us: time('Standard deviation (divided by n) of those gaps.', ONE_FLOW),
  flow_iat_max_us: time('Largest gap between consecutive packets of either side.', ONE_FLOW),
  fwd_iat_min_us: time('Smallest gap between packets of the initiator.', ONE_FWD),
  fwd_iat_mean_us: time('Mean gap between packets of the initiator.', ONE_FWD),
  fwd_iat_std_us: time('Standard deviation (divided by n) of those gaps.', ONE_FWD),
  fwd_iat_max_us: time('Largest gap between packets of the initiator.', ONE_FWD),
  bwd_iat_min_us: time('Smallest gap between packets of the responder.', ONE_BWD),
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

export function fillTimes(out: ColumnsOf<typeof TIMES>, row: number, flow: FlowRow): void {
  const { record, fwd, bwd } = flow;
  const sent = record[fwd + SideField.Packets]!;
  const answered = record[bwd + SideField.Packets]!;
  putMoments(record, flow.flow, FLOW_GAPS, sent + answered - 1, row, {
    min: out.flow_iat_min_us,
    mean: out.flow_iat_mean_us,
    std: out.flow_iat_std_us,
    max: out.flow_iat_max_us,
  });
  putMoments(record, fwd, SIDE_GAPS, sent - 1, row, {
    min: out.fwd_iat_min_us,
    mean: out.fwd_iat_mean_us,
    std: out.fwd_iat_std_us,
    max: out.fwd_iat_max_us,
  });
  putMoments(record, bwd, SIDE_GAPS, answered - 1, row, {
    min: out.bwd_iat_min_us,
    mean: out.bwd_iat_mean_us,
    std: out.bwd_iat_std_us,
    max: out.bwd_iat_max_us,
  });
}
