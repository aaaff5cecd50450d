/** Group `delivery`: what TCP does for the two sides: acknowledgements, probes, repetitions, and its handshake. */
import { Field, SideField } from '../flow/flow-state.ts';
import { Protocol } from '../packet/packet.ts';
import type { FillRow } from './flow-row.ts';
import { put } from './put.ts';
import { type ColumnsOf, columnsOfSide, type FeatureRow, type FeatureRows, ofBothSides } from './spec.ts';

const NOT_TCP = 'The flow is not TCP.';
const NO_PACKET = 'The flow is not TCP, or {side} sent no packet.';
const NO_PAYLOAD = 'The flow is not TCP, or {side} sent no payload.';
const NO_HANDSHAKE =
  'The flow is not TCP, the three packets were not all seen in this part and in order, or one of the SYN was repeated: then nobody knows which was answered (Karn and Partridge, 1987).';

const packets = (doc: string, leaks = '') =>
  ({ type: 'uint32', unit: 'packets', doc, nulls: NOT_TCP, input: true, leaks }) as const satisfies FeatureRow;
const share = (doc: string, nulls: string, leaks = '') =>
  ({ type: 'float64', doc, nulls, input: true, leaks }) as const satisfies FeatureRow;
const TWICE = 'Captures from mirror ports may have packets twice.';
const roundTrip = (doc: string) =>
  ({
    type: 'float64',
    unit: 'us',
    doc,
    nulls: NO_HANDSHAKE,
    input: true,
    leaks: 'Whether it is there depends on when the capture began, how long it is on where it was taken.',
  }) as const satisfies FeatureRow;

const SIDE = {
  bare_ack_packets: packets('Packets of {side} that only acknowledge: ACK without payload, SYN, FIN or RST.'),
  bare_ack_share: share('Share of those among all packets of {side}.', NO_PACKET),
  keep_alive_packets: packets(
    'Packets of {side} that repeat the last byte, or none, before what is next: keep-alives (RFC 9293 3.8.4) and probes of a closed window.',
  ),
  keep_alive_share: share('Share of those among all packets of {side}.', NO_PACKET),
  retransmissions: packets(
    'Packets of {side} of which every byte had been seen; of a burst of losses that a capture has, too, some more count.',
    TWICE,
  ),
  retransmission_share: share('Share of those among the packets with payload of {side}.', NO_PAYLOAD, TWICE),
  psh_share: share('Share of packets with PSH among all packets of {side} (DeCrypto, 2022).', NO_PACKET),
} as const satisfies FeatureRows;

export const DELIVERY = {
  syn_to_synack_us: roundTrip('Time from SYN to SYN-ACK: the round trip between the capture and the responder.'),
  synack_to_ack_us: roundTrip(
    'Time from SYN-ACK to the ACK of it: the round trip between the capture and the initiator.',
  ),
  ...ofBothSides(SIDE),
} as const satisfies FeatureRows;

export function deliveryInto(out: ColumnsOf<typeof DELIVERY>): FillRow {
  const [fwdColumns, bwdColumns] = [columnsOfSide(out, 'fwd', SIDE), columnsOfSide(out, 'bwd', SIDE)];
  const { syn_to_synack_us, synack_to_ack_us } = out;
  return (row, flow) => {
    if (flow.get(Field.Protocol) !== Protocol.Tcp) return;
    const { record, fwd, bwd } = flow;
    putSide(row, record, fwd, fwdColumns);
    putSide(row, record, bwd, bwdColumns);
    if (record[fwd + SideField.Syn] !== 1 || record[bwd + SideField.Syn] !== 1) return;
    const answer = record[bwd + SideField.SynAt]! - record[fwd + SideField.SynAt]!;
    const acknowledgement = flow.get(Field.AckAt) - record[bwd + SideField.SynAt]!;
    // Packets that were captured out of order say nothing of round trips.
    if (flow.get(Field.AckAt) < 0 || answer < 0 || acknowledgement < 0) return;
    put(syn_to_synack_us, row, answer);
    put(synack_to_ack_us, row, acknowledgement);
  };
}

function putSide(row: number, record: Float64Array, at: number, to: ColumnsOf<typeof SIDE>): void {
  const all = record[at + SideField.Packets]!;
  const bare = record[at + SideField.BareAcks]!;
  const probes = record[at + SideField.KeepAlives]!;
  const repeated = record[at + SideField.Retransmissions]!;
  const payloads = record[at + SideField.PayloadPackets]!;
  put(to.bare_ack_packets, row, bare);
  put(to.keep_alive_packets, row, probes);
  put(to.retransmissions, row, repeated);
  if (all === 0) return;
  put(to.bare_ack_share, row, bare / all);
  put(to.keep_alive_share, row, probes / all);
  put(to.psh_share, row, record[at + SideField.Psh]! / all);
  if (payloads > 0) put(to.retransmission_share, row, repeated / payloads);
}
