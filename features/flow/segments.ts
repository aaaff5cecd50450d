/**
 * TCP sequence numbers of one side (RFC 9293 3.4): which segments bring new bytes, which repeat old ones, and which only
 * ask whether the other end is still there. Numbers count modulo 2^32; differences below 2^31 are taken as signed.
 *
 * Of what was not seen one hole is remembered, the youngest; where a segment fills the middle of it, the part below. With
 * more holes at once (a burst of losses) the segments that fill the others count as retransmissions.
 *
 * The last byte sent once more is a keep-alive, as in Wireshark, even if it was a retransmission of that byte. A probe of a
 * closed window (RFC 9293 3.8.6.1) is one, too, from its second time on; its first brings a byte that is new.
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
  /** Number of the side's SYN before this segment, and of its first packet. */
  readonly syn: number;
  readonly first: number;
}

const UNKNOWN = -1;

/** Sequence number of the packet's first payload byte: a SYN, which may carry data (RFC 7413), takes one itself. */
export function payloadSequence({ sequence, tcpFlags }: Packet): number {
  return (tcpFlags & TcpFlag.Syn) === 0 ? sequence : (sequence + 1) >>> 0;
}

/** Says what the segment is, and moves on what is known of the side's bytes. */
export function segmentKind(record: Float64Array, at: number, fields: SequenceFields, packet: Packet): SegmentKind {
  const { tcpFlags, payloadLength } = packet;
  // A reset's number need not be that of the bytes that it comes after, and what it carries is in no stream.
  if ((tcpFlags & TcpFlag.Rst) !== 0) return SegmentKind.Fresh;
  const isSyn = (tcpFlags & TcpFlag.Syn) !== 0;
  const start = payloadSequence(packet);
  const dataEnd = (start + payloadLength) >>> 0;
  const end = (tcpFlags & TcpFlag.Fin) !== 0 ? (dataEnd + 1) >>> 0 : dataEnd;
  const next = record[at + fields.next]!;
  if (next === UNKNOWN || (isSyn && !isRepeatedSyn(record, at, fields, packet.sequence))) {
    record[at + fields.next] = end;
    record[at + fields.holeFrom] = record[at + fields.holeTo] = UNKNOWN;
    return SegmentKind.Fresh;
  }
  const ahead = (start - next) | 0;
  if (((end - next) | 0) > 0) {
    record[at + fields.next] = end;
    if (ahead > 0) {
      // Acknowledgements may move on the number over what was not seen: a hole that ends here goes on.
      if (record[at + fields.holeTo] !== next) record[at + fields.holeFrom] = next;
      record[at + fields.holeTo] = start;
    }
  }
  if (payloadLength > 0) {
    const isFilling = fillsHole(record, at + fields.holeFrom, at + fields.holeTo, start, dataEnd);
    if (isFilling || ((dataEnd - next) | 0) > 0) return SegmentKind.Fresh;
  }
  const isProbe = ahead === -1 && payloadLength <= 1 && (tcpFlags & (TcpFlag.Syn | TcpFlag.Fin)) === 0;
  if (isProbe) return SegmentKind.KeepAlive;
  return payloadLength === 0 ? SegmentKind.Fresh : SegmentKind.Retransmission;
}

/** A copy of the SYN before, or the SYN of the side's first packet, come late; any other begins another stream. */
function isRepeatedSyn(record: Float64Array, at: number, { syn, first }: SequenceFields, sequence: number): boolean {
  const before = record[at + syn]!;
  return before === UNKNOWN ? record[at + first] === (sequence + 1) >>> 0 : before === sequence;
}

/** True if some of the bytes lie in the hole; what they fill of it is taken off, as far as one hole can say it. */
function fillsHole(record: Float64Array, fromAt: number, toAt: number, start: number, end: number): boolean {
  const from = record[fromAt]!;
  const to = record[toAt]!;
  if (from === UNKNOWN || ((end - from) | 0) <= 0 || ((start - to) | 0) >= 0) return false;
  const isFilledFromBelow = ((start - from) | 0) <= 0;
  if (!isFilledFromBelow) record[toAt] = start;
  else if (((end - to) | 0) < 0) record[fromAt] = end;
  else record[fromAt] = record[toAt] = UNKNOWN;
  return true;
}
