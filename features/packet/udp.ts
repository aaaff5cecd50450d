/** The UDP header (RFC 768), and the tunnels that are told by their port. */
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Status } from './packet.ts';
import { isGeneve, isGtpU, isVxlan } from './tunnel.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const HEADER_BYTES = 8;
/** IANA ports: RFC 7348, RFC 8926, 3GPP TS 29.281. */
const TunnelPort = { GtpU: 2152, Vxlan: 4789, Geneve: 6081 } as const;

export function decodeUdp(view: DataView, at: number, end: number, out: Packet): Step {
  const { limit } = out;
  if (limit - at < HEADER_BYTES) return drop(Status.Malformed);
  if (end - at < HEADER_BYTES) return drop(Status.Truncated);
  const length = view.getUint16(at + LENGTH);
  // A length of 0 is a jumbogram's (RFC 2675 4); otherwise the datagram ends where it says, within the packet.
  const datagramEnd = length === 0 ? limit : Math.min(at + length, limit);
  if (datagramEnd - at < HEADER_BYTES) return drop(Status.Malformed);
  const payloadAt = at + HEADER_BYTES;
  out.sourcePort = view.getUint16(at + SOURCE_PORT);
  out.destinationPort = view.getUint16(at + DESTINATION_PORT);
  out.tcpFlags = 0;
  out.payloadAt = payloadAt < end ? payloadAt : end;
  out.payloadEnd = datagramEnd < end ? datagramEnd : end;
  out.payloadLength = datagramEnd - payloadAt;
  if (!out.lookThrough) return Layer.Done;
  const layer = tunnelIn(view, out);
  if (layer !== Layer.Done) out.isInDatagram = true;
  return layer;
}

/** The tunnel that the datagram looks like by its port and its first bytes. */
function tunnelIn(view: DataView, out: Packet): Layer {
  const { payloadAt, payloadEnd } = out;
  out.next = payloadAt;
  switch (out.destinationPort) {
    case TunnelPort.Vxlan:
      return isVxlan(view, payloadAt, payloadEnd) ? Layer.Vxlan : Layer.Done;
    case TunnelPort.Geneve:
      return isGeneve(view, payloadAt, payloadEnd) ? Layer.Geneve : Layer.Done;
    case TunnelPort.GtpU:
      return isGtpU(view, payloadAt, payloadEnd) ? Layer.GtpU : Layer.Done;
    default:
      return Layer.Done;
  }
}
