/**
 * Watches flows for a protocol in the clear that begins with the flow: HTTP, SSH, DNS. The first payload of each side
 * decides; a flow of another protocol costs two looks. What comes in order goes straight to the reader; a reassembler is
 * made only for a side whose stream spans segments.
 */
import type { FlowState } from '../flow/flow-state.ts';
import { Prefix, PrefixStatus } from '../flow/prefix.ts';
import { payloadSequence } from '../flow/segments.ts';
import { enlarge, grownCapacity } from '../flow/slot-list.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { BoundedReadings } from './bounded-readings.ts';
import { CLEAR_LIMITS } from './clear-limits.ts';
import { ViewBytes } from './view-bytes.ts';
import type { Watch } from './watch.ts';

/** Reads what both sides of one flow say. */
export interface StreamReader<Summary> {
  /** Nothing more can be learnt, or the flow speaks another protocol. */
  readonly isOver: boolean;
  /**
   * Takes what the side says next: bytes of its stream, or a whole datagram. `bytes[at, end)` is borrowed; `packet`, which
   * may have come later than they did, is of the same side. Returns whether more of this side is wanted.
   */
  feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number, packet: Packet): boolean;
  /** A payload packet as it came, in whatever order. Not called any more once it returned false. */
  glance(side: 0 | 1, bytes: Uint8Array, packet: Packet): boolean;
  /** What is known by now, null if the flow speaks another protocol; does not change any more. */
  summary(): Summary | null;
}

export interface StreamProtocol<Summary> {
  readonly transports: readonly number[];
  /** Whether the flow of the packet may speak the protocol at all. */
  isPossible(packet: Packet): boolean;
  /** Whether a side may begin with the payload `bytes[at, end)` of the packet: a few comparisons. */
  begins(bytes: Uint8Array, at: number, end: number, packet: Packet): boolean;
  /** @param transport IP protocol number */
  reader(transport: number): StreamReader<Summary>;
}

/** What is done for a slot; smaller numbers count the looks. */
const Phase = {
  /** A reading reads. */
  Reading: CLEAR_LIMITS.looks,
  /** It only wants side 0 (or 1, the number behind it). */
  Only: CLEAR_LIMITS.looks + 1,
  /** All is read. */
  Known: CLEAR_LIMITS.looks + 3,
  /** Another protocol. */
  Over: CLEAR_LIMITS.looks + 4,
} as const;

const FIRST_SLOTS = 1024;
const UNKNOWN = -1;
/** The version of SOCKS, or of the messages inside; 0 begins the answers of version 4. */
const MOST_SOCKS = 5;
/** Objects of a reading, bytes. */
const READING_BYTES = 512;

export class StreamWatch<Summary> implements Watch<Summary> {
  readonly transports: readonly number[];
  readonly #state: FlowState;
  readonly #protocol: StreamProtocol<Summary>;
  #phases = new Uint8Array(0);
  readonly #readings: BoundedReadings<Reading<Summary>>;
  /** What was read of flows that are read no more. */
  readonly #known = new Map<number, Summary>();
  /** Flows given up half-read, because too much was held of all together. */
  givenUp = 0;
  readonly #bytes = new ViewBytes();

  /** @param mostBytes held of flows half-read at once, all together */
  constructor(state: FlowState, protocol: StreamProtocol<Summary>, mostBytes: number = CLEAR_LIMITS.heldBytes) {
    this.#state = state;
    this.#protocol = protocol;
    this.#readings = new BoundedReadings(mostBytes);
    this.transports = protocol.transports;
  }

  of(slot: number): Summary | null {
    const phase = this.#phases[slot]!;
    if (phase < Phase.Reading || phase === Phase.Over) return null;
    return this.#known.get(slot) ?? this.#readings.get(slot)?.reader.summary() ?? null;
  }

  opened(slot: number): void {
    this.#put(slot, 0);
  }

  closed(slot: number): void {
    this.#put(slot, Phase.Over);
  }

  continued(slot: number, successor: number): void {
    const phase = this.#phases[slot]!;
    const summary = this.of(slot);
    this.#put(successor, phase);
    const reading = this.#readings.remove(slot);
    if (reading !== null) this.#readings.add(successor, reading);
    else if (summary !== null) this.#known.set(successor, summary);
    this.#setKnown(slot, summary);
  }

  copied(slot: number, copy: number): void {
    const summary = this.of(slot);
    this.#put(copy, Phase.Over);
    this.#setKnown(copy, summary);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): boolean {
    const phase = this.#phases[slot]!;
    if (phase >= Phase.Known) return false;
    if (phase < CLEAR_LIMITS.looks) this.#look(slot, side, packet, phase);
    else if (phase === Phase.Reading || phase === Phase.Only + side) this.#read(slot, side, packet);
    return this.#phases[slot]! < Phase.Known;
  }

  /** Nothing was recognised yet. */
  #look(slot: number, side: 0 | 1, packet: Packet, looks: number): void {
    const { payloadAt, payloadEnd, protocol } = packet;
    if (looks === 0 && !this.#protocol.isPossible(packet)) {
      this.#phases[slot] = Phase.Over;
      return;
    }
    if (
      this.#protocol.begins(this.#bytes.of(packet.view), payloadAt, payloadEnd, packet) ||
      this.#isEarly(slot, side, packet, looks)
    ) {
      const isFirst = protocol === Protocol.Tcp && looks === 0;
      const reading = new Reading(
        this.#protocol.reader(protocol),
        isFirst ? this.#state.firstPayloadSequence(slot, 0) : UNKNOWN,
        isFirst ? this.#state.firstPayloadSequence(slot, 1) : UNKNOWN,
      );
      this.#readings.add(slot, reading);
      this.#phases[slot] = Phase.Reading;
      this.#read(slot, side, packet);
      return;
    }
    const most = this.#mostLooks(slot, looks, packet);
    this.#phases[slot] = looks + 1 < most ? looks + 1 : Phase.Over;
  }

  /** How often a flow is looked at that has not begun with the protocol in `looks` looks and this one. */
  #mostLooks(slot: number, looks: number, { protocol, view, payloadAt }: Packet): number {
    if (protocol !== Protocol.Tcp) return 1;
    if (looks + 1 < CLEAR_LIMITS.firstLooks || !this.#hasBeginning(slot)) return CLEAR_LIMITS.looks;
    // Messages of SOCKS (RFC 1928, RFC 1929), which begin with a small number, come before what is spoken through it.
    return view.getUint8(payloadAt) <= MOST_SOCKS ? CLEAR_LIMITS.looks : 0;
  }

  /** True if the flow's first payload packet is not the side's first: one that was overtaken may still begin it. */
  #isEarly(slot: number, side: 0 | 1, packet: Packet, looks: number): boolean {
    if (looks > 0 || packet.protocol !== Protocol.Tcp) return false;
    const first = this.#state.firstPayloadSequence(slot, side);
    return first !== UNKNOWN && payloadSequence(packet) !== first;
  }

  #read(slot: number, side: 0 | 1, packet: Packet): void {
    const reading = this.#readings.get(slot)!;
    const before = reading.bytes;
    reading.push(side, packet, this.#bytes.of(packet.view));
    this.#readings.grow(reading.bytes - before);
    if (reading.isOver) this.#stop(slot);
    else this.#phases[slot] = reading.onlySide < 0 ? Phase.Reading : Phase.Only + reading.onlySide;
    for (let first = this.#readings.tooMany; first >= 0; first = this.#readings.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
  }

  #stop(slot: number): void {
    const reading = this.#readings.remove(slot)!;
    this.#setKnown(slot, reading.reader.summary());
  }

  #setKnown(slot: number, summary: Summary | null): void {
    this.#phases[slot] = summary === null ? Phase.Over : Phase.Known;
    if (summary !== null) this.#known.set(slot, summary);
  }

  /** Lets go of what the slot held. */
  #put(slot: number, phase: number): void {
    if (slot >= this.#phases.length) {
      this.#phases = enlarge(this.#phases, grownCapacity(this.#phases.length, Math.max(slot + 1, FIRST_SLOTS)));
    }
    const before = this.#phases[slot]!;
    if (before === Phase.Known) this.#known.delete(slot);
    else if (before >= Phase.Reading && before < Phase.Known) this.#readings.remove(slot);
    this.#phases[slot] = phase;
  }

  #hasBeginning(slot: number): boolean {
    return (
      this.#state.firstPayloadSequence(slot, 0) !== UNKNOWN || this.#state.firstPayloadSequence(slot, 1) !== UNKNOWN
    );
  }
}

/** Bits of what a reading still wants: the streams of the sides, and single packets. */
const GLANCES = 4;
const ALL = 7;

/** A flow whose protocol is recognised and not read to the end. There are as many as flows: few fields, no arrays. */
class Reading<Summary> {
  readonly reader: StreamReader<Summary>;
  /** Sequence number of each side's first payload byte, UNKNOWN if it is. */
  readonly #first0: number;
  readonly #first1: number;
  /** Made for a side that is not over with its first segment. */
  #stream0: Prefix | null = null;
  #stream1: Prefix | null = null;
  #wanted = ALL;
  /** Memory that it may take. */
  bytes = READING_BYTES;

  constructor(reader: StreamReader<Summary>, first0: number, first1: number) {
    this.reader = reader;
    this.#first0 = first0;
    this.#first1 = first1;
  }

  get isOver(): boolean {
    return this.#wanted === 0 || this.reader.isOver;
  }

  /** The side of which alone more is wanted, -1 if packets of both are. */
  get onlySide(): number {
    return this.#wanted === 1 || this.#wanted === 2 ? this.#wanted - 1 : -1;
  }

  push(side: 0 | 1, packet: Packet, bytes: Uint8Array): void {
    const { payloadAt, payloadEnd } = packet;
    if ((this.#wanted & GLANCES) !== 0 && !this.reader.glance(side, bytes, packet)) this.#wanted &= ~GLANCES;
    if ((this.#wanted & (1 << side)) === 0) return;
    if (packet.protocol !== Protocol.Tcp) {
      this.#feed(side, bytes, payloadAt, payloadEnd, packet);
      return;
    }
    const sequence = payloadSequence(packet);
    const stream = side === 0 ? this.#stream0 : this.#stream1;
    const first = side === 0 ? this.#first0 : this.#first1;
    if (stream !== null) this.#pushTo(stream, side, sequence, packet, bytes);
    else if (first === UNKNOWN || first === sequence) {
      this.#feed(side, bytes, payloadAt, payloadEnd, packet);
      const isWanted = (this.#wanted & (1 << side)) !== 0;
      if (isWanted) this.#stream(side, (sequence + payloadEnd - payloadAt) >>> 0, packet);
    } else this.#pushTo(this.#stream(side, first, packet), side, sequence, packet, bytes);
  }

  #feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number, packet: Packet): void {
    if (!this.reader.feed(side, bytes, at, end, packet)) this.#wanted &= ~(1 << side);
  }

  #stream(side: 0 | 1, first: number, packet: Packet): Prefix {
    const stream = new Prefix(first);
    if (side === 0) this.#stream0 = stream;
    else this.#stream1 = stream;
    // What the reader holds of the segment that came before.
    this.bytes += READING_BYTES + packet.payloadEnd - packet.payloadAt;
    return stream;
  }

  #pushTo(stream: Prefix, side: 0 | 1, sequence: number, packet: Packet, bytes: Uint8Array): void {
    this.bytes += packet.payloadEnd - packet.payloadAt;
    stream.push(sequence, bytes, packet.payloadAt, packet.payloadEnd, (from, at, end) => {
      if ((this.#wanted & (1 << side)) !== 0) this.#feed(side, from, at, end, packet);
    });
    if (stream.status >= PrefixStatus.Full) this.#wanted &= ~(1 << side);
    else if ((this.#wanted & (1 << side)) === 0) stream.close();
  }
}
