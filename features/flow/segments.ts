/**
 * TCP sequence numbers of one side (RFC 9293 3.4): which segments bring new bytes, which repeat old ones, and which only
 * ask whether the other end is still there. Numbers count modulo 2^32; differences below 2^31 are taken as signed.
 */
import { type Packet, TcpFlag } from '../packet/packet.ts';

export const SegmentKind = {
  /** Brings bytes that were not seen before, or carries none. */
  Fresh: 0,
  /** Every byte of it was seen before. */
  Retransmission: 1,
  /** At most one byte, the last one that was sent: a keep-alive (RFC 9293 3.8.4). */
  KeepAlive: 2,
} as const;
export type SegmentKind = (typeof SegmentKind)[keyof typeof SegmentKind];

/** Where a side's numbers stand in its record, from `at`. */
export interface SequenceFields {
  readonly next: number;
  readonly holeFrom: number;
  readonly holeTo: number;
}

const UNKNOWN = -1;

/** Says what the segment is, and moves on what is known of the side's bytes. */
export function segmentKind(
  record: Float64Array,
  at: number,
  { next, holeFrom, holeTo }: SequenceFields,
  packet: Packet,
): SegmentKind {
  const { sequence, payloadLength, tcpFlags } = packet;
  const known = record[at + next]!;
  const controls = (tcpFlags & TcpFlag.Syn) !== 0 ? 1 : 0;
  const end = (sequence + payloadLength + controls + ((tcpFlags & TcpFlag.Fin) !== 0 ? 1 : 0)) >>> 0;
  if (known === UNKNOWN || controls === 1) {
    // What a reset's number says of the bytes before it is not to be relied on; it begins no stream.
    if ((tcpFlags & TcpFlag.Rst) === 0) record[at + next] = end;
    return SegmentKind.Fresh;
  }
  const ahead = (sequence - known) | 0;
  if (ahead === 0 || ((end - known) | 0) > 0) {
    if (ahead > 0) {
      record[at + holeFrom] = known;
      record[at + holeTo] = sequence;
    }
    if (((end - known) | 0) > 0 && (tcpFlags & TcpFlag.Rst) === 0) record[at + next] = end;
    return SegmentKind.Fresh;
  }
  const isProbe = ahead === -1 && payloadLength <= 1 && (tcpFlags & ~(TcpFlag.Ack | TcpFlag.Psh)) === 0;
  if (isProbe) return SegmentKind.KeepAlive;
  if (payloadLength === 0) return SegmentKind.Fresh;
  return fillsHole(record, at + holeFrom, at + holeTo, sequence, end) ? SegmentKind.Fresh : SegmentKind.Retransmission;
}

/** True if the bytes lie in the hole; what they fill of it is taken off, as far as one hole can say it. */
function fillsHole(record: Float64Array, fromAt: number, toAt: number, sequence: number, end: number): boolean {
  const from = record[fromAt]!;
  const to = record[toAt]!;
  if (from === UNKNOWN || ((sequence - from) | 0) < 0 || ((to - end) | 0) < 0) return false;
  if (sequence === from) record[fromAt] = end;
  else record[toAt] = sequence;
  if (record[fromAt] === record[toAt]) record[fromAt] = record[toAt] = UNKNOWN;
  return true;
}
