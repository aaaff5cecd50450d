/**
 * What the receivers say back: the other half of TCP. One sweep over all departures and arrivals fills in acknowledgement
 * numbers (piggybacked where data is going that way anyhow), adds the pure ones (every second segment or fewer, at once for a
 * gap or a FIN, else after the delay: RFC 1122 and 5681), closes windows, and probes closed ones and, where a host has
 * keep-alive on, idle connections.
 */
import type { Side } from '../dialogue/message.ts';
import { TcpFlag } from './frame.ts';
import { type Path, roundTripUs } from './path.ts';
import type { Stall, Transmission } from './sending.ts';
import type { Stack } from './stack.ts';

/** A segment as the tap records it; sequence numbers still relative. */
export interface Segment {
  readonly from: Side;
  readonly tapUs: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  /** Its sender has no room: the window is zero. */
  readonly closed: boolean;
  /** It comes by the tap after segments that were sent later. */
  readonly late: boolean;
}

interface Receiver {
  /** Next sequence number expected from the other side. */
  expected: number;
  /** End of what this side has sent itself. */
  sentEnd: number;
  /** Segments that came early: start to end. */
  early: Map<number, number>;
  unacknowledged: number;
  ackDueUs: number;
  lastActivityUs: number;
}

const fresh = (): Receiver => ({
  expected: 0,
  sentEnd: 0,
  early: new Map(),
  unacknowledged: 0,
  ackDueUs: Number.POSITIVE_INFINITY,
  lastActivityUs: Number.NEGATIVE_INFINITY,
});
/** Once a run of segments has stopped, what was joined of it is handed up and acknowledged; chosen: an interrupt's length. */
const JOIN_US = 150;
const NOTHING = new Uint8Array(0);
/** A pause after which hosts that do acknowledge at once do it again; Linux: the retransmission timeout. Chosen. */
const QUICK_PAUSE_US = 300_000;
const OLD_BYTE = new Uint8Array(1);
const opposite = (side: Side): Side => (side === 'client' ? 'server' : 'client');

export function seqLength(flags: number, payloadBytes: number): number {
  return payloadBytes + (flags & (TcpFlag.Syn | TcpFlag.Fin) ? 1 : 0);
}

/** @param untilUs when nobody watches any more: keep-alive goes on until then if the connection stays open. */
export function acknowledge(
  transmissions: readonly Transmission[],
  stalls: readonly Stall[],
  path: Path,
  stacks: Readonly<Record<Side, Stack>>,
  untilUs: number,
): Segment[] {
  const sides = { client: fresh(), server: fresh() };
  const segments: Segment[] = [];
  let ended = false;
  let established = false;

  const isClosed = (side: Side, atUs: number) =>
    stalls.some(({ receiver, fromUs, untilUs }) => receiver === side && fromUs <= atUs && atUs < untilUs);
  const record = (
    from: Side,
    sentUs: number,
    delayUs: number,
    seq: number,
    flags: number,
    payload: Uint8Array,
    overtaken = false,
  ) => {
    const tapUs = sentUs + (from === 'client' ? path.nearUs : delayUs - path.nearUs);
    const ack = flags & TcpFlag.Ack ? sides[from].expected : 0;
    // Between the client and the tap nothing is overtaken.
    const late = overtaken && from === 'server';
    segments.push({ from, tapUs, seq, ack, flags, payload, closed: isClosed(from, sentUs), late });
  };
  const oneWayUs = path.nearUs + path.farUs;
  const pureAck = (side: Side, atUs: number) => {
    record(side, atUs, oneWayUs, sides[side].sentEnd, TcpFlag.Ack, NOTHING);
    sides[side].unacknowledged = 0;
    sides[side].ackDueUs = Number.POSITIVE_INFINITY;
  };
  const flushDue = (untilUs: number) => {
    for (const side of ['client', 'server'] as const)
      if (sides[side].ackDueUs <= untilUs) pureAck(side, sides[side].ackDueUs);
  };
  const probe = (untilUs: number) => {
    for (const side of ['client', 'server'] as const) {
      const { keepAliveUs, keepAliveByte } = stacks[side];
      const self = sides[side];
      while (established && !ended && keepAliveUs > 0 && self.lastActivityUs + keepAliveUs < untilUs) {
        const atUs = self.lastActivityUs + keepAliveUs;
        record(side, atUs, oneWayUs, self.sentEnd - 1, TcpFlag.Ack, keepAliveByte ? OLD_BYTE : NOTHING);
        pureAck(opposite(side), atUs + oneWayUs);
        self.lastActivityUs = atUs + roundTripUs(path);
        sides[opposite(side)].lastActivityUs = Math.max(sides[opposite(side)].lastActivityUs, atUs + oneWayUs);
      }
    }
  };
  const depart = ({ from, seq, payload, flags, sentUs, arrivesUs, unseen, overtaken }: Transmission) => {
    const self = sides[from];
    const delayUs = Number.isFinite(arrivesUs) ? arrivesUs - sentUs : oneWayUs;
    if (!unseen) record(from, sentUs, delayUs, seq, flags, payload, overtaken);
    self.sentEnd = Math.max(self.sentEnd, seq + seqLength(flags, payload.length));
    self.unacknowledged = 0;
    self.ackDueUs = Number.POSITIVE_INFINITY;
    self.lastActivityUs = sentUs;
    if (flags & TcpFlag.Rst) ended = true;
  };
  const arrive = ({ from, seq, payload, flags, arrivesUs }: Transmission) => {
    const to = opposite(from);
    const self = sides[to];
    const pausedUs = arrivesUs - self.lastActivityUs;
    self.lastActivityUs = arrivesUs;
    const length = seqLength(flags, payload.length);
    if (length === 0) return;
    if (seq !== self.expected) {
      if (seq > self.expected) self.early.set(seq, seq + length);
      pureAck(to, arrivesUs + 20);
      return;
    }
    self.expected += length;
    const filledGap = self.early.size > 0;
    for (let end = self.early.get(self.expected); end !== undefined; end = self.early.get(self.expected)) {
      self.early.delete(self.expected);
      self.expected = end;
    }
    if (flags & TcpFlag.Syn) {
      established ||= to === 'client';
      return; // answered by the next segment of the handshake
    }
    self.unacknowledged++;
    const { quickAck, ackEvery, delayedAckUs } = stacks[to];
    const atOnce = filledGap || self.unacknowledged >= ackEvery || (quickAck && pausedUs >= QUICK_PAUSE_US);
    if (atOnce || flags & TcpFlag.Fin) pureAck(to, arrivesUs + 20);
    else self.ackDueUs = arrivesUs + (self.unacknowledged >= 2 ? JOIN_US + path.segmentUs : delayedAckUs);
    if (flags & TcpFlag.Fin) ended = true;
  };

  const askWindow = (receiver: Side, atUs: number) => {
    const sender = opposite(receiver);
    record(sender, atUs, oneWayUs, sides[sender].sentEnd - 1, TcpFlag.Ack, NOTHING);
    pureAck(receiver, atUs + oneWayUs);
  };

  const events: { readonly atUs: number; readonly isReset?: boolean; readonly run: () => void }[] = [];
  for (const transmission of transmissions) {
    const isReset = (transmission.flags & TcpFlag.Rst) !== 0;
    events.push({ atUs: transmission.sentUs, isReset, run: () => depart(transmission) });
    if (Number.isFinite(transmission.arrivesUs))
      events.push({ atUs: transmission.arrivesUs, isReset, run: () => arrive(transmission) });
  }
  for (const { receiver, fromUs, untilUs, probesUs } of stalls) {
    events.push({ atUs: fromUs + 30, run: () => sides[receiver].unacknowledged > 0 && pureAck(receiver, fromUs + 30) });
    for (const atUs of probesUs) events.push({ atUs, run: () => askWindow(receiver, atUs) });
    events.push({ atUs: untilUs, run: () => pureAck(receiver, untilUs) });
  }
  events.sort((a, b) => a.atUs - b.atUs);
  let reset = false;
  for (const { atUs, isReset, run } of events) {
    if (reset) break;
    flushDue(atUs);
    probe(atUs);
    run();
    reset = isReset === true;
  }
  if (!reset) {
    flushDue(Number.MAX_VALUE);
    probe(untilUs);
  }
  return inTapOrder(segments);
}

/** Sorted by time at the tap; what was not overtaken comes in the order of sending, so ties and rounding are nudged. */
function inTapOrder(segments: { -readonly [Key in keyof Segment]: Segment[Key] }[]): Segment[] {
  const last = { client: Number.NEGATIVE_INFINITY, server: Number.NEGATIVE_INFINITY };
  for (const segment of segments) {
    const tapUs = Math.round(segment.tapUs);
    segment.tapUs = segment.late ? tapUs : Math.max(tapUs, last[segment.from] + 1);
    if (!segment.late) last[segment.from] = segment.tapUs;
  }
  return segments.sort((a, b) => a.tapUs - b.tapUs);
}
