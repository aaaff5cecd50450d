/** Group `counts`: how much went each way, and for how long. */
import { SideField } from '../flow/flow-state.ts';
import type { FillRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

export const COUNTS = {
  fwd_packets: { type: 'uint32', unit: 'packets', doc: 'Packets sent by the initiator.', input: true },
  bwd_packets: { type: 'uint32', unit: 'packets', doc: 'Packets sent by the responder.', input: true },
  fwd_bytes: { type: 'uint53', unit: 'bytes', doc: 'Sum of IP packet lengths sent by the initiator.', input: true },
  bwd_bytes: { type: 'uint53', unit: 'bytes', doc: 'Sum of IP packet lengths sent by the responder.', input: true },
  fwd_payload_packets: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Packets with transport payload sent by the initiator.',
    input: true,
  },
  bwd_payload_packets: {
    type: 'uint32',
    unit: 'packets',
    doc: 'Packets with transport payload sent by the responder.',
    input: true,
  },
  fwd_payload_bytes: { type: 'uint53', unit: 'bytes', doc: 'Transport payload sent by the initiator.', input: true },
  bwd_payload_bytes: { type: 'uint53', unit: 'bytes', doc: 'Transport payload sent by the responder.', input: true },
  duration_us: {
    type: 'float64',
    unit: 'us',
    doc: 'Time from the first to the last packet of the part.',
    input: true,
    leaks: 'The active timeout and the ends of the capture cut it.',
  },
} as const satisfies FeatureRows;

export function countsInto(out: ColumnsOf<typeof COUNTS>): FillRow {
  return (row, flow) => {
    const { record, fwd, bwd } = flow;
    out.fwd_packets.values[row] = record[fwd + SideField.Packets]!;
    out.bwd_packets.values[row] = record[bwd + SideField.Packets]!;
    out.fwd_bytes.values[row] = record[fwd + SideField.Bytes]!;
    out.bwd_bytes.values[row] = record[bwd + SideField.Bytes]!;
    out.fwd_payload_packets.values[row] = record[fwd + SideField.PayloadPackets]!;
    out.bwd_payload_packets.values[row] = record[bwd + SideField.PayloadPackets]!;
    out.fwd_payload_bytes.values[row] = record[fwd + SideField.PayloadBytes]!;
    out.bwd_payload_bytes.values[row] = record[bwd + SideField.PayloadBytes]!;
    out.duration_us.values[row] = flow.duration();
  };
}
