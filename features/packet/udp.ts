/** The UDP header (RFC 768). */
import { type Packet, Status } from './packet.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const HEADER_BYTES = 8;

/** @param packetEnd where the IP packet ends by its own header; `end` is where the capture ends */
export function decodeUdp(view: DataView, at: number, packetEnd: number, end: number, out: Packet): Status {
  if (packetEnd - at < HEADER_BYTES) return Status.Malformed;
  if (end - at < HEADER_BYTES) return Status.Truncated;
  const length = view.getUint16(at + LENGTH);
  // A length of 0 is a jumbogram's (RFC 2675 4); otherwise the datagram ends where it says, within the packet.
  const datagramEnd = length === 0 ? packetEnd : Math.min(at + length, packetEnd);
  if (datagramEnd - at < HEADER_BYTES) return Status.Malformed;
  const payloadAt = at + HEADER_BYTES;
  out.sourcePort = view.getUint16(at + SOURCE_PORT);
  out.destinationPort = view.getUint16(at + DESTINATION_PORT);
  out.sequence = 0;
  out.acknowledgement = 0;
  out.tcpFlags = 0;
  out.window = 0;
  out.payloadAt = payloadAt < end ? payloadAt : end;
  out.payloadEnd = datagramEnd < end ? datagramEnd : end;
  out.payloadLength = datagramEnd - payloadAt;
  return Status.Ok;
}
