/**
 * Community ID version 1 (Corelight, community-id-spec): one name for both directions of a flow, across tools.
 *
 *     "1:" + base64(sha1(seed:16 | low address | high address | protocol:8 | 0:8 | [low port:16 | high port:16]))
 *
 * The end with the smaller address, then the smaller port, comes first. ICMP has no ports: type and the type that
 * answers it take their place; a type without an answer keeps its code and its direction.
 */
import type { Digests } from '../../core/digest.ts';
import { KeyWord, writeAddress } from '../flow/key.ts';
import { answerTo } from '../packet/icmp.ts';
import { Protocol } from '../packet/packet.ts';

/**
 * @param source address, 4 or 16 bytes, as is `destination`
 * @param sourcePort for ICMP the type; ignored by protocols without ports
 * @param destinationPort for ICMP the code
 * @param protocol IP protocol number
 */
export function communityId(
  source: Uint8Array,
  destination: Uint8Array,
  sourcePort: number,
  destinationPort: number,
  protocol: number,
  digests: Digests,
  seed = 0,
): string {
  const answer = isIcmp(protocol) ? answerTo(protocol, sourcePort) : undefined;
  const from = { address: source, port: sourcePort };
  const to = { address: destination, port: answer ?? destinationPort };
  const isOneWay = isIcmp(protocol) && answer === undefined;
  const keeps = isOneWay || precedes(from, to);
  const ports = hasPorts(protocol) ? 4 : 0;
  return `1:${digests.sha1Base64(encode(seed, keeps ? from : to, keeps ? to : from, protocol, ports))}`;
}

/** What is hashed, for IPv4 and for IPv6 with ports; written anew for each flow. */
const KEY_BYTES = { 4: new Uint8Array(2 + 8 + 2 + 4), 6: new Uint8Array(2 + 32 + 2 + 4) } as const;

/**
 * The Community ID of the flow key at `keys[at]` (see flow/key.ts), seed 0. Its sides are in the order that the
 * specification asks for already, those of ICMP too.
 */
export function communityIdOfKey(
  keys: Int32Array,
  at: number,
  version: number,
  protocol: number,
  digests: Digests,
): string {
  const bytes = version === 4 ? KEY_BYTES[4] : KEY_BYTES[6];
  const size = version === 4 ? 4 : 16;
  const ports = keys[at + KeyWord.Ports]!;
  writeAddress(keys, at + KeyWord.AddressA, version, bytes, 2);
  writeAddress(keys, at + KeyWord.AddressB, version, bytes, 2 + size);
  if (!hasPorts(protocol)) {
    const low = bytes.slice(2, 2 + size);
    return communityId(low, bytes.slice(2 + size, 2 + 2 * size), ports >>> 16, ports & 0xffff, protocol, digests);
  }
  bytes[2 + 2 * size] = protocol;
  for (let i = 0; i < 4; i++) bytes[4 + 2 * size + i] = ports >>> (24 - 8 * i);
  return `1:${digests.sha1Base64(bytes)}`;
}

interface End {
  readonly address: Uint8Array;
  readonly port: number;
}

function encode(seed: number, low: End, high: End, protocol: number, ports: number): Uint8Array {
  const size = low.address.length;
  const bytes = new Uint8Array(2 + 2 * size + 2 + ports);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, seed);
  bytes.set(low.address, 2);
  bytes.set(high.address, 2 + size);
  view.setUint8(2 + 2 * size, protocol);
  if (ports === 0) return bytes;
  view.setUint16(4 + 2 * size, low.port);
  view.setUint16(6 + 2 * size, high.port);
  return bytes;
}

/** Address first, then port, both as unsigned numbers; equal ends keep their order. */
function precedes(a: End, b: End): boolean {
  for (let i = 0; i < a.address.length; i++) {
    const difference = a.address[i]! - (b.address[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return a.port <= b.port;
}

function isIcmp(protocol: number): boolean {
  return protocol === Protocol.Icmp || protocol === Protocol.Icmp6;
}

function hasPorts(protocol: number): boolean {
  return isIcmp(protocol) || protocol === Protocol.Tcp || protocol === Protocol.Udp || protocol === Protocol.Sctp;
}
