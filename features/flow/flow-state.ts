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
import { type ByteSample, sampleBytes } from './byte-sample.ts';
import { BINS, binOf } from './histogram.ts';
import { MessageLog, RUN } from './message-log.ts';
import { SegmentKind, type SequenceFields, segmentKind } from './segments.ts';

/** Fields of a record that belong to the flow as a whole; what every packet touches first, to be in few cache lines. */
export const Field = {
  /** First and last packet of the part: microseconds, and nanoseconds beyond. */
  FirstUs: 0,
  FirstNs: 1,
  LastUs: 2,
  LastNs: 3,
  /** Packets of both sides. */
  Packets: 4,
  EndReason: 5,
  /** The tracker's clock at the last packet, us. */
  TouchedUs: 6,
  /** The tracker's clock when the flow took its place among the open ones, us. */
  QueuedUs: 7,
  /** Gaps between consecutive packets of either side, us. */
  GapMin: 8,
  GapMax: 9,
  GapSum: 10,
  GapSquares: 11,
  /** Payload packets in the message log, and the runs of it that hold the first and the last of them. */
  Messages: 12,
  FirstRun: 13,
  LastRun: 14,
  /** Bit 0 and 1: FIN seen from A, from B. */
  Finished: 15,
  FlowId: 16,
  Part: 17,
  /** The side that is `fwd`: 0 for A, 1 for B. */
  Forward: 18,
  /** What says so, a Direction. */
  Direction: 19,
  /** IP version of the flow, plus CAPTURE_AT times the number of the capture that its first packet was in. */
  Origin: 20,
  Protocol: 21,
  Vlan: 22,
  /** What the row says, a RowKind. */
  RowKind: 23,
  /** When the flow ended, logically: us and ns (Infinity at the end of the capture). */
  EndUs: 24,
  EndNs: 25,
  /** Initiator's first acknowledgement after the SYN-ACK, us from the first packet; -1 while there is none. */
  AckAt: 26,
  /** Start of the active period that goes on, us from the first packet (a pause of LIMITS.pauseUs ends one). */
  ActiveFrom: 27,
  /** Active periods that are over, and pauses between them, us. */
  Actives: 28,
  ActiveSum: 29,
  ActiveSquares: 30,
  ActiveMin: 31,
  ActiveMax: 32,
  PauseSum: 33,
  PauseSquares: 34,
  PauseMin: 35,
  PauseMax: 36,
  /** Time to live of each side's first packet: A's plus 1, and TTL_B times B's plus 1; 0 where a side sent none. */
  Ttls: 37,
} as const;
const FLOW_FIELDS = 38;
export const TTL_B = 512;
export const CAPTURE_AT = 16;

/** Fields that each side has of its own, from the side's base; again with what every packet touches first. */
export const SideField = {
  Packets: 0,
  /** Sum of IP lengths. */
  Bytes: 1,
  ByteSquares: 2,
  SizeMin: 3,
  SizeMax: 4,
  LastUs: 5,
  LastNs: 6,
  GapMin: 7,
  GapMax: 8,
  GapSum: 9,
  GapSquares: 10,
  Ack: 11,
  Psh: 12,
  /** Sequence number of the side's first packet, -1 if it sent none. */
  FirstSequence: 13,
  PayloadPackets: 14,
  PayloadBytes: 15,
  PayloadSquares: 16,
  PayloadMin: 17,
  PayloadMax: 18,
  /** Sequence number of the side's SYN, -1 if none was seen. */
  SynSequence: 19,
  Fin: 20,
  Syn: 21,
  Rst: 22,
  Urg: 23,
  Ece: 24,
  Cwr: 25,
  /** Behind the last byte that the side has sent, as a TCP sequence number; -1 while none is known. */
  NextSequence: 26,
  /** The youngest hole in what was seen of the side's bytes, sequence numbers; -1 for none. */
  HoleFrom: 27,
  HoleTo: 28,
  /** Segments of which every byte had been seen, and probes that repeat the last byte to keep the connection. */
  Retransmissions: 29,
  KeepAlives: 30,
  /** Payload packets that are neither, and the latest time of one, us from the first packet; -1 while there is none. */
  Messages: 31,
  MessageAt: 32,
  /** When the side sent its first SYN, us from the first packet; -1 while it has not. */
  SynAt: 33,
  /** Entropy, bits a byte, and share of printable bytes of the beginning of the first payload; -1 while there is none. */
  FirstEntropy: 34,
  FirstPrintable: 35,
  /** Acknowledgements alone: no payload, no SYN, FIN or RST, no probe. */
  BareAcks: 36,
} as const;
const SIDE_FIELDS = 37;

/** Counts of a side by size or time, from the side's place in the counters: bins as in histogram.ts. */
export const Counter = { Sizes: 0, Gaps: BINS } as const;
export const SIDE_COUNTERS = 2 * BINS;
/** Counters of a flow: side A's, then side B's. */
export const COUNTERS = 2 * SIDE_COUNTERS;

/** Where side A's fields start in a record; side B's follow them. */
export const SIDE_AT = FLOW_FIELDS;
export const SIDE_LENGTH = SIDE_FIELDS;
const USED = FLOW_FIELDS + 2 * SIDE_FIELDS;
/** Doubles of a record: whole cache lines. */
export const RECORD = Math.ceil(USED / 8) * 8;
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

const SEQUENCE_FIELDS: SequenceFields = {
  next: SideField.NextSequence,
  holeFrom: SideField.HoleFrom,
  holeTo: SideField.HoleTo,
  syn: SideField.SynSequence,
  first: SideField.FirstSequence,
};
const NEVER = -1;
const ACK_OR_BOUNDS = TcpFlag.Ack | TcpFlag.Syn | TcpFlag.Fin | TcpFlag.Rst;
/** Flow and side fields that are times from the first packet, which an older packet may turn out to be. */
const FLOW_TIMES = [Field.AckAt, Field.ActiveFrom] as const;
const SIDE_TIMES = [SideField.MessageAt, SideField.SynAt] as const;

export class FlowState {
  readonly #pages: Float64Array[] = [];
  readonly #counterPages: Uint32Array[] = [];
  readonly #sample: ByteSample = { entropy: 0, printable: 0 };
  readonly messages = new MessageLog();

  /** The page that holds the slot's record; the record starts at `baseOf(slot)`. */
  page(slot: number): Float64Array {
    return this.#pages[slot >> PAGE_BITS]!;
  }

  baseOf(slot: number): number {
    return (slot & PAGE_MASK) * RECORD;
  }

  sideBaseOf(slot: number, side: number): number {
    return (slot & PAGE_MASK) * RECORD + SIDE_AT + side * SIDE_LENGTH;
  }

  /** The page that holds the slot's counters; they start at `countersOf(slot)`. */
  counterPage(slot: number): Uint32Array {
    return this.#counterPages[slot >> PAGE_BITS]!;
  }

  countersOf(slot: number): number {
    return (slot & PAGE_MASK) * COUNTERS;
  }

  get(slot: number, field: number): number {
    return this.#pages[slot >> PAGE_BITS]![(slot & PAGE_MASK) * RECORD + field]!;
  }

  set(slot: number, field: number, value: number): void {
    this.#pages[slot >> PAGE_BITS]![(slot & PAGE_MASK) * RECORD + field] = value;
  }

  /** Sequence number of the side's first payload byte, -1 if its SYN was not seen. */
  firstPayloadSequence(slot: number, side: number): number {
    const syn = this.page(slot)[this.sideBaseOf(slot, side) + SideField.SynSequence]!;
    return syn < 0 ? NO_SEQUENCE : (syn + 1) >>> 0;
  }

  /** Prepares the record of a slot for the first packet of a flow or of its next part. */
  start(slot: number, packet: Packet, flowId: number, part: number): void {
    const record = this.#pageFor(slot);
    const base = this.baseOf(slot);
    record.fill(0, base, base + USED);
    const counters = this.countersOf(slot);
    this.counterPage(slot).fill(0, counters, counters + COUNTERS);
    record[base + Field.FirstUs] = record[base + Field.LastUs] = packet.us;
    record[base + Field.FirstNs] = record[base + Field.LastNs] = packet.ns;
    record[base + Field.FlowId] = flowId;
    record[base + Field.Part] = part;
    record[base + Field.Origin] = packet.ipVersion + CAPTURE_AT * packet.capture;
    record[base + Field.Protocol] = packet.protocol;
    record[base + Field.Vlan] = packet.vlan;
    record[base + Field.GapMin] = Infinity;
    record[base + Field.AckAt] = NEVER;
    record[base + Field.ActiveMin] = record[base + Field.PauseMin] = Infinity;
    for (let side = 0; side < 2; side++) {
      const at = this.sideBaseOf(slot, side);
      record[at + SideField.SizeMin] = Infinity;
      record[at + SideField.PayloadMin] = Infinity;
      record[at + SideField.GapMin] = Infinity;
      record[at + SideField.SynSequence] = NO_SEQUENCE;
      record[at + SideField.FirstSequence] = NO_SEQUENCE;
      record[at + SideField.NextSequence] = NO_SEQUENCE;
      record[at + SideField.HoleFrom] = record[at + SideField.HoleTo] = NO_SEQUENCE;
      record[at + SideField.SynAt] = record[at + SideField.MessageAt] = NEVER;
      record[at + SideField.FirstEntropy] = record[at + SideField.FirstPrintable] = NEVER;
    }
  }

  /** Makes the record of `copy` the same as that of `slot`, with messages of its own. */
  copy(slot: number, copy: number): void {
    const to = this.#pageFor(copy);
    const base = this.baseOf(copy);
    const from = this.baseOf(slot);
    to.set(this.page(slot).subarray(from, from + RECORD), base);
    const counters = this.countersOf(slot);
    this.counterPage(copy).set(this.counterPage(slot).subarray(counters, counters + COUNTERS), this.countersOf(copy));
    const count = to[base + Field.Messages]!;
    const [sizes, times] = [new Int32Array(count), new Float64Array(count)];
    this.messages.read(to[base + Field.FirstRun]!, count, sizes, times, 0);
    to[base + Field.Messages] = 0;
    for (let i = 0; i < count; i++) this.#addMessage(to, base, sizes[i]!, times[i]!);
  }

  /** The record is not wanted any more: gives back what it holds of the message log. */
  release(slot: number): void {
    const record = this.page(slot);
    const base = this.baseOf(slot);
    if (record[base + Field.Messages] === 0) return;
    this.messages.free(record[base + Field.FirstRun]!, record[base + Field.LastRun]!);
    record[base + Field.Messages] = 0;
  }

  #pageFor(slot: number): Float64Array {
    while (slot >> PAGE_BITS >= this.#pages.length) {
      this.#pages.push(new Float64Array(RECORD << PAGE_BITS));
      this.#counterPages.push(new Uint32Array(COUNTERS << PAGE_BITS));
    }
    return this.page(slot);
  }

  /** Counts a packet sent by `side` into the slot's record; returns the packets of both sides so far. */
  update(slot: number, side: 0 | 1, packet: Packet): number {
    const record = this.#pages[slot >> PAGE_BITS]!;
    const base = (slot & PAGE_MASK) * RECORD;
    const at = base + SIDE_AT + side * SIDE_LENGTH;
    const { us, ns, ipLength, payloadLength } = packet;
    const packets = record[at + SideField.Packets]!;
    if (packets === 0) record[base + Field.Ttls]! += (packet.ttl + 1) * (side === 0 ? 1 : TTL_B);

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

    const before = record[base + Field.Packets]!;
    record[base + Field.Packets] = before + 1;
    if (before > 0) this.#updateFlowTimes(record, base, us, ns);
    let kind: SegmentKind = SegmentKind.Fresh;
    if (packet.protocol === Protocol.Tcp && !packet.isFragment) {
      kind = segmentKind(record, at, SEQUENCE_FIELDS, packet);
      this.#updateFlags(record, base, at, side, packet);
      if (kind === SegmentKind.Retransmission) record[at + SideField.Retransmissions]! += 1;
      else if (kind === SegmentKind.KeepAlive) record[at + SideField.KeepAlives]! += 1;
      else if (payloadLength === 0 && (packet.tcpFlags & ACK_OR_BOUNDS) === TcpFlag.Ack) {
        record[at + SideField.BareAcks]! += 1;
      }
    }
    if (payloadLength > 0) {
      this.#updatePayload(record, at, payloadLength);
      if (kind === SegmentKind.Fresh) this.#updateMessages(slot, record, base, at, side, packet);
    }
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
      if (gap >= LIMITS.pauseUs) this.#endActivity(record, base, gap, timeOf(record, base, us, ns));
      record[base + Field.LastUs] = us;
      record[base + Field.LastNs] = ns;
    } else if (timeOf(record, base, us, ns) < 0) this.#moveStart(record, base, us, ns);
  }

  /** A packet at `time` after a pause of `pause` us: an active period is over, and another begins with it. */
  #endActivity(record: Float64Array, base: number, pause: number, time: number): void {
    const last = timeOf(record, base, record[base + Field.LastUs]!, record[base + Field.LastNs]!);
    const active = Math.max(0, last - record[base + Field.ActiveFrom]!);
    record[base + Field.ActiveFrom] = time;
    record[base + Field.Actives]! += 1;
    record[base + Field.ActiveSum]! += active;
    record[base + Field.ActiveSquares]! += active * active;
    if (active < record[base + Field.ActiveMin]!) record[base + Field.ActiveMin] = active;
    if (active > record[base + Field.ActiveMax]!) record[base + Field.ActiveMax] = active;
    record[base + Field.PauseSum]! += pause;
    record[base + Field.PauseSquares]! += pause * pause;
    if (pause < record[base + Field.PauseMin]!) record[base + Field.PauseMin] = pause;
    if (pause > record[base + Field.PauseMax]!) record[base + Field.PauseMax] = pause;
  }

  /** A packet that is older than the first: times count from it now. */
  #moveStart(record: Float64Array, base: number, us: number, ns: number): void {
    const shift = -timeOf(record, base, us, ns);
    record[base + Field.FirstUs] = us;
    record[base + Field.FirstNs] = ns;
    for (const field of FLOW_TIMES) if (record[base + field] !== NEVER) record[base + field]! += shift;
    // The first active period began with the packet that is now first.
    if (record[base + Field.Actives] === 0) record[base + Field.ActiveFrom] = 0;
    for (let at = base + SIDE_AT; at < base + USED; at += SIDE_LENGTH) {
      for (const field of SIDE_TIMES) if (record[at + field] !== NEVER) record[at + field]! += shift;
    }
    const messages = record[base + Field.Messages]!;
    if (messages > 0) this.messages.shift(record[base + Field.FirstRun]!, messages, shift);
  }

  #updatePayload(record: Float64Array, at: number, payloadLength: number): void {
    record[at + SideField.PayloadPackets]! += 1;
    record[at + SideField.PayloadBytes]! += payloadLength;
    record[at + SideField.PayloadSquares]! += payloadLength * payloadLength;
    if (payloadLength < record[at + SideField.PayloadMin]!) record[at + SideField.PayloadMin] = payloadLength;
    if (payloadLength > record[at + SideField.PayloadMax]!) record[at + SideField.PayloadMax] = payloadLength;
  }

  /** Payload that was not seen before. */
  #updateMessages(
    slot: number,
    record: Float64Array,
    base: number,
    at: number,
    side: 0 | 1,
    { us, ns, payloadLength, view, payloadAt, payloadEnd }: Packet,
  ): void {
    const time = timeOf(record, base, us, ns);
    const counters = this.#counterPages[slot >> PAGE_BITS]!;
    const counter = (slot & PAGE_MASK) * COUNTERS + side * SIDE_COUNTERS;
    counters[counter + Counter.Sizes + binOf(payloadLength)]!++;
    const count = record[at + SideField.Messages]!;
    if (count > 0) {
      const gap = time - record[at + SideField.MessageAt]!;
      counters[counter + Counter.Gaps + binOf(gap > 0 ? gap / 1000 : 0)]!++;
    }
    if (time > record[at + SideField.MessageAt]!) record[at + SideField.MessageAt] = time;
    record[at + SideField.Messages] = count + 1;
    if (record[at + SideField.FirstEntropy] === NEVER && payloadEnd > payloadAt) {
      sampleBytes(view, payloadAt, payloadEnd, this.#sample);
      record[at + SideField.FirstEntropy] = this.#sample.entropy;
      record[at + SideField.FirstPrintable] = this.#sample.printable;
    }
    if (record[base + Field.Messages]! < LIMITS.messages) {
      this.#addMessage(record, base, side === 0 ? payloadLength : -payloadLength, time);
    }
  }

  /** @param size bytes, positive from side A, negative from side B */
  #addMessage(record: Float64Array, base: number, size: number, us: number): void {
    const count = record[base + Field.Messages]!;
    let run = record[base + Field.LastRun]!;
    if (count % RUN === 0) {
      run = this.messages.take(count === 0 ? -1 : run);
      record[base + Field.LastRun] = run;
      if (count === 0) record[base + Field.FirstRun] = run;
    }
    this.messages.put(run, count % RUN, size, us);
    record[base + Field.Messages] = count + 1;
  }

  #updateFlags(record: Float64Array, base: number, at: number, side: 0 | 1, packet: Packet): void {
    const flags = packet.tcpFlags;
    if ((flags & TcpFlag.Ack) !== 0) record[at + SideField.Ack]! += 1;
    if ((flags & TcpFlag.Psh) !== 0) record[at + SideField.Psh]! += 1;
    if (record[at + SideField.FirstSequence] === NO_SEQUENCE) record[at + SideField.FirstSequence] = packet.sequence;
    if (record[base + Field.AckAt] === NEVER && (flags & (TcpFlag.Ack | TcpFlag.Syn)) === TcpFlag.Ack) {
      this.#acknowledge(record, base, at, side, packet);
    }
    if ((flags & ~(TcpFlag.Ack | TcpFlag.Psh)) === 0) return;
    if ((flags & TcpFlag.Fin) !== 0) record[at + SideField.Fin]! += 1;
    if ((flags & TcpFlag.Rst) !== 0) record[at + SideField.Rst]! += 1;
    if ((flags & TcpFlag.Urg) !== 0) record[at + SideField.Urg]! += 1;
    if ((flags & TcpFlag.Ece) !== 0) record[at + SideField.Ece]! += 1;
    if ((flags & TcpFlag.Cwr) !== 0) record[at + SideField.Cwr]! += 1;
    if ((flags & TcpFlag.Syn) !== 0) {
      record[at + SideField.Syn]! += 1;
      record[at + SideField.SynSequence] = packet.sequence;
      if (record[at + SideField.SynAt] === NEVER)
        record[at + SideField.SynAt] = timeOf(record, base, packet.us, packet.ns);
    }
  }

  /** An acknowledgement: the third packet of the handshake, if the initiator sent it and both SYN were seen. */
  #acknowledge(record: Float64Array, base: number, at: number, side: 0 | 1, { us, ns }: Packet): void {
    const other = 2 * (base + SIDE_AT) + SIDE_LENGTH - at;
    if (record[base + Field.Forward] !== side) return;
    if (record[at + SideField.SynAt] === NEVER || record[other + SideField.SynAt] === NEVER) return;
    record[base + Field.AckAt] = timeOf(record, base, us, ns);
  }
}

/** Microseconds from the first packet. */
function timeOf(record: Float64Array, base: number, us: number, ns: number): number {
  return us - record[base + Field.FirstUs]! + (ns - record[base + Field.FirstNs]!) / 1000;
}
