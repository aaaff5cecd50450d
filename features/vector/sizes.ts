/** Group `sizes`: packet and payload sizes each way. */
import { SideField } from '../flow/flow-state.ts';
import type { FlowRow } from './flow-row.ts';
import { type NumberColumn, put } from './put.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { deviation, mean } from './statistics.ts';

const size = (doc: string, nulls: string) =>
  ({ type: 'float64', unit: 'bytes', doc, nulls, input: true }) as const satisfies FeatureRow;
const NO_FWD = 'The initiator sent no packet.';
const NO_BWD = 'The responder sent no packet.';
const NO_FWD_PAYLOAD = 'The initiator sent no payload.';
const NO_BWD_PAYLOAD = 'The responder sent no payload.';

export const SIZES = {
  fwd_packet_size_min: size('Smallest IP packet from the initiator.', NO_FWD),
  fwd_packet_size_mean: size('Mean IP packet length from the initiator.', NO_FWD),
  fwd_packet_size_std: size('Standard deviation (divided by n) of IP packet lengths from the initiator.', NO_FWD),
  fwd_packet_size_max: size('Largest IP packet from the initiator.', NO_FWD),
  bwd_packet_size_min: size('Smallest IP packet from the responder.', NO_BWD),
  bwd_packet_size_mean: size('Mean IP packet length from the responder.', NO_BWD),
  bwd_packet_size_std: size('Standard deviation (divided by n) of IP packet lengths from the responder.', NO_BWD),
  bwd_packet_size_max: size('Largest IP packet from the responder.', NO_BWD),
  fwd_payload_size_min: size('Smallest payload of the initiator, of packets with payload.', NO_FWD_PAYLOAD),
  fwd_payload_size_mean: size('Mean payload of the initiator, of packets with payload.', NO_FWD_PAYLOAD),
  fwd_payload_size_std: size('Standard deviation (divided by n) of those payloads.', NO_FWD_PAYLOAD),
  fwd_payload_size_max: size('Largest payload of the initiator.', NO_FWD_PAYLOAD),
  bwd_payload_size_min: size('Smallest payload of the responder, of packets with payload.', NO_BWD_PAYLOAD),
  bwd_payload_size_mean: size('Mean payload of the responder, of packets with payload.', NO_BWD_PAYLOAD),
  bwd_payload_size_std: size('Standard deviation (divided by n) of those payloads.', NO_BWD_PAYLOAD),
  bwd_payload_size_max: size('Largest payload of the responder.', NO_BWD_PAYLOAD),
} as const satisfies FeatureRows;

export function fillSizes(out: ColumnsOf<typeof SIZES>, row: number, flow: FlowRow): void {
  const { record, fwd, bwd } = flow;
  fillPackets(
    row,
    record,
    fwd,
    out.fwd_packet_size_min,
    out.fwd_packet_size_mean,
    out.fwd_packet_size_std,
    out.fwd_packet_size_max,
  );
  fillPackets(
    row,
    record,
    bwd,
    out.bwd_packet_size_min,
    out.bwd_packet_size_mean,
    out.bwd_packet_size_std,
    out.bwd_packet_size_max,
  );
  fillPayloads(
    row,
    record,
    fwd,
    out.fwd_payload_size_min,
    out.fwd_payload_size_mean,
    out.fwd_payload_size_std,
    out.fwd_payload_size_max,
  );
  fillPayloads(
    row,
    record,
    bwd,
    out.bwd_payload_size_min,
    out.bwd_payload_size_mean,
    out.bwd_payload_size_std,
    out.bwd_payload_size_max,
  );
}

function fillPackets(
  row: number,
  record: Float64Array,
  side: number,
  min: NumberColumn,
  average: NumberColumn,
  std: NumberColumn,
  max: NumberColumn,
): void {
  const count = record[side + SideField.Packets]!;
  if (count === 0) return;
  const sum = record[side + SideField.Bytes]!;
  put(min, row, record[side + SideField.SizeMin]!);
  put(average, row, mean(sum, count));
  put(std, row, deviation(sum, record[side + SideField.ByteSquares]!, count));
  put(max, row, record[side + SideField.SizeMax]!);
}

function fillPayloads(
  row: number,
  record: Float64Array,
  side: number,
  min: NumberColumn,
  average: NumberColumn,
  std: NumberColumn,
  max: NumberColumn,
): void {
  const count = record[side + SideField.PayloadPackets]!;
  if (count === 0) return;
  const sum = record[side + SideField.PayloadBytes]!;
  put(min, row, record[side + SideField.PayloadMin]!);
  put(average, row, mean(sum, count));
  put(std, row, deviation(sum, record[side + SideField.PayloadSquares]!, count));
  put(max, row, record[side + SideField.PayloadMax]!);
}
