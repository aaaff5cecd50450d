/**
 * Watches TCP flows for mining in the clear, for as long as they last. The first payload of each side decides, by its first
 * bytes: JSON, HTTP with a body, WebSocket; a flow that speaks anything else costs a look or two and no memory. One whose
 * messages are none of mining is let go of after a few.
 */
import type { FlowState } from '../../flow/flow-state.ts';
import { payloadSequence } from '../../flow/segments.ts';
import { enlarge, grownCapacity } from '../../flow/slot-list.ts';
import { type Packet, Protocol, TcpFlag } from '../../packet/packet.ts';
import { BoundedReadings } from '../bounded-readings.ts';
import { ViewBytes } from '../view-bytes.ts';
import type { Watch } from '../watch.ts';
import { beginsLikeHttp, startsWith } from './http-side.ts';
import type { JsonMessage } from './json-message.ts';
import { MINING_LIMITS } from './limits.ts';
import { MiningSide, Scanners, type SideListener } from './mining-side.ts';
import { firstAct, isSecondAct, isSetup } from './noise-shape.ts';
import { MiningSession, type MiningSummary, type MiningTexts, noCounts } from './session.ts';
import { beginsLikeFrame } from './websocket-side.ts';

/** What is done for a slot; smaller numbers count the looks. */
const Phase = {
  Reading: MINING_LIMITS.looks,
  /** A first act of Stratum V2 was seen: form and side are two bits; then the answer, two more. */
  Noise: MINING_LIMITS.looks + 1,
  Answered: MINING_LIMITS.looks + 5,
  /** All is read. */
  Known: MINING_LIMITS.looks + 9,
  Over: MINING_LIMITS.looks + 10,
} as const;

const FIRST_SLOTS = 1024;
const UNKNOWN = -1;
const MOST_SOCKS = 5;
const SPACE = 0x20;
const LF = 10;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const LETTER_G = 71;
const LETTER_H = 72;
const LETTER_P = 80;
const SMALL_M = 109;
const SMALL_P = 112;
const SMALL_U = 117;
const SMALL_X = 120;
const CASE = 0x20;

export class MiningWatch implements Watch<MiningSummary> {
  readonly transports = [Protocol.Tcp];
  readonly #state: FlowState;
  readonly #texts: MiningTexts;
  #phases = new Uint8Array(0);
  readonly #readings: BoundedReadings<MiningReading>;
  readonly #known = new Map<number, MiningSummary>();
  readonly #scanners = new Scanners();
  readonly #bytes = new ViewBytes();
  /** Flows given up half-read, because too much was held of all together. */
  givenUp = 0;

  /** @param mostBytes held of flows half-read at once, all together */
  constructor(state: FlowState, texts: MiningTexts, mostBytes: number = MINING_LIMITS.heldBytes) {
    this.#state = state;
    this.#texts = texts;
    this.#readings = new BoundedReadings(mostBytes);
  }

  /** Asked once, when the flow is over: what waits for missing bytes waits no more. */
  of(slot: number): MiningSummary | null {
    if (this.#phases[slot] === Phase.Reading) this.#readings.get(slot)?.finish();
    return this.#summary(slot);
  }

  #summary(slot: number): MiningSummary | null {
    const phase = this.#phases[slot]!;
    if (phase === Phase.Known) return this.#known.get(slot) ?? null;
    return phase === Phase.Reading ? (this.#readings.get(slot)?.session.summary() ?? null) : null;
  }

  opened(slot: number): void {
    this.#put(slot, 0);
  }

  closed(slot: number): void {
    this.#put(slot, Phase.Over);
  }

  continued(slot: number, successor: number): void {
    const phase = this.#phases[slot]!;
    const summary = this.#summary(slot);
    this.#put(successor, phase);
    const reading = this.#readings.remove(slot);
    if (reading !== null) {
      reading.session.beginPart();
      this.#readings.add(successor, reading);
    } else if (summary !== null) this.#known.set(successor, { ...summary, ...noCounts() });
    this.#setKnown(slot, summary);
  }

  copied(slot: number, copy: number): void {
    const summary = this.#summary(slot);
    this.#put(copy, Phase.Over);
    this.#setKnown(copy, summary);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): boolean {
    const phase = this.#phases[slot]!;
    if (phase < MINING_LIMITS.looks) this.#look(slot, side, packet, phase);
    else if (phase === Phase.Reading) this.#read(slot, side, packet);
    else if (phase < Phase.Known) this.#shake(slot, side, packet, phase);
    return this.#phases[slot]! < Phase.Known;
  }

  /** Nothing was recognised yet. */
  #look(slot: number, side: 0 | 1, packet: Packet, looks: number): void {
    const { payloadAt, payloadEnd } = packet;
    const bytes = this.#bytes.of(packet.view);
    if (begins(bytes, payloadAt, payloadEnd)) {
      this.#beginWith(slot, side, packet, looks);
      return;
    }
    if (looks === 0) {
      const first = this.#state.firstPayloadSequence(slot, side);
      // A payload packet that is not the side's first: one that was overtaken may still begin it.
      if (first !== UNKNOWN && payloadSequence(packet) !== first) {
        this.#beginWith(slot, side, packet, looks);
        return;
      }
      const form = first !== UNKNOWN && isUncut(packet) ? firstAct(bytes, payloadAt, payloadEnd) : -1;
      if (form >= 0) {
        this.#phases[slot] = Phase.Noise + 2 * form + side;
        return;
      }
    }
    const isWhole = this.#hasBeginning(slot);
    if (!isWhole && goesOn(bytes, payloadAt, payloadEnd)) {
      this.#beginWith(slot, side, packet, looks);
      return;
    }
    const isMore = looks + 1 < MINING_LIMITS.firstLooks || !isWhole || leadsOn(bytes, payloadAt, payloadEnd);
    this.#phases[slot] = isMore && looks + 1 < MINING_LIMITS.looks ? looks + 1 : Phase.Over;
  }

  #beginWith(slot: number, side: 0 | 1, packet: Packet, looks: number): void {
    this.#begin(slot, looks);
    this.#read(slot, side, packet);
  }

  /** A first message of Stratum V2's length was seen. */
  #shake(slot: number, side: 0 | 1, packet: Packet, phase: number): void {
    const bytes = this.#bytes.of(packet.view);
    const { payloadAt, payloadEnd } = packet;
    const isAnswered = phase >= Phase.Answered;
    const step = phase - (isAnswered ? Phase.Answered : Phase.Noise);
    const [form, miner] = [step >> 1, step & 1];
    this.#phases[slot] = Phase.Over;
    if (!isAnswered && side !== miner && this.#isFirst(slot, side, packet)) {
      if (isSecondAct(form, bytes, payloadAt, payloadEnd)) this.#phases[slot] = phase + Phase.Answered - Phase.Noise;
    } else if (isAnswered && side === miner && isSetup(payloadAt, payloadEnd)) {
      this.#setKnown(slot, shapeSummary(side, packet.us));
    }
  }

  /** True if the segment, captured whole, is the first one of the side. */
  #isFirst(slot: number, side: 0 | 1, packet: Packet): boolean {
    const first = this.#state.firstPayloadSequence(slot, side);
    return isUncut(packet) && first !== UNKNOWN && payloadSequence(packet) === first;
  }

  #hasBeginning(slot: number): boolean {
    return (
      this.#state.firstPayloadSequence(slot, 0) !== UNKNOWN || this.#state.firstPayloadSequence(slot, 1) !== UNKNOWN
    );
  }

  #begin(slot: number, looks: number): void {
    const isFirst = looks === 0;
    const first = (side: 0 | 1) => (isFirst ? this.#state.firstPayloadSequence(slot, side) : UNKNOWN);
    const reading = new MiningReading(first(0), first(1), this.#texts, this.#scanners);
    reading.session.packets = looks;
    this.#readings.add(slot, reading);
    this.#phases[slot] = Phase.Reading;
  }

  #read(slot: number, side: 0 | 1, packet: Packet): void {
    const reading = this.#readings.get(slot)!;
    const before = reading.bytes;
    reading.push(side, packet, this.#bytes.of(packet.view));
    this.#readings.grow(reading.bytes - before);
    if (reading.isOver) this.#stop(slot);
    for (let first = this.#readings.tooMany; first >= 0; first = this.#readings.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
  }

  #stop(slot: number): void {
    const reading = this.#readings.remove(slot)!;
    reading.close();
    this.#setKnown(slot, reading.session.summary());
  }

  #setKnown(slot: number, summary: MiningSummary | null): void {
    this.#phases[slot] = summary === null ? Phase.Over : Phase.Known;
    if (summary !== null) this.#known.set(slot, summary);
  }

  /** Lets go of what the slot held. */
  #put(slot: number, phase: number): void {
    const { length } = this.#phases;
    if (slot >= length) {
      this.#phases = enlarge(this.#phases, grownCapacity(length, Math.max(slot + 1, FIRST_SLOTS))).fill(
        Phase.Over,
        length,
      );
    }
    const before = this.#phases[slot]!;
    if (before === Phase.Known) this.#known.delete(slot);
    else if (before === Phase.Reading) this.#readings.remove(slot)?.close();
    this.#phases[slot] = phase;
  }
}

/** What counts as so many messages that are none of mining: a body or a beginning that is no JSON. */
const FOREIGN = MINING_LIMITS.strangers / 3;

/** A flow that may speak of mining. */
class MiningReading implements SideListener {
  readonly session: MiningSession;
  readonly #sides: readonly [MiningSide, MiningSide];
  readonly #texts: MiningTexts;
  #us = 0;
  #bytesRead = 0;

  constructor(first0: number, first1: number, texts: MiningTexts, scanners: Scanners) {
    this.#texts = texts;
    this.session = new MiningSession(texts);
    this.#sides = [new MiningSide(0, first0, scanners, this), new MiningSide(1, first1, scanners, this)];
  }

  get bytes(): number {
    return MINING_LIMITS.sessionBytes + this.#sides[0].bytes + this.#sides[1].bytes;
  }

  /** It speaks of something else. */
  get isOver(): boolean {
    const { session } = this;
    const isMuch = session.strangers >= MINING_LIMITS.strangers || this.#bytesRead > MINING_LIMITS.strangeBytes;
    return isMuch && !session.isMining;
  }

  push(side: 0 | 1, packet: Packet, bytes: Uint8Array): void {
    const { payloadAt, payloadEnd, payloadLength, tcpFlags, us } = packet;
    // What a reset carries is in no stream.
    if ((tcpFlags & TcpFlag.Rst) !== 0) return;
    this.#us = us;
    this.session.packets++;
    this.#bytesRead += payloadEnd - payloadAt;
    const [own, other] = [this.#sides[side], this.#sides[side === 0 ? 1 : 0]];
    if ((tcpFlags & TcpFlag.Ack) !== 0) other.stream.acknowledged(packet.acknowledgement, other);
    const cut = Math.max(0, payloadLength - (payloadEnd - payloadAt));
    own.stream.push(payloadSequence(packet), bytes, payloadAt, payloadEnd, cut, us, own);
  }

  finish(): void {
    for (const side of this.#sides) side.stream.finish(side);
  }

  close(): void {
    for (const side of this.#sides) side.close();
  }

  message(side: 0 | 1, message: JsonMessage): void {
    this.session.take(side, message, this.#us);
  }

  lost(): void {
    this.session.strangers++;
    this.session.counts.lost++;
  }

  foreign(): void {
    this.session.strangers += FOREIGN;
  }

  wraps(transport: 'http' | 'websocket'): void {
    this.session.transport = transport;
  }

  introduced(side: 0 | 1, userAgent: Uint8Array | null, user: string | null, isLongPoll: boolean): void {
    const agent = userAgent === null ? null : this.#texts.text(userAgent, 0, userAgent.length);
    this.session.introduce(user, agent);
    if (isLongPoll) this.session.longPoll(side, this.#us);
  }
}

/** True if the payload was captured to its end. */
function isUncut({ payloadAt, payloadEnd, payloadLength }: Packet): boolean {
  return payloadEnd - payloadAt === payloadLength;
}

/** Whether a side may begin with these bytes. */
function begins(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]!;
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return true;
  if (first === LETTER_P || first === LETTER_G || first === LETTER_H) return beginsHttp(bytes, at, end);
  return first <= SPACE && first > MOST_SOCKS && isBlankThenObject(bytes, at, end);
}

function isBlankThenObject(bytes: Uint8Array, at: number, end: number): boolean {
  while (at < end && bytes[at]! <= SPACE) at++;
  return at < end && (bytes[at] === OPEN_OBJECT || bytes[at] === OPEN_ARRAY);
}

/** Whether a side may go on with these bytes, in the middle of a flow. */
function goesOn(bytes: Uint8Array, at: number, end: number): boolean {
  return beginsLikeFrame(bytes, at, end) || endsWithObject(bytes, at, end);
}

/** Of HTTP only what may carry mining: a body to a server, WebSocket, and what getwork's miners say of themselves. */
function beginsHttp(bytes: Uint8Array, at: number, end: number): boolean {
  if (!beginsLikeHttp(bytes, at, end)) return false;
  if (bytes[at] === LETTER_P) return true;
  return bytes[at] === LETTER_G ? hasField(bytes, at, end) : hasObjectBody(bytes, at, end);
}

/** A line that begins with `Upgrade: w` or `X-M`(ining-Extensions), whatever their case. */
function hasField(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at; i + 10 < end; i++) {
    if (bytes[i] !== LF) continue;
    const first = bytes[i + 1]! | CASE;
    if (first === SMALL_U && (bytes[i + 2]! | CASE) === SMALL_P && /^upgrade: *w/i.test(ascii(bytes, i + 1, end)))
      return true;
    if (first === SMALL_X && (bytes[i + 3]! | CASE) === SMALL_M && /^x-mining/i.test(ascii(bytes, i + 1, end)))
      return true;
  }
  return false;
}

function ascii(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  for (const stop = Math.min(end, at + 12); at < stop; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** An empty line with an object behind it. */
function hasObjectBody(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = at + 4; i < end; i++) {
    if (bytes[i] === OPEN_OBJECT && bytes[i - 1] === LF && bytes[i - 3] === LF) return true;
  }
  return false;
}

/** The end of a message and another one behind it, or at least the end of a line with one. */
function endsWithObject(bytes: Uint8Array, at: number, end: number): boolean {
  while (end > at && bytes[end - 1]! <= SPACE) end--;
  if (end - at < 2 || bytes[end - 1] !== CLOSE_OBJECT) return false;
  for (let i = at + 1; i < end; i++) if (bytes[i] === OPEN_OBJECT && bytes[i - 1] === LF) return true;
  return false;
}

/** What is spoken to a proxy before mining may begin: SOCKS (RFC 1928), CONNECT, and HTTP on the way to a body. */
function leadsOn(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]!;
  if (first <= MOST_SOCKS) return true;
  return beginsLikeHttp(bytes, at, end) || startsWith(bytes, at, end, 'CONNECT ');
}

function shapeSummary(miner: 0 | 1, us: number): MiningSummary {
  return {
    ...noCounts(),
    dialect: 'stratum-v2',
    transport: 'tcp',
    miner,
    isProven: false,
    agent: null,
    algorithm: null,
    coin: null,
    pool: null,
    worker: null,
    login: null,
    loginLength: null,
    firstDifficulty: null,
    lastDifficulty: null,
    isCounting: null,
    firstUs: us,
    provenUs: null,
    firstPackets: 3,
    provenPackets: null,
  };
}
