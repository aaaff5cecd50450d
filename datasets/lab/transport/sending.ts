/**
 * When segments leave and arrive: the half of TCP that decides times. Writes are cut at the maximum segment size, paced by the
 * narrowest link and by an initial window of ten segments doubling each round trip (RFC 6928), and lost ones are sent again
 * after a timeout, or sooner when enough later segments tell the sender (three duplicates, RFC 5681).
 *
 * Every draw depends on the number of the write alone, so a handshake that came out a byte longer moves nothing after it.
 */
import { Prng } from '../../../core/prng.ts';
import { MILLISECOND_US, type Side } from '../dialogue/message.ts';
import { TcpFlag } from './frame.ts';
import { type Path, roundTripUs } from './path.ts';

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
}

const INITIAL_WINDOW = 10;
const RTO_MIN_US = 200 * MILLISECOND_US;
const DUPLICATES = 3;

interface Direction {
  nextSeq: number;
  /** Earliest moment the link takes another segment. */
  freeUs: number;
  /** Arrival of the last segment sent first time: a path does not reorder. */
  lastArrivalUs: number;
  /** When everything so far has been delivered in order. */
  deliveredUs: number;
}

const fresh = (): Direction => ({ nextSeq: 0, freeUs: 0, lastArrivalUs: 0, deliveredUs: 0 });
const NOTHING = new Uint8Array(0);

export class Sending {
  readonly transmissions: Transmission[] = [];
  readonly #path: Path;
  readonly #seed: number;
  readonly #segmentBytes: number;
  readonly #sides = { client: fresh(), server: fresh() };
  #writes = 0;

  constructor(path: Path, segmentBytes: number, seed: number) {
    this.#path = path;
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
    const rttUs = roundTripUs(this.#path);
    const count = Math.ceil(bytes.length / this.#segmentBytes);
    const startUs = Math.max(atUs, side.freeUs);
    const jitterUs = prng.exponential(this.#path.jitterUs);
    let windowStart = 0;
    let window = INITIAL_WINDOW;
    let roundUs = startUs;
    for (let i = 0; i < count; i++) {
      if (i === windowStart + window) {
        windowStart = i;
        window *= 2;
        roundUs = Math.max(roundUs + rttUs, side.freeUs);
      }
      const sentUs = roundUs + (i - windowStart) * this.#path.segmentUs;
      const payload = bytes.subarray(i * this.#segmentBytes, (i + 1) * this.#segmentBytes);
      const flags = i === count - 1 ? TcpFlag.Ack | TcpFlag.Psh : TcpFlag.Ack;
      this.#segment(from, prng, payload, flags, sentUs, jitterUs, count - 1 - i);
      side.freeUs = sentUs + this.#path.segmentUs;
    }
    if (reserve > 0) {
      const reservedUs = reserve * this.#path.segmentUs;
      side.freeUs = Math.max(side.freeUs, startUs + reservedUs);
      side.lastArrivalUs = Math.max(side.lastArrivalUs, startUs + this.#oneWayUs() + jitterUs + reservedUs);
      side.deliveredUs = Math.max(side.deliveredUs, side.lastArrivalUs);
    }
    return side.deliveredUs;
  }

  /** Ends the connection in order, `from` first; the other side follows. Returns the last arrival. */
  finish(from: Side, atUs: number): number {
    const to: Side = from === 'client' ? 'server' : 'client';
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
    this.transmissions.push({ from, seq: side.nextSeq, payload: NOTHING, flags, sentUs, arrivesUs, unseen: false });
    side.nextSeq += seqLength;
    side.freeUs = sentUs + 1;
    side.lastArrivalUs = side.deliveredUs = arrivesUs;
    return arrivesUs;
  }

  #segment(
    from: Side,
    prng: Prng,
    payload: Uint8Array,
    flags: number,
    sentUs: number,
    jitterUs: number,
    followers: number,
  ): void {
    const side = this.#sides[from];
    const seq = side.nextSeq;
    side.nextSeq += payload.length;
    const arrivesUs = Math.max(sentUs + this.#oneWayUs() + jitterUs, side.lastArrivalUs + 1);
    side.lastArrivalUs = arrivesUs;
    const lost = prng.chance(this.#path.loss);
    const unseen = lost && prng.chance(0.5);
    this.transmissions.push({
      from,
      seq,
      payload,
      flags,
      sentUs,
      arrivesUs: lost ? Number.POSITIVE_INFINITY : arrivesUs,
      unseen,
    });
    let deliveredUs = arrivesUs;
    if (lost) {
      const rttUs = roundTripUs(this.#path);
      const waitUs =
        followers >= DUPLICATES ? rttUs + DUPLICATES * this.#path.segmentUs : Math.max(RTO_MIN_US, 1.5 * rttUs);
      deliveredUs = arrivesUs + waitUs;
      this.transmissions.push({
        from,
        seq,
        payload,
        flags,
        sentUs: sentUs + waitUs,
        arrivesUs: deliveredUs,
        unseen: false,
      });
    }
    side.deliveredUs = Math.max(side.deliveredUs, deliveredUs);
  }

  #oneWayUs(): number {
    return this.#path.nearUs + this.#path.farUs;
  }
}
