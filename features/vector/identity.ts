/** Group `identity`: which flow a row is about. Never a model input: addresses, ports and times tell where, not what. */
import type { Digests } from '../../core/digest.ts';
import { appendText, type TextColumn } from '../../core/text-column.ts';
import { communityIdOfKey } from '../fingerprint/community-id.ts';
import { addressText } from '../flow/address.ts';
import { CAPTURE_AT, END_REASON_NAMES, Field, ROW_KIND_NAMES, RowKind, TTL_B } from '../flow/flow-state.ts';
import { KeyWord } from '../flow/key.ts';
import { Protocol } from '../packet/packet.ts';
import type { FillRow } from './flow-row.ts';
import { type NumberColumn, put, putIpv4, putTime } from './put.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

export const IDENTITY = {
  capture: {
    type: 'utf8',
    doc: 'The capture that the flow was read from, as it was named; of captures in which flows go on (`--continue`) the one with its first packet.',
  },
  flow_id: {
    type: 'uint53',
    doc: 'Hash of the flow key and the time of the first packet, the same in every run; parts of a flow share it.',
  },
  part: { type: 'uint32', doc: 'Counts from 0 the parts into which the active timeout cut the flow.' },
  row_kind: {
    type: 'utf8',
    doc: '`end` for a part that ended; `prefix` at its N-th packet, `interval` while it lives, where these are asked for.',
  },
  community_id: { type: 'utf8', doc: 'Community ID version 1 of the 5-tuple, seed 0 (Corelight).' },
  first_seen: { type: 'timestamp_ns', doc: 'Time of the first packet of the part, UTC.' },
  last_seen: { type: 'timestamp_ns', doc: 'Time of the last packet of the part, UTC.' },
  src_ip: { type: 'utf8', doc: 'Address of the initiator (RFC 5952 for IPv6).' },
  src_port: { type: 'uint16', doc: 'Port of the initiator; of ICMP the type of its messages.' },
  dst_ip: { type: 'utf8', doc: 'Address of the responder (RFC 5952 for IPv6).' },
  dst_port: { type: 'uint16', doc: 'Port of the responder; of ICMP the type that answers, or else the code.' },
  protocol: { type: 'utf8', doc: 'Protocol: `tcp`, `udp`, `sctp`, `icmp` or `icmp6`.' },
  ip_version: { type: 'uint8', doc: '4 or 6.' },
  vlan_id: {
    type: 'uint16',
    doc: 'Outermost VLAN id of the first packet (802.1Q).',
    nulls: 'The packet had no VLAN tag.',
  },
  src_ttl: {
    type: 'uint8',
    doc: "Time to live (IPv6: hop limit) of the initiator's first packet: a habit of its operating system less the routers before the capture, and so of where the capture was made.",
    nulls: 'The initiator sent no packet.',
  },
  dst_ttl: {
    type: 'uint8',
    doc: "The same of the responder's first packet.",
    nulls: 'The responder sent no packet.',
  },
  end_reason: {
    type: 'utf8',
    doc: 'Why the part ended: `fin`, `rst`, `idle`, `active`, `evicted` or `eof`.',
    nulls: 'The row is of a flow that goes on (`prefix`, `interval`).',
  },
} as const satisfies FeatureRows;

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  [Protocol.Tcp]: 'tcp',
  [Protocol.Udp]: 'udp',
  [Protocol.Sctp]: 'sctp',
  [Protocol.Icmp]: 'icmp',
  [Protocol.Icmp6]: 'icmp6',
};

export function identityInto(out: ColumnsOf<typeof IDENTITY>, digests: Digests): FillRow {
  return (row, flow) => {
    const { keys, key, forward } = flow;
    const version = flow.get(Field.Origin) % CAPTURE_AT;
    const protocol = flow.get(Field.Protocol);
    const kind = flow.get(Field.RowKind);
    const ports = keys[key + KeyWord.Ports]!;
    const isForwardA = forward === 0;
    appendText(out.capture, row, flow.capture);
    out.flow_id.values[row] = flow.get(Field.FlowId);
    out.part.values[row] = flow.get(Field.Part);
    appendText(out.row_kind, row, ROW_KIND_NAMES[kind]!);
    appendText(out.community_id, row, communityIdOfKey(keys, key, version, protocol, digests));
    putTime(out.first_seen, row, flow.get(Field.FirstUs), flow.get(Field.FirstNs));
    putTime(out.last_seen, row, flow.get(Field.LastUs), flow.get(Field.LastNs));
    putAddress(out.src_ip, row, keys, key + (isForwardA ? KeyWord.AddressA : KeyWord.AddressB), version);
    out.src_port.values[row] = isForwardA ? ports >>> 16 : ports & 0xffff;
    putAddress(out.dst_ip, row, keys, key + (isForwardA ? KeyWord.AddressB : KeyWord.AddressA), version);
    out.dst_port.values[row] = isForwardA ? ports & 0xffff : ports >>> 16;
    appendText(out.protocol, row, PROTOCOL_NAMES[protocol]!);
    out.ip_version.values[row] = version;
    const vlan = flow.get(Field.Vlan);
    if (vlan >= 0) put(out.vlan_id, row, vlan);
    const ttls = flow.get(Field.Ttls);
    putTtl(out.src_ttl, row, isForwardA ? ttls % TTL_B : Math.floor(ttls / TTL_B));
    putTtl(out.dst_ttl, row, isForwardA ? Math.floor(ttls / TTL_B) : ttls % TTL_B);
    if (kind === RowKind.End) appendText(out.end_reason, row, END_REASON_NAMES[flow.get(Field.EndReason)]!);
  };
}

/** @param ttl one more than the time to live, 0 for none */
function putTtl(column: NumberColumn, row: number, ttl: number): void {
  if (ttl > 0) put(column, row, ttl - 1);
}

function putAddress(column: TextColumn, row: number, keys: Int32Array, at: number, version: number): void {
  if (version === 4) putIpv4(column, row, keys[at + 3]!);
  else appendText(column, row, addressText(keys, at, version));
}
