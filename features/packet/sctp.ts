/** The SCTP common header (RFC 9260 3.1): ports, and everything behind it as payload. */
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Status } from './packet.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const HEADER_BYTES = 12;

export function decodeSctp(view: DataView, at: number, end: number, out: Packet): Step {
  const { limit } = out;
  if (limit - at < HEADER_BYTES) return drop(Status.Malformed);
  if (end - at < HEADER_BYTES) return drop(Status.Truncated);
  const payloadAt = at + HEADER_BYTES;
  out.sourcePort = view.getUint16(at + SOURCE_PORT);
  out.destinationPort = view.getUint16(at + DESTINATION_PORT);
  out.tcpFlags = 0;
  out.payloadAt = payloadAt < end ? payloadAt : end;
  out.payloadEnd = limit < end ? limit : end;
  out.payloadLength = limit - payloadAt;
  return Layer.Done;
}
