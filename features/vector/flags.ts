/** Group `flags`: packets with each TCP flag (RFC 9293 3.1), each way. */
import { Field, SideField } from '../flow/flow-state.ts';
import { Protocol } from '../packet/packet.ts';
import type { FillRow } from './flow-row.ts';
import { put } from './put.ts';
import type { ColumnsOf, FeatureRow, FeatureRows } from './spec.ts';

const flag = (doc: string, leaks = '') =>
  ({
    type: 'uint32',
    unit: 'packets',
    doc,
    nulls: 'The flow is not TCP.',
    input: true,
    leaks,
  }) as const satisfies FeatureRow;
const BEGUN = 'Whether the handshake is there depends on when the capture began.';
const ENDED = 'Whether the end is there depends on when the capture ended.';

export const FLAGS = {
  fwd_fin_packets: flag('Packets with FIN from the initiator.', ENDED),
  bwd_fin_packets: flag('Packets with FIN from the responder.', ENDED),
  fwd_syn_packets: flag('Packets with SYN from the initiator.', BEGUN),
  bwd_syn_packets: flag('Packets with SYN from the responder.', BEGUN),
  fwd_rst_packets: flag('Packets with RST from the initiator.', ENDED),
  bwd_rst_packets: flag('Packets with RST from the responder.', ENDED),
  fwd_psh_packets: flag('Packets with PSH from the initiator.'),
  bwd_psh_packets: flag('Packets with PSH from the responder.'),
  fwd_ack_packets: flag('Packets with ACK from the initiator.'),
  bwd_ack_packets: flag('Packets with ACK from the responder.'),
  fwd_urg_packets: flag('Packets with URG from the initiator.'),
  bwd_urg_packets: flag('Packets with URG from the responder.'),
  fwd_ece_packets: flag('Packets with ECE (RFC 3168) from the initiator.'),
  bwd_ece_packets: flag('Packets with ECE (RFC 3168) from the responder.'),
  fwd_cwr_packets: flag('Packets with CWR (RFC 3168) from the initiator.'),
  bwd_cwr_packets: flag('Packets with CWR (RFC 3168) from the responder.'),
} as const satisfies FeatureRows;

export function flagsInto(out: ColumnsOf<typeof FLAGS>): FillRow {
  return (row, flow) => {
    if (flow.get(Field.Protocol) !== Protocol.Tcp) return;
    const { record, fwd, bwd } = flow;
    put(out.fwd_fin_packets, row, record[fwd + SideField.Fin]!);
    put(out.bwd_fin_packets, row, record[bwd + SideField.Fin]!);
    put(out.fwd_syn_packets, row, record[fwd + SideField.Syn]!);
    put(out.bwd_syn_packets, row, record[bwd + SideField.Syn]!);
    put(out.fwd_rst_packets, row, record[fwd + SideField.Rst]!);
    put(out.bwd_rst_packets, row, record[bwd + SideField.Rst]!);
    put(out.fwd_psh_packets, row, record[fwd + SideField.Psh]!);
    put(out.bwd_psh_packets, row, record[bwd + SideField.Psh]!);
    put(out.fwd_ack_packets, row, record[fwd + SideField.Ack]!);
    put(out.bwd_ack_packets, row, record[bwd + SideField.Ack]!);
    put(out.fwd_urg_packets, row, record[fwd + SideField.Urg]!);
    put(out.bwd_urg_packets, row, record[bwd + SideField.Urg]!);
    put(out.fwd_ece_packets, row, record[fwd + SideField.Ece]!);
    put(out.bwd_ece_packets, row, record[bwd + SideField.Ece]!);
    put(out.fwd_cwr_packets, row, record[fwd + SideField.Cwr]!);
    put(out.bwd_cwr_packets, row, record[bwd + SideField.Cwr]!);
  };
}
