/** Group `identity`: which flow a row is about. Never a model input: addresses, ports and times tell where, not what. */
import type { Digests } from '../../core/digest.ts';
import { communityId } from '../fingerprint/community-id.ts';
import { END_REASON_NAMES, Field, ROW_KIND_NAMES, RowKind } from '../flow/flow-state.ts';
import { KeyWord } from '../flow/key.ts';
import { Protocol } from '../packet/packet.ts';
import { addressText, writeAddress } from './address.ts';
import type { FlowRow } from './flow-row.ts';
import { put } from './put.ts';
import type { ColumnsOf, FeatureRows } from './spec.ts';

export const IDENTITY = {
  capture: { type: 'utf8', doc: 'The capture that the flow was read from, as it was named.' },
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

const source = new Uint8Array(16);
const destination = new Uint8Array(16);

export function fillIdentity(out: ColumnsOf<typeof IDENTITY>, row: number, flow: FlowRow, digests: Digests): void {
  const { keys, key, forward } = flow;
  const version = flow.get(Field.IpVersion);
  const protocol = flow.get(Field.Protocol);
  const ports = keys[key + KeyWord.Ports]!;
  const portA = ports >>> 16;
  const portB = ports & 0xffff;
  const addressA = key + KeyWord.AddressA;
  const addressB = key + KeyWord.AddressB;
  const sourceAt = forward === 0 ? addressA : addressB;
  const destinationAt = forward === 0 ? addressB : addressA;
  const sourcePort = forward === 0 ? portA : portB;
  const destinationPort = forward === 0 ? portB : portA;
  const addressBytes = version === 4 ? 4 : 16;
  out.capture.values[row] = flow.capture;
  out.flow_id.values[row] = flow.get(Field.FlowId);
  out.part.values[row] = flow.get(Field.Part);
  const kind = flow.get(Field.RowKind);
  out.row_kind.values[row] = ROW_KIND_NAMES[kind]!;
  writeAddress(keys, sourceAt, version, source);
  writeAddress(keys, destinationAt, version, destination);
  out.community_id.values[row] = communityId(
    source.subarray(0, addressBytes),
    destination.subarray(0, addressBytes),
    sourcePort,
    destinationPort,
    protocol,
    digests,
  );
  out.first_seen.values[row] = nanoseconds(flow.get(Field.FirstUs), flow.get(Field.FirstNs));
  out.last_seen.values[row] = nanoseconds(flow.get(Field.LastUs), flow.get(Field.LastNs));
  out.src_ip.values[row] = addressText(keys, sourceAt, version);
  out.src_port.values[row] = sourcePort;
  out.dst_ip.values[row] = addressText(keys, destinationAt, version);
  out.dst_port.values[row] = destinationPort;
  out.protocol.values[row] = PROTOCOL_NAMES[protocol] ?? String(protocol);
  out.ip_version.values[row] = version;
  const vlan = flow.get(Field.Vlan);
  if (vlan >= 0) put(out.vlan_id, row, vlan);
  out.end_reason.values[row] = kind === RowKind.End ? END_REASON_NAMES[flow.get(Field.EndReason)]! : null;
}

function nanoseconds(us: number, ns: number): bigint {
  return BigInt(us) * 1000n + BigInt(ns);
}
