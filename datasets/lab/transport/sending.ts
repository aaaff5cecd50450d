/**
 * When segments leave and arrive: the half of TCP that decides times. Writes are cut at the maximum segment size, paced by the
 * narrowest link and by an initial window of ten segments doubling each round trip (RFC 6928); lost ones are sent again after
 * a timeout, or sooner when enough later segments tell the sender (three duplicates, RFC 5681); small ones wait for the small
 * ones before them where Nagle is on; and a receiver that does not read stops everything (RFC 9293, 3.8.6).
 *
 * Every draw depends on the number of the write alone, so a handshake that came out a byte longer moves nothing after it.
 */
import { Prng } from '../../../core/prng.ts';
import { MILLISECOND_US, type Side } from '../dialogue/message.ts';
import { TcpFlag } from './frame.ts';
import { type Path, roundTripUs } from './path.ts';
import type { Stack } from './stack.ts';

/** One segment on its way; sequence numbers are relative to the sender's initial one. */
export interface Transmission {
  readonly from: Side;
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly flags: number;
  readonly sentUs: number;
  /** Infinity: it never arrives. */
  readonly arrivesUs: number;
  /** Lost before the tap could see it. */
  readonly unseen: boolean;
  /** Later segments arrive first. */
  readonly overtaken: boolean;
}

/** A time for which a receiver's window is closed. */
export interface Stall {
  readonly receiver: Side;
  readonly fromUs: number;
  readonly untilUs: number;
  /** When the sender asks whether it has opened again. */
  readonly probesUs: readonly number[];
}

const INITIAL_WINDOW = 10;
const RTO_MIN_US = 200 * MILLISECOND_US;
const DUPLICATES = 3;
/** A receiver's buffer fills only while data comes without a pause: by then it has read everything. */
const PAUSE_US = 1_000 * MILLISECOND_US;
/** A segment is late by so many times the spacing: fewer than three pass it, so that nobody takes it for lost. */
const LATE_SPACINGS = [1.2, 2.8] as const;

interface Direction {
  nextSeq: number;
  /** Earliest moment the link takes another segment. */
  freeUs: number;
  /** Arrival of the last segment that was sent for the first time and not overtaken. */
  lastArrivalUs: number;
  /** When everything so far has been delivered in order. */
  deliveredUs: number;
  /** When the last segment that was not full has arrived, and when its sender will have heard of it. */
  smallArrivedUs: number;
  smallAckedUs: number;
  /** The last write's end as long as it waits to be sent: numbers of its transmissions. */
  held: readonly number[];
  heldUntilUs: number;
  /** Sent without a pause. */
  runBytes: number;
}

/** Times before the capture are negative: nothing yet is earlier than all of them. */
const NEVER_YET = Number.NEGATIVE_INFINITY;

const fresh = (): Direction => ({
  nextSeq: 0,
  freeUs: NEVER_YET,
  lastArrivalUs: NEVER_YET,
  deliveredUs: NEVER_YET,
  smallArrivedUs: NEVER_YET,
  smallAckedUs: NEVER_YET,
  held: [],
  heldUntilUs: NEVER_YET,
  runBytes: 0,
});
const NOTHING = new Uint8Array(0);

const opposite = (side: Side): Side => (side === 'client' ? 'server' : 'client');

export class Sending {
  readonly transmissions: Transmission[] = [];
  readonly stalls: Stall[] = [];
  readonly #path: Path;
  readonly #seed: number;
  readonly #segmentBytes: number;
  readonly #stacks: Readonly<Record<Side, Stack>>;
  readonly #sides = { client: fresh(), server: fresh() };
  #writes = 0;

  constructor(path: Path, segmentBytes: number, stacks: Readonly<Record<Side, Stack>>, seed: number) {
    this.#path = path;
    this.#stacks = stacks;
    this.#segmentBytes = segmentBytes;
    this.#seed = seed;
  }

  /** The three-way handshake; returns when the client may write. */
  open(atUs: number): number {
    const syn = this.#control('client', atUs, TcpFlag.Syn, 1);
    const synAck = this.#control('server', syn + 40, TcpFlag.Syn | TcpFlag.Ack, 1);
    this.#control('client', synAck + 30, TcpFlag.Ack, 0);
    return synAck + 60;
  }

  /**
   * Sends one write; returns when the receiver has all of it, in order.
   * @param reserve segments' worth of time to take at least: handshakes pass one, so that a signature a byte longer, which
   * may need one segment more, does not shift everything after it.
   */
  send(from: Side, atUs: number, bytes: Uint8Array, reserve = 0): number {
    const prng = new Prng((this.#seed + 977 * ++this.#writes) | 0);
    const side = this.#sides[from];
    const to = opposite(from);
    const rest = bytes.subarray(this.#appendToHeld(side, atUs, bytes));
    const count = Math.ceil(rest.length / this.#segmentBytes);
    if (count === 0) return side.deliveredUs;
    const startUs = Math.max(atUs, side.freeUs);
    if (startUs - side.freeUs > PAUSE_US) side.runBytes = 0;
    const jitterUs = prng.exponential(this.#path.jitterUs);
    const spacingUs = from === 'client' ? this.#path.clientSegmentUs : this.#path.segmentUs;
    let windowStart = 0;
    let window = INITIAL_WINDOW;
    let roundUs = startUs;
    for (let i = 0; i < count; i++) {
      if (i === windowStart + window) {
        windowStart = i;
        window *= 2;
        roundUs = Math.max(roundUs + roundTripUs(this.#path), side.freeUs);
      }
      const payload = rest.subarray(i * this.#segmentBytes, (i + 1) * this.#segmentBytes);
      const last = i === count - 1;
      let sentUs = Math.max(roundUs + (i - windowStart) * spacingUs, side.freeUs);
      const small = payload.length < this.#segmentBytes;
      const held = small && this.#stacks[from].nagle && side.smallAckedUs > sentUs;
      if (held) sentUs = side.smallAckedUs;
      const first = this.transmissions.length;
      const flags = last ? TcpFlag.Ack | TcpFlag.Psh : TcpFlag.Ack;
      const arrivesUs = this.#segment(from, prng, payload, flags, sentUs, jitterUs, count - 1 - i);
      side.freeUs = sentUs + spacingUs;
      if (held) {
        side.held = this.transmissions.slice(first).map((_, k) => first + k);
        side.heldUntilUs = sentUs;
      }
      // A handshake's flights may be a segment longer or shorter, and what follows must not depend on it.
      const ackedAtOnce = count > 1 && reserve === 0;
      if (small) this.#noteSmall(side, arrivesUs, ackedAtOnce ? 0 : this.#stacks[to].delayedAckUs);
      side.runBytes += payload.length;
      const stall = this.#fillBuffer(to, prng, arrivesUs, sentUs);
      if (stall > 0) {
        side.freeUs = roundUs = stall;
        windowStart = i + 1;
      }
    }
    if (reserve > 0) {
      const reservedUs = reserve * this.#path.segmentUs;
      side.freeUs = Math.max(side.freeUs, startUs + reservedUs);
      side.lastArrivalUs = Math.max(side.lastArrivalUs, startUs + this.#oneWayUs() + jitterUs + reservedUs);
      side.deliveredUs = Math.max(side.deliveredUs, side.lastArrivalUs);
    }
    this.#acknowledgeOther(to, startUs, side.lastArrivalUs);
    return side.deliveredUs;
  }

  /**
   * Nagle: a write made while the end of an earlier one waits goes out with it. (Once the segment is full it could leave at
   * once; it keeps its time, which others may already have been told.) Returns how many bytes found room.
   */
  #appendToHeld(side: Direction, atUs: number, bytes: Uint8Array): number {
    if (side.held.length === 0 || atUs >= side.heldUntilUs) return 0;
    let room = 0;
    for (const at of side.held) {
      const transmission = this.transmissions[at]!;
      room = Math.min(bytes.length, this.#segmentBytes - transmission.payload.length);
      const payload = new Uint8Array(transmission.payload.length + room);
      payload.set(transmission.payload);
      payload.set(bytes.subarray(0, room), transmission.payload.length);
      this.transmissions[at] = { ...transmission, payload };
    }
    side.nextSeq += room;
    return room;
  }

  #noteSmall(side: Direction, arrivesUs: number, delayUs: number): void {
    side.smallArrivedUs = arrivesUs;
    side.smallAckedUs = arrivesUs + delayUs + this.#oneWayUs();
  }

  /** Data that goes the other way says what has arrived. */
  #acknowledgeOther(to: Side, sentUs: number, arrivesUs: number): void {
    const other = this.#sides[to];
    if (sentUs >= other.smallArrivedUs) other.smallAckedUs = Math.min(other.smallAckedUs, arrivesUs);
  }

  /** Closes the receiver's window if its buffer is full; returns when the sender may go on, 0: at once. */
  #fillBuffer(receiver: Side, prng: Prng, arrivesUs: number, sentUs: number): number {
    const { readStallUs, windowBytes } = this.#stacks[receiver];
    const side = this.#sides[opposite(receiver)];
    if (readStallUs === 0 || side.runBytes < windowBytes) return 0;
    side.runBytes = 0;
    const untilUs = arrivesUs + 10 * MILLISECOND_US + prng.exponential(readStallUs);
    const probesUs: number[] = [];
    // The persist timer: as retransmissions, twice as late each time.
    let waitUs = Math.max(RTO_MIN_US, 1.5 * roundTripUs(this.#path));
    for (let at = sentUs + waitUs; at + this.#oneWayUs() < untilUs; at += waitUs) {
      probesUs.push(at);
      waitUs *= 2;
    }
    this.stalls.push({ receiver, fromUs: arrivesUs, untilUs, probesUs });
    return untilUs + this.#oneWayUs();
  }

  /** Ends the connection in order, `from` first; the other side follows. Returns the last arrival. */
  finish(from: Side, atUs: number): number {
    const to = opposite(from);
    const startUs = Math.max(atUs, this.#sides.client.deliveredUs, this.#sides.server.deliveredUs);
    const seen = this.#control(from, startUs, TcpFlag.Fin | TcpFlag.Ack, 1);
    return this.#control(to, seen + 150, TcpFlag.Fin | TcpFlag.Ack, 1);
  }

  /** Breaks the connection off. */
  reset(from: Side, atUs: number): number {
    const startUs = Math.max(atUs, this.#sides.client.deliveredUs, this.#sides.server.deliveredUs);
    return this.#control(from, startUs, TcpFlag.Rst | TcpFlag.Ack, 0);
  }

  #control(from: Side, atUs: number, flags: number, seqLength: number): number {
    const side = this.#sides[from];
    const sentUs = Math.max(atUs, side.freeUs);
    const arrivesUs = Math.max(sentUs + this.#oneWayUs(), side.lastArrivalUs + 1);
    const seq = side.nextSeq;
    this.transmissions.push({
      from,
      seq,
      payload: NOTHING,
      flags,
      sentUs,
      arrivesUs,
      unseen: false,
      overtaken: false,
    });
    side.nextSeq += seqLength;
    side.freeUs = sentUs + 1;
    side.lastArrivalUs = side.deliveredUs = arrivesUs;
    return arrivesUs;
  }

  /** Returns when the receiver has it. */
  #segment(
    from: Side,
    prng: Prng,
    payload: Uint8Array,
    flags: number,
    sentUs: number,
    jitterUs: number,
    followers: number,
  ): number {
    const side = this.#sides[from];
    const { loss, farLossShare, reorder, segmentUs, clientSegmentUs } = this.#path;
    const seq = side.nextSeq;
    side.nextSeq += payload.length;
    // What left faster than the narrowest link takes it queues there.
    const linkUs = from === 'client' && clientSegmentUs < segmentUs ? segmentUs : 1;
    const inOrderUs = Math.max(sentUs + this.#oneWayUs() + jitterUs, side.lastArrivalUs + linkUs);
    side.lastArrivalUs = inOrderUs;
    const lost = prng.chance(loss);
    const unseen = lost && prng.chance(from === 'client' ? 1 - farLossShare : farLossShare);
    const overtaken = !lost && followers > 0 && prng.chance(reorder);
    const arrivesUs = overtaken ? inOrderUs + segmentUs * prng.between(...LATE_SPACINGS) : inOrderUs;
    const firstUs = lost ? Number.POSITIVE_INFINITY : arrivesUs;
    this.transmissions.push({ from, seq, payload, flags, sentUs, arrivesUs: firstUs, unseen, overtaken });
    let deliveredUs = arrivesUs;
    if (lost) {
      const waitUs = this.#retransmitAfterUs(followers);
      deliveredUs = arrivesUs + waitUs;
      const again = { sentUs: sentUs + waitUs, arrivesUs: deliveredUs, unseen: false, overtaken: false };
      this.transmissions.push({ from, seq, payload, flags, ...again });
    }
    side.deliveredUs = Math.max(side.deliveredUs, deliveredUs);
    return deliveredUs;
  }

  /** @param followers segments behind the lost one, each of which tells the sender that something is missing. */
  #retransmitAfterUs(followers: number): number {
    const rttUs = roundTripUs(this.#path);
    return followers >= DUPLICATES ? rttUs + DUPLICATES * this.#path.segmentUs : Math.max(RTO_MIN_US, 1.5 * rttUs);
  }

  #oneWayUs(): number {
    return this.#path.nearUs + this.#path.farUs;
  }
}
