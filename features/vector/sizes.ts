/** Group `sizes`: packet and payload sizes each way. */
import { SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';
import { momentColumns, putMoments, type Sums } from './statistics.ts';

const size = (doc: string, nulls: string, leaks = '') =>
  ({ type: 'float64', unit: 'bytes', doc, nulls, input: true, leaks }) as const satisfies FeatureRow;
const MERGED = 'Offloading on the capturing host merges packets to larger ones.';
const NO_FWD = 'The initiator sent no packet.';
const NO_BWD = 'The responder sent no packet.';
const NO_FWD_PAYLOAD = 'The initiator sent no payload.';
const NO_BWD_PAYLOAD = 'The responder sent no payload.';

export const SIZES = {
  fwd_packet_size_min: size('Smallest IP packet from the initiator.', NO_FWD),
  fwd_packet_size_mean: size('Mean IP packet length from the initiator.', NO_FWD),
  fwd_packet_size_std: size('Standard deviation (divided by n) of IP packet lengths from the initiator.', NO_FWD),
  fwd_packet_size_max: size('Largest IP packet from the initiator.', NO_FWD, MERGED),
  bwd_packet_size_min: size('Smallest IP packet from the responder.', NO_BWD),
  bwd_packet_size_mean: size('Mean IP packet length from the responder.', NO_BWD),
  bwd_packet_size_std: size('Standard deviation (divided by n) of IP packet lengths from the responder.', NO_BWD),
  bwd_packet_size_max: size('Largest IP packet from the responder.', NO_BWD, MERGED),
  fwd_payload_size_min: size('Smallest payload of the initiator, of packets with payload.', NO_FWD_PAYLOAD),
  fwd_payload_size_mean: size('Mean payload of the initiator, of packets with payload.', NO_FWD_PAYLOAD),
  fwd_payload_size_std: size('Standard deviation (divided by n) of those payloads.', NO_FWD_PAYLOAD),
  fwd_payload_size_max: size('Largest payload of the initiator.', NO_FWD_PAYLOAD, MERGED),
  bwd_payload_size_min: size('Smallest payload of the responder, of packets with payload.', NO_BWD_PAYLOAD),
  bwd_payload_size_mean: size('Mean payload of the responder, of packets with payload.', NO_BWD_PAYLOAD),
  bwd_payload_size_std: size('Standard deviation (divided by n) of those payloads.', NO_BWD_PAYLOAD),
  bwd_payload_size_max: size('Largest payload of the responder.', NO_BWD_PAYLOAD, MERGED),
} as const satisfies FeatureRows;

const PACKET_SUMS = {
  sum: SideField.Bytes,
  squares: SideField.ByteSquares,
  min: SideField.SizeMin,
  max: SideField.SizeMax,
} as const satisfies Sums;

const PAYLOAD_SUMS = {
  sum: SideField.PayloadBytes,
  squares: SideField.PayloadSquares,
  min: SideField.PayloadMin,
  max: SideField.PayloadMax,
} as const satisfies Sums;

export function sizesInto(out: ColumnsOf<typeof SIZES>): FillRow {
  const fwdPackets = momentColumns(out, 'fwd_packet_size', '');
  const bwdPackets = momentColumns(out, 'bwd_packet_size', '');
  const fwdPayloads = momentColumns(out, 'fwd_payload_size', '');
  const bwdPayloads = momentColumns(out, 'bwd_payload_size', '');
  return (row, { record, fwd, bwd }) => {
    putMoments(record, fwd, PACKET_SUMS, record[fwd + SideField.Packets]!, row, fwdPackets);
    putMoments(record, bwd, PACKET_SUMS, record[bwd + SideField.Packets]!, row, bwdPackets);
    putMoments(record, fwd, PAYLOAD_SUMS, record[fwd + SideField.PayloadPackets]!, row, fwdPayloads);
    putMoments(record, bwd, PAYLOAD_SUMS, record[bwd + SideField.PayloadPackets]!, row, bwdPayloads);
  };
}
