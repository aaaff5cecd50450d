/** Group `tunnel`: what the flow was wrapped in, if the capture shows it wrapped. Never a model input. */
import { addressText } from '../flow/address.ts';
import type { OuterPair } from '../flow/outer-pairs.ts';
import { TUNNEL_NAMES } from '../packet/packet.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

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

/** @param forward the side (0 for A, 1 for B) that is the initiator */
export function writeTunnel(
  facts: FactWriter,
  at: FactNumbers<typeof TUNNEL>,
  { tunnel, version, addresses }: OuterPair,
  forward: number,
): void {
  facts.text(at.tunnel, TUNNEL_NAMES[tunnel]);
  facts.text(at.outer_src_ip, addressText(addresses, forward * 4, version));
  facts.text(at.outer_dst_ip, addressText(addresses, (1 - forward) * 4, version));
}
