/** Group `times`: gaps between packets (inter-arrival times), each way and of the flow as a whole. */
import { Field, SideField } from '../flow/flow-state.ts';
import type { FlowRow } from './flow-row.ts';
import { type NumberColumn, put } from './put.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { deviation, mean } from './statistics.ts';

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

export function fillTimes(out: ColumnsOf<typeof TIMES>, row: number, flow: FlowRow): void {
  const { record, fwd, bwd } = flow;
  fillSide(row, record, fwd, out.fwd_iat_min_us, out.fwd_iat_mean_us, out.fwd_iat_std_us, out.fwd_iat_max_us);
  fillSide(row, record, bwd, out.bwd_iat_min_us, out.bwd_iat_mean_us, out.bwd_iat_std_us, out.bwd_iat_max_us);
  const gaps = record[fwd + SideField.Packets]! + record[bwd + SideField.Packets]! - 1;
  if (gaps < 1) return;
  const sum = flow.get(Field.GapSum);
  put(out.flow_iat_min_us, row, flow.get(Field.GapMin));
  put(out.flow_iat_mean_us, row, mean(sum, gaps));
  put(out.flow_iat_std_us, row, deviation(sum, flow.get(Field.GapSquares), gaps));
  put(out.flow_iat_max_us, row, flow.get(Field.GapMax));
}

function fillSide(
  row: number,
  record: Float64Array,
  side: number,
  min: NumberColumn,
  average: NumberColumn,
  std: NumberColumn,
  max: NumberColumn,
): void {
  const gaps = record[side + SideField.Packets]! - 1;
  if (gaps < 1) return;
  const sum = record[side + SideField.GapSum]!;
  put(min, row, record[side + SideField.GapMin]!);
  put(average, row, mean(sum, gaps));
  put(std, row, deviation(sum, record[side + SideField.GapSquares]!, gaps));
  put(max, row, record[side + SideField.GapMax]!);
}
