/**
 * Tunnels: GRE (RFC 2784, 2890), VXLAN (RFC 7348), GENEVE (RFC 8926) and GTP-U (3GPP TS 29.281). Those over UDP are
 * believed only if their header has the form of one: the port alone proves nothing.
 */
import { enterTunnel } from './ip.ts';
import { drop, Layer, layerOfEtherType, type Step } from './layer.ts';
import { type Packet, Status, Tunnel } from './packet.ts';

const GRE_PROTOCOL = 2;
const GRE_MIN_BYTES = 4;
const GreFlag = { Checksum: 0x8000, Routing: 0x4000, Key: 0x2000, Sequence: 0x1000 } as const;
/** RFC 2637 4.1: version 1 is PPTP's, whose acknowledgement number is one more field. */
const GRE_VERSION = 0x0007;
const GRE_ACKNOWLEDGEMENT = 0x0080;
/**
 * ERSPAN (draft-foschiano-erspan): type I has no header of its own, type II one of 8 bytes and a GRE sequence number, type
 * III one of 12 bytes, whose last bit announces 8 more.
 */
const ErspanType = { OneOrTwo: 0x88be, Three: 0x22eb } as const;
const ERSPAN2_BYTES = 8;
const ERSPAN3_BYTES = 12;
const ERSPAN3_PLATFORM_BYTES = 8;

export function decodeGre(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < GRE_MIN_BYTES) return drop(Status.Truncated);
  const flags = view.getUint16(at);
  const version = flags & GRE_VERSION;
  if (version > 1 || (flags & GreFlag.Routing) !== 0) return drop(Status.OtherTransport);
  // PPTP acknowledges with packets that carry nothing.
  if (version === 1 && (flags & GreFlag.Sequence) === 0) return drop(Status.OtherTransport);
  const type = view.getUint16(at + GRE_PROTOCOL);
  let next = at + GRE_MIN_BYTES;
  for (const flag of [GreFlag.Checksum, GreFlag.Key, GreFlag.Sequence]) if ((flags & flag) !== 0) next += 4;
  if (version === 1 && (flags & GRE_ACKNOWLEDGEMENT) !== 0) next += 4;
  const isErspan = type === ErspanType.OneOrTwo || type === ErspanType.Three;
  if (type === ErspanType.OneOrTwo && (flags & GreFlag.Sequence) !== 0) next += ERSPAN2_BYTES;
  if (type === ErspanType.Three) {
    if (end - next < ERSPAN3_BYTES) return drop(Status.Truncated);
    const hasPlatform = (view.getUint8(next + ERSPAN3_BYTES - 1) & 1) !== 0;
    next += ERSPAN3_BYTES + (hasPlatform ? ERSPAN3_PLATFORM_BYTES : 0);
  }
  const layer = isErspan ? Layer.Ethernet : layerOfEtherType(type);
  if (layer < 0) return drop(Status.OtherTransport);
  enterTunnel(Tunnel.Gre, out);
  out.next = next;
  return layer;
}

const VXLAN_BYTES = 8;
/** Flags with only the I bit set, reserved bits zero. */
const VXLAN_FLAGS = 0x08000000;

export function isVxlan(view: DataView, at: number, end: number): boolean {
  return end - at >= VXLAN_BYTES && view.getUint32(at) === VXLAN_FLAGS && view.getUint8(at + 7) === 0;
}

export function decodeVxlan(_view: DataView, at: number, _end: number, out: Packet): Step {
  enterTunnel(Tunnel.Vxlan, out);
  out.next = at + VXLAN_BYTES;
  return Layer.Ethernet;
}

const GENEVE_BYTES = 8;
const GENEVE_TYPE = 2;

/** Version 0, a protocol that leads to IP, the last byte reserved. */
export function isGeneve(view: DataView, at: number, end: number): boolean {
  if (end - at < GENEVE_BYTES || view.getUint8(at) >> 6 !== 0) return false;
  return view.getUint8(at + 7) === 0 && layerOfEtherType(view.getUint16(at + GENEVE_TYPE)) >= 0;
}

export function decodeGeneve(view: DataView, at: number, _end: number, out: Packet): Step {
  enterTunnel(Tunnel.Geneve, out);
  out.next = at + GENEVE_BYTES + (view.getUint8(at) & 0x3f) * 4;
  return layerOfEtherType(view.getUint16(at + GENEVE_TYPE));
}

const GTP_MIN_BYTES = 8;
const GTP_MESSAGE = 1;
const GTP_OPTIONS_BYTES = 4;
/** A G-PDU carries a user's packet. */
const GTP_USER_PACKET = 255;
const GtpFlag = { HasOptions: 0x07, Extension: 0x04 } as const;

/** Version 1 with the protocol type bit, a user's packet. */
export function isGtpU(view: DataView, at: number, end: number): boolean {
  if (end - at < GTP_MIN_BYTES) return false;
  return (view.getUint8(at) & 0xf0) === 0x30 && view.getUint8(at + GTP_MESSAGE) === GTP_USER_PACKET;
}

export function decodeGtpU(view: DataView, at: number, end: number, out: Packet): Step {
  const flags = view.getUint8(at);
  let next = at + GTP_MIN_BYTES;
  if ((flags & GtpFlag.HasOptions) !== 0) {
    if (end - next < GTP_OPTIONS_BYTES) return drop(Status.Truncated);
    let extension = (flags & GtpFlag.Extension) === 0 ? 0 : view.getUint8(next + 3);
    next += GTP_OPTIONS_BYTES;
    // TS 29.281 5.2.1: length in units of four bytes, the last byte being the next extension's type.
    while (extension !== 0) {
      const length = end - next < 1 ? 0 : view.getUint8(next) * 4;
      if (length === 0 || length > end - next) return drop(Status.Truncated);
      extension = view.getUint8(next + length - 1);
      next += length;
    }
  }
  enterTunnel(Tunnel.GtpU, out);
  out.next = next;
  return Layer.Ip;
}
