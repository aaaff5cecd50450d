/** Ethernet, IPv4 or IPv6, TCP: one frame with correct lengths and checksums (RFC 791, 8200, 9293, 1071). */

export const TcpFlag = { Fin: 0x01, Syn: 0x02, Rst: 0x04, Psh: 0x08, Ack: 0x10 } as const;

/** An address and the link it hangs on; 4 bytes of `ip` mean IPv4, 16 IPv6. */
export interface Endpoint {
  readonly mac: Uint8Array;
  readonly ip: Uint8Array;
  readonly port: number;
}

export interface TcpFields {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  /** Already padded to a multiple of four bytes. */
  readonly options: Uint8Array;
  readonly ttl: number;
  /** IPv4 identification; IPv6 has none. */
  readonly ipId: number;
}

export const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_BYTES = 20;
const PROTOCOL_TCP = 6;
/** Of a frame without its payload, with all the options that TCP has room for. */
export const HEADERS_MAX = ETHERNET_BYTES + IPV6_BYTES + TCP_BYTES + 40;

/** Bytes that `writeFrame` fills. */
export function frameBytes({ ip }: Endpoint, { options }: TcpFields, payload: Uint8Array): number {
  return ETHERNET_BYTES + (ip.length === 16 ? IPV6_BYTES : IPV4_BYTES) + TCP_BYTES + options.length + payload.length;
}

/** Writes the frame at an offset of `target`, which is zero there and has room for it. */
export function writeFrame(
  from: Endpoint,
  to: Endpoint,
  tcp: TcpFields,
  payload: Uint8Array,
  target: Uint8Array,
  view: DataView,
  frameAt: number,
): void {
  const v6 = from.ip.length === 16;
  const ipAt = frameAt + ETHERNET_BYTES;
  const tcpBytes = TCP_BYTES + tcp.options.length + payload.length;
  target.set(to.mac, frameAt);
  target.set(from.mac, frameAt + 6);
  view.setUint16(frameAt + 12, v6 ? 0x86dd : 0x0800);
  if (v6) writeIpv6(view, target, ipAt, from, to, tcp, tcpBytes);
  else writeIpv4(view, target, ipAt, from, to, tcp, tcpBytes);

  const at = ipAt + (v6 ? IPV6_BYTES : IPV4_BYTES);
  view.setUint16(at, from.port);
  view.setUint16(at + 2, to.port);
  view.setUint32(at + 4, tcp.seq);
  view.setUint32(at + 8, tcp.ack);
  view.setUint8(at + 12, ((TCP_BYTES + tcp.options.length) >> 2) << 4);
  view.setUint8(at + 13, tcp.flags);
  view.setUint16(at + 14, tcp.window);
  target.set(tcp.options, at + TCP_BYTES);
  target.set(payload, at + TCP_BYTES + tcp.options.length);
  view.setUint16(at + 16, tcpChecksum(target, at, tcpBytes, from.ip, to.ip));
}

function writeIpv4(
  view: DataView,
  target: Uint8Array,
  at: number,
  from: Endpoint,
  to: Endpoint,
  tcp: TcpFields,
  tcpBytes: number,
): void {
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, IPV4_BYTES + tcpBytes);
  view.setUint16(at + 4, tcp.ipId);
  view.setUint16(at + 6, 0x4000); // don't fragment
  view.setUint8(at + 8, tcp.ttl);
  view.setUint8(at + 9, PROTOCOL_TCP);
  target.set(from.ip, at + 12);
  target.set(to.ip, at + 16);
  view.setUint16(at + 10, finish(sumWords(target, at, IPV4_BYTES)));
}

function writeIpv6(
  view: DataView,
  target: Uint8Array,
  at: number,
  from: Endpoint,
  to: Endpoint,
  tcp: TcpFields,
  tcpBytes: number,
): void {
  view.setUint32(at, 0x60000000);
  view.setUint16(at + 4, tcpBytes);
  view.setUint8(at + 6, PROTOCOL_TCP);
  view.setUint8(at + 7, tcp.ttl);
  target.set(from.ip, at + 8);
  target.set(to.ip, at + 24);
}

/** Over the pseudo-header (addresses, protocol, length) and the segment, whose own checksum field is still zero. */
function tcpChecksum(
  frame: Uint8Array,
  at: number,
  tcpBytes: number,
  source: Uint8Array,
  destination: Uint8Array,
): number {
  const pseudo =
    sumWords(source, 0, source.length) + sumWords(destination, 0, destination.length) + PROTOCOL_TCP + tcpBytes;
  return finish(pseudo + sumWords(frame, at, tcpBytes));
}

/** The sum of the 16-bit big-endian words, an odd last byte padded with zero; no carry is folded yet. */
export function sumWords(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const even = at + (length & ~1);
  for (let i = at; i < even; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  return length & 1 ? sum + (bytes[even]! << 8) : sum;
}

/** Folds the carries and complements. */
export function finish(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
