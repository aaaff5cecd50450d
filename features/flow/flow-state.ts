/**
 * What is remembered of each flow: one record of doubles per slot, in pages that are never copied, so that memory grows
 * with the flows and a packet touches a few neighbouring cache lines. Quantities are kept per side (A and B of the
 * key); which side is `fwd` is applied when a row is made.
 *
 * Variances come from sums of squares: sizes are exact; times are microseconds, for which a double leaves a relative
 * error near 1e-15 of the squared mean.
 */
import { LIMITS } from '../../core/limits.ts';
import { type Packet, Protocol, TcpFlag } from '../packet/packet.ts';

/** Fields of a record that belong to the flow as a whole. */
export const Field = {
  /** First and last packet of the part: microseconds, and nanoseconds beyond. */
  FirstUs: 0,
  FirstNs: 1,
  LastUs: 2,
  LastNs: 3,
  /** The tracker's clock at the last packet, us. */
  TouchedUs: 4,
  /** When the flow ended, logically: us and ns (Infinity at the end of the capture). */
  EndUs: 5,
  EndNs: 6,
  FlowId: 7,
  Part: 8,
  /** The side that is `fwd`: 0 for A, 1 for B. */
  Forward: 9,
  /** What says so, a Direction. */
  Direction: 10,
  /** Bit 0 and 1: FIN seen from A, from B. */
  Finished: 11,
  EndReason: 12,
  IpVersion: 13,
  Protocol: 14,
  Vlan: 15,
  /** Gaps between consecutive packets of either side, us. */
  GapMin: 16,
  GapMax: 17,
  GapSquares: 18,
  GapSum: 19,
  /** Payload packets in the sequence. */
  SequenceLength: 20,
  /** What the row says, a RowKind. */
  RowKind: 21,
  /** The tracker's clock when the flow took its place among the open ones, us. */
  QueuedUs: 22,
} as const;
const FLOW_FIELDS = 23;

/** Fields that each side has of its own, from the side's base. */
export const SideField = {
  Packets: 0,
  /** Sum of IP lengths. */
  Bytes: 1,
  ByteSquares: 2,
  SizeMin: 3,
  SizeMax: 4,
  PayloadPackets: 5,
  PayloadBytes: 6,
  PayloadSquares: 7,
  PayloadMin: 8,
  PayloadMax: 9,
  LastUs: 10,
  LastNs: 11,
  GapMin: 12,
  GapMax: 13,
  GapSum: 14,
  GapSquares: 15,
  Fin: 16,
  Syn: 17,
  Rst: 18,
  Psh: 19,
  Ack: 20,
  Urg: 21,
  Ece: 22,
  Cwr: 23,
  /** Sequence number of the side's SYN, -1 if none was seen. */
  SynSequence: 24,
  /** Sequence number of the side's first packet, -1 if it sent none. */
  FirstSequence: 25,
} as const;
const SIDE_FIELDS = 26;

const SIDE_AT = FLOW_FIELDS;
const SEQUENCE_AT = SIDE_AT + 2 * SIDE_FIELDS;
const RECORD = SEQUENCE_AT + 2 * LIMITS.sequence;
const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

/** How the direction of a flow was found, the surest last. */
export const Direction = { FirstSender: 0, Port: 1, SynAck: 2, Syn: 3 } as const;

/** A row of a flow that ended, or of one that goes on: at its N-th packet, or at the end of an interval. */
export const RowKind = { End: 0, Prefix: 1, Interval: 2 } as const;
export const ROW_KIND_NAMES = ['end', 'prefix', 'interval'] as const;

export const EndReason = { Open: 0, Fin: 1, Rst: 2, Idle: 3, Active: 4, Evicted: 5, Eof: 6 } as const;
export type EndReason = (typeof EndReason)[keyof typeof EndReason];
export const END_REASON_NAMES = ['open', 'fin', 'rst', 'idle', 'active', 'evicted', 'eof'] as const;

const NO_SEQUENCE = -1;

export class FlowState {
  readonly #pages: Float64Array[] = [];

  /** The page that holds the slot's record; the record starts at `baseOf(slot)`. */
  page(slot: number): Float64Array {
    return this.#pages[slot >> PAGE_BITS]!;
  }

  baseOf(slot: number): number {
    return (slot & PAGE_MASK) * RECORD;
  }

  sideBaseOf(slot: number, side: number): number {
    return (slot & PAGE_MASK) * RECORD + SIDE_AT + side * SIDE_FIELDS;
  }

  /** Where the sequence starts: `LIMITS.sequence` signed sizes (A positive, bytes), then as many times (us). */
  sequenceBaseOf(slot: number): number {
    return (slot & PAGE_MASK) * RECORD + SEQUENCE_AT;
  }

  get(slot: number, field: number): number {
    return this.#pages[slot >> PAGE_BITS]![(slot & PAGE_MASK) * RECORD + field]!;
  }

  set(slot: number, field: number, value: number): void {
    this.#pages[slot >> PAGE_BITS]![(slot & PAGE_MASK) * RECORD + field] = value;
  }

  /** Prepares the record of a slot for the first packet of a flow or of its next part. */
  start(slot: number, packet: Packet, flowId: number, part: number): void {
    while (slot >> PAGE_BITS >= this.#pages.length) this.#pages.push(new Float64Array(RECORD << PAGE_BITS));
    const record = this.page(slot);
    const base = this.baseOf(slot);
    record.fill(0, base, base + SEQUENCE_AT);
    record[base + Field.FirstUs] = record[base + Field.LastUs] = packet.us;
    record[base + Field.FirstNs] = record[base + Field.LastNs] = packet.ns;
    record[base + Field.FlowId] = flowId;
    record[base + Field.Part] = part;
    record[base + Field.IpVersion] = packet.ipVersion;
    record[base + Field.Protocol] = packet.protocol;
    record[base + Field.Vlan] = packet.vlan;
    record[base + Field.GapMin] = Infinity;
    for (let side = 0; side < 2; side++) {
      const at = this.sideBaseOf(slot, side);
      record[at + SideField.SizeMin] = Infinity;
      record[at + SideField.PayloadMin] = Infinity;
      record[at + SideField.GapMin] = Infinity;
      record[at + SideField.SynSequence] = NO_SEQUENCE;
      record[at + SideField.FirstSequence] = NO_SEQUENCE;
    }
  }

  /** Makes the record of `copy` the same as that of `slot`. */
  copy(slot: number, copy: number): void {
    while (copy >> PAGE_BITS >= this.#pages.length) this.#pages.push(new Float64Array(RECORD << PAGE_BITS));
    const from = this.baseOf(slot);
    this.page(copy).set(this.page(slot).subarray(from, from + RECORD), this.baseOf(copy));
  }

  /** Counts a packet sent by `side` into the slot's record; returns the packets of both sides so far. */
  update(slot: number, side: 0 | 1, packet: Packet): number {
    const record = this.#pages[slot >> PAGE_BITS]!;
    const base = (slot & PAGE_MASK) * RECORD;
    const at = base + SIDE_AT + side * SIDE_FIELDS;
    const { us, ns, ipLength, payloadLength } = packet;
    const packets = record[at + SideField.Packets]!;

    record[at + SideField.Packets] = packets + 1;
    record[at + SideField.Bytes]! += ipLength;
    record[at + SideField.ByteSquares]! += ipLength * ipLength;
    if (ipLength < record[at + SideField.SizeMin]!) record[at + SideField.SizeMin] = ipLength;
    if (ipLength > record[at + SideField.SizeMax]!) record[at + SideField.SizeMax] = ipLength;

    // Out-of-order times count as no gap and do not turn the side's clock back: gaps never add up to more than the duration.
    let gap =
      packets === 0 ? Infinity : us - record[at + SideField.LastUs]! + (ns - record[at + SideField.LastNs]!) / 1000;
    if (gap > 0) {
      record[at + SideField.LastUs] = us;
      record[at + SideField.LastNs] = ns;
    } else gap = 0;
    if (packets > 0) {
      record[at + SideField.GapSum]! += gap;
      record[at + SideField.GapSquares]! += gap * gap;
      if (gap < record[at + SideField.GapMin]!) record[at + SideField.GapMin] = gap;
      if (gap > record[at + SideField.GapMax]!) record[at + SideField.GapMax] = gap;
    }

    const before = packets + record[base + SIDE_AT + (1 - side) * SIDE_FIELDS + SideField.Packets]!;
    if (before > 0) this.#updateFlowTimes(record, base, us, ns);
    if (payloadLength > 0) this.#updatePayload(record, base, at, side, packet);
    if (packet.protocol === Protocol.Tcp && !packet.isFragment) this.#updateFlags(record, at, packet);
    return before + 1;
  }

  #updateFlowTimes(record: Float64Array, base: number, us: number, ns: number): void {
    const gap = us - record[base + Field.LastUs]! + (ns - record[base + Field.LastNs]!) / 1000;
    const forward = gap > 0 ? gap : 0;
    record[base + Field.GapSum]! += forward;
    record[base + Field.GapSquares]! += forward * forward;
    if (forward < record[base + Field.GapMin]!) record[base + Field.GapMin] = forward;
    if (forward > record[base + Field.GapMax]!) record[base + Field.GapMax] = forward;
    if (gap > 0) {
      record[base + Field.LastUs] = us;
      record[base + Field.LastNs] = ns;
    } else if (us - record[base + Field.FirstUs]! + (ns - record[base + Field.FirstNs]!) / 1000 < 0) {
      record[base + Field.FirstUs] = us;
      record[base + Field.FirstNs] = ns;
    }
  }

  #updatePayload(record: Float64Array, base: number, at: number, side: 0 | 1, packet: Packet): void {
    const { payloadLength } = packet;
    record[at + SideField.PayloadPackets]! += 1;
    record[at + SideField.PayloadBytes]! += payloadLength;
    record[at + SideField.PayloadSquares]! += payloadLength * payloadLength;
    if (payloadLength < record[at + SideField.PayloadMin]!) record[at + SideField.PayloadMin] = payloadLength;
    if (payloadLength > record[at + SideField.PayloadMax]!) record[at + SideField.PayloadMax] = payloadLength;
    const length = record[base + Field.SequenceLength]!;
    if (length < LIMITS.sequence) {
      const sequence = base + SEQUENCE_AT + length;
      record[sequence] = side === 0 ? payloadLength : -payloadLength;
      record[sequence + LIMITS.sequence] = Math.max(
        0,
        packet.us - record[base + Field.FirstUs]! + (packet.ns - record[base + Field.FirstNs]!) / 1000,
      );
      record[base + Field.SequenceLength] = length + 1;
    }
  }

  #updateFlags(record: Float64Array, at: number, packet: Packet): void {
    const flags = packet.tcpFlags;
    if ((flags & TcpFlag.Ack) !== 0) record[at + SideField.Ack]! += 1;
    if ((flags & TcpFlag.Psh) !== 0) record[at + SideField.Psh]! += 1;
    if (record[at + SideField.FirstSequence] === NO_SEQUENCE) record[at + SideField.FirstSequence] = packet.sequence;
    if ((flags & ~(TcpFlag.Ack | TcpFlag.Psh)) === 0) return;
    if ((flags & TcpFlag.Fin) !== 0) record[at + SideField.Fin]! += 1;
    if ((flags & TcpFlag.Rst) !== 0) record[at + SideField.Rst]! += 1;
    if ((flags & TcpFlag.Urg) !== 0) record[at + SideField.Urg]! += 1;
    if ((flags & TcpFlag.Ece) !== 0) record[at + SideField.Ece]! += 1;
    if ((flags & TcpFlag.Cwr) !== 0) record[at + SideField.Cwr]! += 1;
    if ((flags & TcpFlag.Syn) !== 0) {
      record[at + SideField.Syn]! += 1;
      record[at + SideField.SynSequence] = packet.sequence;
    }
  }
}
