/** The TCP header (RFC 9293 3.1). */
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Status } from './packet.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGEMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const MIN_BYTES = 20;

export function decodeTcp(view: DataView, at: number, end: number, out: Packet): Step {
  const { limit } = out;
  if (limit - at < MIN_BYTES) return drop(Status.Malformed);
  if (end - at < MIN_BYTES) return drop(Status.Truncated);
  const headerBytes = (view.getUint8(at + DATA_OFFSET) >> 4) * 4;
  if (headerBytes < MIN_BYTES || headerBytes > limit - at) return drop(Status.Malformed);
  out.sourcePort = view.getUint16(at + SOURCE_PORT);
  out.destinationPort = view.getUint16(at + DESTINATION_PORT);
  out.sequence = view.getUint32(at + SEQUENCE);
  out.acknowledgement = view.getUint32(at + ACKNOWLEDGEMENT);
  out.tcpFlags = view.getUint8(at + FLAGS);
  out.window = view.getUint16(at + WINDOW);
  const payloadAt = at + headerBytes;
  out.payloadAt = payloadAt < end ? payloadAt : end;
  out.payloadEnd = limit < end ? limit : end;
  out.payloadLength = limit - payloadAt;
  return Layer.Done;
}
