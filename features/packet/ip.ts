/** IPv4 (RFC 791) and IPv6 (RFC 8200) headers, down to the transport. */
import { LIMITS } from '../../core/limits.ts';
import { type Packet, Protocol, Status } from './packet.ts';
import { decodeTcp } from './tcp.ts';
import { decodeUdp } from './udp.ts';

const V4_LENGTH = 2;
const V4_FRAGMENT = 6;
const V4_PROTOCOL = 9;
const V4_SOURCE = 12;
const V4_MIN_BYTES = 20;
const FRAGMENT_OFFSET_MASK = 0x1fff;

const V6_PAYLOAD_LENGTH = 4;
const V6_NEXT_HEADER = 6;
const V6_SOURCE = 8;
const V6_BYTES = 40;
const NextHeader = { HopByHop: 0, Routing: 43, Fragment: 44, Authentication: 51, DestinationOptions: 60 } as const;

/** Decodes the IP packet at `at`; `wireLength` is its length on the wire with link padding, bytes. */
export function decodeIp(view: DataView, at: number, end: number, wireLength: number, out: Packet): Status {
  if (end - at < V4_MIN_BYTES) return Status.Truncated;
  const version = view.getUint8(at) >> 4;
  if (version === 4) return decodeIpv4(view, at, end, wireLength, out);
  if (version === 6) return decodeIpv6(view, at, end, wireLength, out);
  return Status.Malformed;
}

function decodeIpv4(view: DataView, at: number, end: number, wireLength: number, out: Packet): Status {
  const headerBytes = (view.getUint8(at) & 0x0f) * 4;
  if (headerBytes < V4_MIN_BYTES) return Status.Malformed;
  if (headerBytes > end - at) return Status.Truncated;
  let length = view.getUint16(at + V4_LENGTH);
  // Segmentation offload leaves the total length 0 in captures made on the sending host.
  if (length === 0) length = wireLength;
  if (length < headerBytes) return Status.Malformed;
  if ((view.getUint16(at + V4_FRAGMENT) & FRAGMENT_OFFSET_MASK) !== 0) return Status.Fragment;
  out.ipVersion = 4;
  out.ipLength = length;
  out.addressAt = at + V4_SOURCE;
  return decodeTransport(view, at + headerBytes, at + length, end, view.getUint8(at + V4_PROTOCOL), out);
}

function decodeIpv6(view: DataView, at: number, end: number, wireLength: number, out: Packet): Status {
  if (end - at < V6_BYTES) return Status.Truncated;
  const payloadLength = view.getUint16(at + V6_PAYLOAD_LENGTH);
  const length = payloadLength === 0 ? Math.max(wireLength, V6_BYTES) : V6_BYTES + payloadLength;
  out.ipVersion = 6;
  out.ipLength = length;
  out.addressAt = at + V6_SOURCE;
  let next = view.getUint8(at + V6_NEXT_HEADER);
  let headerAt = at + V6_BYTES;
  for (let walked = 0; isExtension(next); walked++) {
    if (walked === LIMITS.extensionHeaders) return Status.Malformed;
    if (end - headerAt < 8) return Status.Truncated;
    if (next === NextHeader.Fragment && view.getUint16(headerAt + 2) >> 3 !== 0) return Status.Fragment;
    const bytes = extensionBytes(next, view.getUint8(headerAt + 1));
    next = view.getUint8(headerAt);
    headerAt += bytes;
  }
  return decodeTransport(view, headerAt, at + length, end, next, out);
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

/** @param packetEnd where the IP packet ends by its own header; `end` is where the capture ends */
function decodeTransport(
  view: DataView,
  at: number,
  packetEnd: number,
  end: number,
  protocol: number,
  out: Packet,
): Status {
  out.protocol = protocol;
  if (protocol === Protocol.Tcp) return decodeTcp(view, at, packetEnd, end, out);
  if (protocol === Protocol.Udp) return decodeUdp(view, at, packetEnd, end, out);
  return Status.OtherTransport;
}
