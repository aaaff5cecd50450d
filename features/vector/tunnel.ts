/** Group `tunnel`: what the flow was wrapped in, if the capture shows it wrapped. Never a model input. */
import { appendText } from '../../core/text-column.ts';
import { TUNNEL_NAMES } from '../packet/packet.ts';
import { addressText } from './address.ts';
import type { FlowRow } from './flow-row.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

const PLAIN = 'The flow was not in a tunnel.';

export const TUNNEL = {
  tunnel: {
    type: 'utf8',
    doc: 'Outermost wrapping of the first packet: `ipip`, `gre`, `vxlan`, `geneve` or `gtpu`.',
    nulls: PLAIN,
  },
  outer_src_ip: { type: 'utf8', doc: "Outer address on the initiator's end of the tunnel.", nulls: PLAIN },
  outer_dst_ip: { type: 'utf8', doc: "Outer address on the responder's end of the tunnel.", nulls: PLAIN },
} as const satisfies FeatureRows;

export function fillTunnel(out: ColumnsOf<typeof TUNNEL>, row: number, flow: FlowRow): void {
  const { outer, forward } = flow;
  if (outer === null) return;
  appendText(out.tunnel, row, TUNNEL_NAMES[outer.tunnel]);
  appendText(out.outer_src_ip, row, addressText(outer.addresses, forward * 4, outer.version));
  appendText(out.outer_dst_ip, row, addressText(outer.addresses, (1 - forward) * 4, outer.version));
}
