/** What is asked of the keeper: which flow, and what was found of it. Plain values, so that it may come as a message. */
import type { Finding } from '../../core/table.ts';
import { KEY_WORDS, readKey } from '../../features/flow/key.ts';
import { Packet } from '../../features/packet/packet.ts';
import { parseAddress } from '../../features/rows/address.ts';
import { timeText } from '../../features/text/cell.ts';
import { ianaNumber, type Row } from '../records/row.ts';
import { UNKNOWN } from '../verdict.ts';

/** A flow by the columns of its row, in either direction. */
export interface FlowKey {
  readonly src_ip: string;
  readonly src_port: number;
  readonly dst_ip: string;
  readonly dst_port: number;
  readonly protocol: string;
}

/** What stands in the comment of the packets. */
export interface VerdictFacts {
  readonly verdict: string;
  readonly score: number | null;
  readonly risk: number | null;
  readonly model: string | null;
  readonly flow_id: number | null;
  readonly community_id: string | null;
  /** RFC 3339. */
  readonly first_seen: string;
  readonly last_seen: string;
  /** The last packet of the row, microseconds since 1970: what began later is another flow. */
  readonly lastUs: number;
  readonly evidence: readonly Finding[];
}

/** What to ask of a judged row; null where it names no flow. */
export function keepRequestOf(row: Row): { readonly flow: FlowKey; readonly facts: VerdictFacts } | null {
  const [src_ip, dst_ip, protocol] = [row.text('src_ip'), row.text('dst_ip'), row.text('protocol')];
  if (src_ip === undefined || dst_ip === undefined || protocol === undefined) return null;
  const [first, last] = [row.time('first_seen') ?? 0n, row.time('last_seen') ?? 0n];
  return {
    flow: { src_ip, src_port: row.number('src_port') ?? 0, dst_ip, dst_port: row.number('dst_port') ?? 0, protocol },
    facts: {
      verdict: row.text('verdict') ?? UNKNOWN,
      score: row.number('score') ?? null,
      risk: row.number('risk') ?? null,
      model: row.text('model') ?? null,
      flow_id: row.number('flow_id') ?? null,
      community_id: row.text('community_id') ?? null,
      first_seen: timeText(first),
      last_seen: timeText(last),
      lastUs: Number(last / 1_000n),
      evidence: row.findings('evidence'),
    },
  };
}

/** The words under which packets of the flow are known; null for what is no flow. VLANs are not told apart. */
export function keyWords({ src_ip, src_port, dst_ip, dst_port, protocol }: FlowKey): Int32Array | null {
  const [source, destination, number] = [parseAddress(src_ip), parseAddress(dst_ip), ianaNumber(protocol)];
  if (source === null || destination === null || number === undefined) return null;
  if (source.length !== destination.length) return null;
  const packet = new Packet();
  const addresses = Uint8Array.of(...source, ...destination);
  packet.view = new DataView(addresses.buffer);
  packet.addressAt = 0;
  packet.ipVersion = source.length === 4 ? 4 : 6;
  packet.protocol = number;
  packet.sourcePort = src_port;
  packet.destinationPort = dst_port;
  const words = new Int32Array(KEY_WORDS);
  readKey(packet, false, words);
  return words;
}
