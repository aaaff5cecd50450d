/**
 * ICMP (RFC 792) and ICMPv6 (RFC 4443) as flows: the type stands for the source port, and the type that answers it, or
 * else the code, for the destination port, so that a request and its reply are two directions of one flow. Zeek and
 * Community ID do the same.
 */
import { drop, Layer, type Step } from './layer.ts';
import { type Packet, Protocol, Status } from './packet.ts';

const TYPE = 0;
const CODE = 1;
const HEADER_BYTES = 8;

/** Request and reply of ICMP: RFC 792, 950, 1256. */
const ANSWERS: Readonly<Record<number, number>> = {
  8: 0,
  0: 8,
  13: 14,
  14: 13,
  15: 16,
  16: 15,
  17: 18,
  18: 17,
  10: 9,
  9: 10,
};
/** Query and report of ICMPv6: RFC 4443, 2710, 4861, 4620, 6275. */
const ANSWERS6: Readonly<Record<number, number>> = {
  128: 129,
  129: 128,
  130: 131,
  131: 130,
  133: 134,
  134: 133,
  135: 136,
  136: 135,
  139: 140,
  140: 139,
  144: 145,
  145: 144,
};

/** The type of message that answers one of the type; undefined where nothing does: errors, announcements. */
export function answerTo(protocol: number, type: number): number | undefined {
  return (protocol === Protocol.Icmp ? ANSWERS : ANSWERS6)[type];
}

export function decodeIcmp(view: DataView, at: number, end: number, out: Packet): Step {
  const { limit } = out;
  if (limit - at < HEADER_BYTES) return drop(Status.Malformed);
  if (end - at < HEADER_BYTES) return drop(Status.Truncated);
  const type = view.getUint8(at + TYPE);
  const answer = answerTo(out.protocol, type);
  out.sourcePort = type;
  out.destinationPort = answer ?? view.getUint8(at + CODE);
  out.tcpFlags = 0;
  out.payloadAt = at + HEADER_BYTES;
  out.payloadEnd = limit < end ? limit : end;
  out.payloadLength = limit - at - HEADER_BYTES;
  return Layer.Done;
}
