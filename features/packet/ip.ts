/** IPv4 (RFC 791) and IPv6 (RFC 8200) headers, down to what they carry. */
import { LIMITS } from '../../core/limits.ts';
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Protocol, Status, Tunnel } from './packet.ts';

const V4_LENGTH = 2;
const V4_IDENTIFICATION = 4;
const V4_FRAGMENT = 6;
const V4_TTL = 8;
const V4_PROTOCOL = 9;
const V4_SOURCE = 12;
const V4_MIN_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

const V6_PAYLOAD_LENGTH = 4;
const V6_NEXT_HEADER = 6;
const V6_HOP_LIMIT = 7;
const V6_SOURCE = 8;
const V6_BYTES = 40;
/** The fragment header (RFC 8200 4.5): next header, reserved, offset and flag, identification. */
const V6_FRAGMENT_OFFSET = 2;
const V6_FRAGMENT_ID = 4;
const NextHeader = { HopByHop: 0, Routing: 43, Fragment: 44, Authentication: 51, DestinationOptions: 60 } as const;

/** IP protocol numbers of packets inside packets: RFC 2003, RFC 2473, RFC 2784. */
const Carried = { Ipv4: 4, Ipv6: 41, Gre: 47 } as const;

export function decodeIp(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < V4_MIN_BYTES) return drop(Status.Truncated);
  const version = view.getUint8(at) >> 4;
  if (version === 4) return decodeIpv4(view, at, end, out);
  return version === 6 ? decodeIpv6(view, at, end, out) : drop(Status.Malformed);
}

function decodeIpv4(view: DataView, at: number, end: number, out: Packet): Step {
  const headerBytes = (view.getUint8(at) & 0x0f) * 4;
  if (headerBytes < V4_MIN_BYTES) return drop(Status.Malformed);
  if (headerBytes > end - at) return drop(Status.Truncated);
  let length = view.getUint16(at + V4_LENGTH);
  // Segmentation offload leaves the total length 0 in captures made on the sending host.
  if (length === 0) length = out.limit - at;
  if (length < headerBytes) return drop(Status.Malformed);
  const fragment = view.getUint16(at + V4_FRAGMENT);
  out.ipVersion = 4;
  out.ttl = view.getUint8(at + V4_TTL);
  out.ipLength = length;
  out.addressAt = at + V4_SOURCE;
  out.isFragment = (fragment & FRAGMENT_OFFSET) !== 0;
  out.fragmentId = (fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) === 0 ? -1 : view.getUint16(at + V4_IDENTIFICATION);
  out.limit = at + length;
  return carried(at + headerBytes, end, view.getUint8(at + V4_PROTOCOL), out);
}

function decodeIpv6(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < V6_BYTES) return drop(Status.Truncated);
  const payloadLength = view.getUint16(at + V6_PAYLOAD_LENGTH);
  const length = payloadLength === 0 ? Math.max(out.limit - at, V6_BYTES) : V6_BYTES + payloadLength;
  out.ipVersion = 6;
  out.ttl = view.getUint8(at + V6_HOP_LIMIT);
  out.ipLength = length;
  out.addressAt = at + V6_SOURCE;
  out.isFragment = false;
  out.fragmentId = -1;
  out.limit = at + length;
  let next = view.getUint8(at + V6_NEXT_HEADER);
  let headerAt = at + V6_BYTES;
  for (let walked = 0; isExtension(next) && !out.isFragment; walked++) {
    if (walked === LIMITS.extensionHeaders) return drop(Status.Malformed);
    if (end - headerAt < 8) return drop(Status.Truncated);
    const bytes = extensionBytes(next, view.getUint8(headerAt + 1));
    if (next === NextHeader.Fragment) {
      out.fragmentId = view.getUint32(headerAt + V6_FRAGMENT_ID);
      out.isFragment = view.getUint16(headerAt + V6_FRAGMENT_OFFSET) >> 3 !== 0;
    }
    next = view.getUint8(headerAt);
    headerAt += bytes;
  }
  return carried(headerAt, end, next, out);
}

function isExtension(next: number): boolean {
  return (
    next === NextHeader.HopByHop ||
    next === NextHeader.Routing ||
    next === NextHeader.Fragment ||
    next === NextHeader.Authentication ||
    next === NextHeader.DestinationOptions
  );
}

/** Length of an extension header, bytes: RFC 8200 4.2, RFC 4302 2.2 for authentication. */
function extensionBytes(kind: number, lengthField: number): number {
  if (kind === NextHeader.Fragment) return 8;
  if (kind === NextHeader.Authentication) return (lengthField + 2) * 4;
  return (lengthField + 1) * 8;
}

/** What an IP packet carries at `at`. A later fragment has no header: all of it is payload, and its ports are its first's. */
function carried(at: number, end: number, protocol: number, out: Packet): Step {
  out.protocol = protocol;
  out.next = at;
  if (out.isFragment) {
    out.tcpFlags = 0;
    out.payloadAt = at < end ? at : end;
    out.payloadEnd = Math.max(out.payloadAt, out.limit < end ? out.limit : end);
    out.payloadLength = Math.max(0, out.limit - at);
    return isFlowProtocol(protocol) ? Layer.Done : drop(Status.OtherTransport);
  }
  switch (protocol) {
    case Protocol.Tcp:
      return Layer.Tcp;
    case Protocol.Udp:
      return Layer.Udp;
    case Protocol.Icmp:
    case Protocol.Icmp6:
      return Layer.Icmp;
    case Protocol.Sctp:
      return Layer.Sctp;
    case Carried.Ipv4:
    case Carried.Ipv6:
      enterTunnel(Tunnel.IpInIp, out);
      return Layer.Ip;
    case Carried.Gre:
      return Layer.Gre;
    default:
      return drop(Status.OtherTransport);
  }
}

function isFlowProtocol(protocol: number): boolean {
  return (
    protocol === Protocol.Tcp ||
    protocol === Protocol.Udp ||
    protocol === Protocol.Icmp ||
    protocol === Protocol.Icmp6 ||
    protocol === Protocol.Sctp
  );
}

/** Keeps the addresses of the outermost IP header, which the inner one is about to replace. */
export function enterTunnel(tunnel: Tunnel, out: Packet): void {
  if (out.tunnel !== Tunnel.None) return;
  out.tunnel = tunnel;
  out.outerVersion = out.ipVersion;
  out.outerAddressAt = out.addressAt;
}
