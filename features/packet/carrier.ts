/**
 * What stands between Ethernet and IP at providers: MPLS (RFC 3032), PPPoE (RFC 2516) and PPP (RFC 1661); and what wraps
 * whole Ethernet frames: provider backbone bridges (802.1ah) and Cisco's FabricPath.
 */
import { LIMITS } from '../../core/limits.ts';
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Status } from './packet.ts';

const MPLS_BYTES = 4;
const BOTTOM_OF_STACK = 0x100;
const PPPOE_BYTES = 6;
/** HDLC-like framing (RFC 1662 3.1): address and control, which may be left out. */
const PPP_ADDRESS_CONTROL = 0xff03;
const PppProtocol = { Ipv4: 0x0021, Ipv6: 0x0057 } as const;

/** Pops labels; what follows the last one tells by its first four bits whether it is IP, or Ethernet in a pseudowire. */
export function decodeMpls(view: DataView, at: number, end: number, out: Packet): Step {
  for (let labels = 0; labels < LIMITS.mplsLabels; labels++) {
    if (end - at < MPLS_BYTES) return drop(Status.Truncated);
    const entry = view.getUint32(at);
    at += MPLS_BYTES;
    if ((entry & BOTTOM_OF_STACK) !== 0) return belowLabels(view, at, end, out);
  }
  return drop(Status.Malformed);
}

function belowLabels(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < 1) return drop(Status.Truncated);
  const version = view.getUint8(at) >> 4;
  out.next = at;
  if (version === 4 || version === 6) return Layer.Ip;
  // RFC 4385 3: a control word begins with four zero bits, and Ethernet follows it.
  if (version !== 0) return drop(Status.NotIp);
  out.next = at + 4;
  return Layer.Ethernet;
}

export function decodePppoe(_view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < PPPOE_BYTES) return drop(Status.Truncated);
  out.next = at + PPPOE_BYTES;
  return Layer.Ppp;
}

export function decodePpp(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < 4) return drop(Status.Truncated);
  if (view.getUint16(at) === PPP_ADDRESS_CONTROL) at += 2;
  // A protocol number below 256 may be sent in one byte (RFC 1661 6.5): then the first byte is odd.
  const isShort = (view.getUint8(at) & 1) === 1;
  const protocol = isShort ? view.getUint8(at) : view.getUint16(at);
  if (protocol !== PppProtocol.Ipv4 && protocol !== PppProtocol.Ipv6) return drop(Status.NotIp);
  out.next = at + (isShort ? 1 : 2);
  return Layer.Ip;
}

/** 802.1ah 9.7: flags and the service's number; the customer's frame follows. */
const BACKBONE_TAG_BYTES = 4;
/** FabricPath's forwarding tag: tree and time to live. */
const FABRIC_TAG_BYTES = 2;

export function decodeBackboneTag(_view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < BACKBONE_TAG_BYTES) return drop(Status.Truncated);
  out.next = at + BACKBONE_TAG_BYTES;
  return Layer.Ethernet;
}

export function decodeFabricPath(_view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < FABRIC_TAG_BYTES) return drop(Status.Truncated);
  out.next = at + FABRIC_TAG_BYTES;
  return Layer.Ethernet;
}
