/**
 * Packets in, flows out: creates, continues, cuts and ends flows. Packet time alone decides, so the same packets give
 * the same rows however they arrive.
 *
 * A flow ends, logically, at its last packet plus the idle timeout, at its FIN (both sides) or RST, at its start plus
 * the active timeout, at its eviction, or at the end of the capture. Rows come out in that order, ties by flow id.
 * After a FIN or RST a flow lingers, so that the tail (last acknowledgements, retransmissions) is counted to it.
 */
import { LIMITS } from '../../core/limits.ts';
import { type Packet, Protocol, TcpFlag } from '../packet/packet.ts';
import { EndQueue } from './end-queue.ts';
import { Direction, EndReason, Field, FlowState, RowKind, SideField } from './flow-state.ts';
import { FlowTable } from './flow-table.ts';
import { IntervalQueue } from './interval-queue.ts';
import { flowId, KEY_WORDS, readKey } from './key.ts';
import { SlotList } from './slot-list.ts';

export interface TrackerOptions {
  /** A flow without a packet for this long ends, us; Infinity for never. */
  readonly idleUs: number;
  /** A flow that lasts this long is cut into parts, us; Infinity for never. */
  readonly activeUs: number;
  /** Flows held at once; beyond, the least recently seen is evicted. */
  readonly maxFlows: number;
  /** Whether flows in different VLANs are different flows. */
  readonly keyVlan: boolean;
  readonly emit: EmitOptions;
}

/** Which rows a flow gives. Prefixes and intervals count from the start of the part. */
export interface EmitOptions {
  /** A row when the part ends. */
  readonly end: boolean;
  /** A row at the N-th packet, for each of these N, ascending. */
  readonly prefixes: readonly number[];
  /** A row after every so many microseconds in which packets came; null for none. */
  readonly intervalUs: number | null;
  /**
   * Whether rows leave as soon as they are known instead of in their order, for which they may have to wait: at the end of a
   * flow until no flow that is still held can have ended before it, which a silent one may for the idle timeout. They are the same rows. Default no.
   */
  readonly areUrgent?: boolean;
}

export const EMIT_ENDS: EmitOptions = { end: true, prefixes: [], intervalUs: null };

/** Who listens to flows. Slots are numbers below the most flows ever held at once, and are used again. */
export interface FlowObserver {
  /** A new flow has its first packet, sent by `side`; called before `payload` of that packet. */
  opened(slot: number, side: 0 | 1, packet: Packet): void;
  /** A packet with captured payload. The packet is borrowed. */
  payload(slot: number, side: 0 | 1, packet: Packet): void;
  /** The flow in `slot` was cut by the active timeout and goes on in `successor`. */
  continued(slot: number, successor: number): void;
  /** The flow in `slot`, as it is now, will be a row from `copy`; the flow itself goes on. */
  copied(slot: number, copy: number): void;
  /** A row is due, in output order; afterwards the slot may be used for another flow. */
  ended(slot: number): void;
}

export interface TrackerCounters {
  flows: number;
  evicted: number;
  /** Packets older than one before them. */
  outOfOrder: number;
  /** Rows that left before their turn, because too many were waiting for an old flow to end. */
  earlyRows: number;
}

/** How long a closed TCP flow waits for its tail, us: Zeek's `tcp_close_delay`. */
const LINGER_US = 5e6;
/**
 * How exactly open flows are kept in the order in which they were seen, and how often they are looked through, us: a
 * flow moves in the list once a second, not with every packet. Rows do not depend on it: whether a flow is over is asked
 * again when its next packet comes.
 */
const GRAIN_US = 1e6;
/**
 * How often they are looked through for those who take rows as they come, us: a second's at once would make all that come
 * after them late.
 */
const HAND_ON_US = 20_000;
/**
 * Flows that end in silence for those who take rows as they come, at a time, as long as none is late: whole sites fall silent at once, and
 * rows of flows that have just begun would wait behind thousands of them.
 */
const HAND_ON_ROWS = 256;
/** Rows that have ended are handed on when there are so many: one by one would cost more. */
const RELEASE_ROWS = 256;
/** How late packets are expected to come, us: those of several interfaces or threads of a capture. */
const LATE_US = 1e6;
const FIRST_CAPACITY = 4096;
const BOTH_SIDES = 3;
const PRIVILEGED_PORTS = 1024;
/** What the next part of a flow has to know of its sides' sequence numbers. */
const SEQUENCE_FIELDS = [SideField.SynSequence, SideField.NextSequence, SideField.HoleFrom, SideField.HoleTo] as const;

export class FlowTracker {
  readonly state = new FlowState();
  readonly counters: TrackerCounters = { flows: 0, evicted: 0, outOfOrder: 0, earlyRows: 0 };
  readonly #options: TrackerOptions;
  readonly #observer: FlowObserver;
  readonly #table = new FlowTable(FIRST_CAPACITY, 0);
  readonly #queue = new EndQueue(this.state);
  /** Open flows, least recently seen first. */
  readonly #openFlows = new SlotList(FIRST_CAPACITY);
  /** Flows closed by FIN or RST that wait for their tail, first closed first. */
  readonly #closingFlows = new SlotList(FIRST_CAPACITY);
  /** All flows in the table by the start of their part, oldest first. */
  readonly #byStart = new SlotList(FIRST_CAPACITY);
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #free: number[] = [];
  readonly #lingerUs: number;
  /** Flows by the time of their next interval row; null where none are asked for. */
  readonly #intervals: IntervalQueue | null;
  readonly #firstPrefix: number;
  #slots = 0;
  /** The clock when flows were last looked through for those that are due, and when they will be again, us. */
  #sweptUs = 0;
  #nextSweepUs = 0;
  /** The latest packet time seen, us. */
  #clockUs = 0;

  constructor(options: TrackerOptions, observer: FlowObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#lingerUs = Math.min(LINGER_US, options.idleUs);
    this.#intervals = options.emit.intervalUs === null ? null : new IntervalQueue();
    this.#firstPrefix = options.emit.prefixes[0] ?? Infinity;
  }

  /** Flow keys by slot, KEY_WORDS words each (see key.ts). */
  get keys(): Int32Array {
    return this.#table.keys;
  }

  /** Flows that are held now. */
  get openFlows(): number {
    return this.#table.size;
  }

  packet(packet: Packet): void {
    if (packet.us < this.#clockUs) this.counters.outOfOrder++;
    else if (packet.us > this.#clockUs) this.#tick(packet.us);
    const side = readKey(packet, this.#options.keyVlan, this.#key);
    const hash = this.#table.hash(this.#key);
    const found = this.#table.find(this.#key, hash);
    const slot = found < 0 ? this.#begin(side, hash, packet) : this.#continue(found, side, hash, packet);
    // Whatever the flow's state: a SYN-ACK may be the first of the next part, or come after a RST.
    if ((packet.tcpFlags & TcpFlag.Syn) !== 0) this.#learnDirection(slot, side, packet);
    const packets = this.state.update(slot, side, packet);
    if (packet.payloadEnd > packet.payloadAt) this.#observer.payload(slot, side, packet);
    if (packet.protocol === Protocol.Tcp && (packet.tcpFlags & (TcpFlag.Fin | TcpFlag.Rst)) !== 0) {
      this.#close(slot, side, packet);
    }
    if (packets >= this.#firstPrefix) this.#emitPrefix(slot, packets, packet);
  }

  /** Time has come to `us` (the wall clock's, while the source is silent): ends what is due, and emits it. */
  advance(us: number): void {
    if (us > this.#clockUs) this.#tick(us);
    this.#sweep(this.#clockUs);
    this.#release();
  }

  /** Packet time has come to `us`. */
  #tick(us: number): void {
    this.#clockUs = us;
    if (this.#intervals !== null) this.#emitIntervals(us);
    if (us < this.#nextSweepUs) return;
    this.#sweep(us);
    if (this.#queue.size >= RELEASE_ROWS) this.#release();
  }

  /**
   * Ends closed flows that have had their tail, and open ones that are idle.
   *
   * @param most flows to end; others wait for the next time, but no longer than GRAIN_US
   */
  #sweep(us: number, most = Infinity): void {
    const { state } = this;
    let left = most;
    for (let slot = this.#closingFlows.head; slot >= 0; slot = this.#closingFlows.head) {
      const overUs = us - state.get(slot, Field.EndUs) - this.#lingerUs;
      if (overUs < 0 || (left <= 0 && overUs < GRAIN_US)) break;
      this.#retire(slot);
      left--;
    }
    // A flow that was seen since it came to its place stays there: moved back, it would be looked at only when others that
    // end after it have had their turn. It is passed over for as long as the list is inexact, once or twice.
    for (let slot = this.#openFlows.head, next = -1; slot >= 0; slot = next) {
      next = this.#openFlows.next(slot);
      const overUs = us - state.get(slot, Field.QueuedUs) - this.#options.idleUs;
      if (overUs < 0 || (left <= 0 && overUs < GRAIN_US)) break;
      if (us - state.get(slot, Field.TouchedUs) < this.#options.idleUs) continue;
      this.#end(slot, EndReason.Idle);
      left--;
    }
    this.#sweptUs = us;
    this.#nextSweepUs = us + GRAIN_US;
  }

  /** Puts an open flow behind all others. */
  #requeue(slot: number): void {
    this.state.set(slot, Field.QueuedUs, this.#clockUs);
    this.#openFlows.touch(slot);
  }

  /** The capture is over: ends every flow. */
  finish(): void {
    this.#sweep(this.#clockUs);
    for (let slot = this.#closingFlows.head; slot >= 0; slot = this.#closingFlows.head) this.#retire(slot);
    const open: number[] = [];
    for (let slot = this.#openFlows.head; slot >= 0; slot = this.#openFlows.next(slot)) {
      this.state.set(slot, Field.EndReason, EndReason.Eof);
      this.#setEnd(slot, Infinity, 0);
      open.push(slot);
    }
    for (const slot of this.#queue.drain(open)) this.#emit(slot);
  }

  /** The slot in which the packet's flow goes on: its own, or that of a new flow or part. */
  #continue(slot: number, side: 0 | 1, hash: number, packet: Packet): number {
    const record = this.state.page(slot);
    const base = this.state.baseOf(slot);
    const isOpen = record[base + Field.EndReason] === EndReason.Open;
    const { idleUs, activeUs, maxFlows } = this.#options;
    const quietUs = this.#clockUs - record[base + (isOpen ? Field.TouchedUs : Field.EndUs)]!;
    if (quietUs >= (isOpen ? idleUs : this.#lingerUs) || this.#isNewConnection(slot, side, packet)) {
      if (!isOpen) this.#retire(slot);
      else this.#end(slot, quietUs < idleUs && record[base + Field.Finished] !== 0 ? EndReason.Fin : EndReason.Idle);
      return this.#begin(side, hash, packet);
    }
    if (!isOpen) return slot;
    if (packet.us - record[base + Field.LastUs]! >= idleUs) {
      // Only where times went backwards: by the clock the flow is not idle.
      this.#end(slot, EndReason.Idle);
      return this.#begin(side, hash, packet);
    }
    if (packet.us - record[base + Field.FirstUs]! >= activeUs) return this.#cut(slot, packet);
    record[base + Field.TouchedUs] = this.#clockUs;
    // Where room is getting scarce, the order in which flows were seen is kept to the packet.
    const grainUs = this.#table.size * 2 > maxFlows ? 0 : GRAIN_US;
    if (this.#clockUs - record[base + Field.QueuedUs]! >= grainUs) this.#requeue(slot);
    return slot;
  }

  /** A SYN that is not a copy of the one that opened the flow, nor that one arriving late. */
  #isNewConnection(slot: number, side: 0 | 1, packet: Packet): boolean {
    if ((packet.tcpFlags & (TcpFlag.Syn | TcpFlag.Ack)) !== TcpFlag.Syn) return false;
    const { state } = this;
    const record = state.page(slot);
    if (record[state.baseOf(slot) + Field.EndReason] !== EndReason.Open) return true;
    const own = state.sideBaseOf(slot, side);
    const seen = record[own + SideField.SynSequence]!;
    if (seen >= 0) return seen !== packet.sequence;
    const first = record[own + SideField.FirstSequence]!;
    const other = state.sideBaseOf(slot, 1 - side);
    const answered = record[other + SideField.SynSequence]! >= 0;
    return first < 0 ? !answered : (packet.sequence + 1) >>> 0 !== first;
  }

  #begin(side: 0 | 1, hash: number, packet: Packet): number {
    if (this.#table.size >= this.#options.maxFlows) this.#makeRoom();
    const slot = this.#takeSlot();
    this.#table.insert(slot, this.#key, hash);
    this.#startPart(slot, packet, flowId(this.#key, 0, packet.us, packet.ns), 0);
    this.state.set(slot, Field.Forward, side);
    if ((packet.tcpFlags & TcpFlag.Syn) === 0) this.#guessDirection(slot, side, packet);
    this.counters.flows++;
    this.#observer.opened(slot, side, packet);
    return slot;
  }

  /** The active timeout: the part becomes a row, and the flow goes on in a fresh record. */
  #cut(slot: number, packet: Packet): number {
    const { state } = this;
    const successor = this.#takeSlot();
    this.#startPart(successor, packet, state.get(slot, Field.FlowId), state.get(slot, Field.Part) + 1);
    for (const field of [Field.Forward, Field.Direction, Field.Finished, Field.Origin]) {
      state.set(successor, field, state.get(slot, field));
    }
    for (const side of [0, 1]) {
      const [from, to] = [state.sideBaseOf(slot, side), state.sideBaseOf(successor, side)];
      for (const field of SEQUENCE_FIELDS) state.page(successor)[to + field] = state.page(slot)[from + field]!;
    }
    this.#table.replace(slot, successor);
    this.#observer.continued(slot, successor);
    this.#openFlows.remove(slot);
    this.#byStart.remove(slot);
    this.#intervals?.remove(slot);
    this.#schedule(slot, EndReason.Active);
    return successor;
  }

  #startPart(slot: number, packet: Packet, id: number, part: number): void {
    this.state.start(slot, packet, id, part);
    this.state.set(slot, Field.TouchedUs, this.#clockUs);
    this.state.set(slot, Field.QueuedUs, this.#clockUs);
    this.#openFlows.append(slot);
    this.#byStart.append(slot);
    this.#intervals?.add(slot, packet.us + this.#options.emit.intervalUs!);
  }

  #emitPrefix(slot: number, packets: number, packet: Packet): void {
    if (this.#options.emit.prefixes.includes(packets)) this.#copyRow(slot, RowKind.Prefix, packet.us, packet.ns);
  }

  /** Rows of the intervals that have passed by `us`; a flow that was silent in one has nothing new to say. */
  #emitIntervals(us: number): void {
    const intervals = this.#intervals!;
    const length = this.#options.emit.intervalUs!;
    while (intervals.firstDueUs <= us) {
      const { slot, dueUs } = intervals.pop();
      if (this.#wasActive(slot, dueUs - length, dueUs)) this.#copyRow(slot, RowKind.Interval, dueUs, 0);
      const passed = Math.floor((us - dueUs) / length);
      intervals.add(slot, dueUs + (passed + 1) * length);
    }
  }

  /** True if the part had a packet from `fromUs` on and goes on, by both timeouts, beyond `toUs`. */
  #wasActive(slot: number, fromUs: number, toUs: number): boolean {
    const { idleUs, activeUs } = this.#options;
    const last = this.state.get(slot, Field.LastUs);
    const isOpen = this.state.get(slot, Field.EndReason) === EndReason.Open;
    const lives = last + idleUs > toUs && this.state.get(slot, Field.FirstUs) + activeUs > toUs;
    return isOpen && last >= fromUs && lives;
  }

  /** A row of the flow as it is now. */
  #copyRow(slot: number, kind: number, us: number, ns: number): void {
    const copy = this.#takeSlot();
    this.state.copy(slot, copy);
    this.#table.copyKey(slot, copy);
    this.state.set(copy, Field.RowKind, kind);
    this.#setEnd(copy, us, ns);
    this.#observer.copied(slot, copy);
    this.#enqueue(copy);
  }

  /** SYN and SYN-ACK say who began; they outweigh everything else, in whichever order they arrive. */
  #learnDirection(slot: number, side: 0 | 1, packet: Packet): void {
    const acknowledged = (packet.tcpFlags & TcpFlag.Ack) !== 0;
    const source = acknowledged ? Direction.SynAck : Direction.Syn;
    if (this.state.get(slot, Field.Direction) >= source) return;
    this.state.set(slot, Field.Direction, source);
    this.state.set(slot, Field.Forward, acknowledged ? 1 - side : side);
  }

  #guessDirection(slot: number, side: 0 | 1, packet: Packet): void {
    const sourceLow = packet.sourcePort < PRIVILEGED_PORTS;
    const destinationLow = packet.destinationPort < PRIVILEGED_PORTS;
    if (sourceLow === destinationLow) return;
    this.state.set(slot, Field.Direction, Direction.Port);
    this.state.set(slot, Field.Forward, sourceLow ? 1 - side : side);
  }

  #close(slot: number, side: 0 | 1, packet: Packet): void {
    const { state } = this;
    if (state.get(slot, Field.EndReason) !== EndReason.Open) return;
    const finished = state.get(slot, Field.Finished) | ((packet.tcpFlags & TcpFlag.Fin) !== 0 ? 1 << side : 0);
    state.set(slot, Field.Finished, finished);
    const reset = (packet.tcpFlags & TcpFlag.Rst) !== 0;
    if (!reset && finished !== BOTH_SIDES) return;
    state.set(slot, Field.EndReason, reset ? EndReason.Rst : EndReason.Fin);
    this.#setEnd(slot, packet.us, packet.ns);
    this.#openFlows.remove(slot);
    this.#closingFlows.append(slot);
  }

  /** A closed flow has had its tail. */
  #retire(slot: number): void {
    this.#closingFlows.remove(slot);
    this.#byStart.remove(slot);
    this.#intervals?.remove(slot);
    this.#table.remove(slot);
    this.#enqueue(slot);
  }

  /** Ends an open flow. */
  #end(slot: number, reason: EndReason): void {
    this.#openFlows.remove(slot);
    this.#byStart.remove(slot);
    this.#intervals?.remove(slot);
    this.#table.remove(slot);
    this.#schedule(slot, reason);
  }

  #schedule(slot: number, reason: EndReason): void {
    const { state } = this;
    state.set(slot, Field.EndReason, reason);
    if (reason === EndReason.Idle) {
      this.#setEnd(slot, state.get(slot, Field.LastUs) + this.#options.idleUs, state.get(slot, Field.LastNs));
    } else if (reason === EndReason.Active) {
      this.#setEnd(slot, state.get(slot, Field.FirstUs) + this.#options.activeUs, state.get(slot, Field.FirstNs));
    } else this.#setEnd(slot, this.#clockUs, 0);
    this.#enqueue(slot);
  }

  /** Where there is no idle timeout, a flow whose port was taken by another ends with the capture, like all others. */
  #setEnd(slot: number, us: number, ns: number): void {
    this.state.set(slot, Field.EndUs, us);
    this.state.set(slot, Field.EndNs, us === Infinity ? 0 : ns);
  }

  /** Ends what is due; if nothing was, evicts the least recently seen (to GRAIN_US). */
  #makeRoom(): void {
    this.#sweep(this.#clockUs);
    if (this.#table.size < this.#options.maxFlows) return;
    const oldest = this.#closingFlows.head >= 0 ? this.#closingFlows.head : this.#openFlows.head;
    if (oldest < 0) return;
    this.counters.evicted++;
    if (oldest === this.#closingFlows.head) this.#retire(oldest);
    else this.#end(oldest, EndReason.Evicted);
  }

  /** No flow still held can end, logically, before this time, us. */
  #watermark(): number {
    const { state } = this;
    let mark = this.#sweptUs;
    const closing = this.#closingFlows.head;
    if (closing >= 0) mark = Math.min(mark, state.get(closing, Field.EndUs));
    const oldest = this.#byStart.head;
    if (oldest >= 0) mark = Math.min(mark, state.get(oldest, Field.FirstUs) + this.#options.activeUs);
    return mark;
  }

  /** A row waits for its turn, if it has to. */
  #enqueue(slot: number): void {
    if (this.#options.emit.areUrgent) {
      this.#emit(slot);
      return;
    }
    this.#queue.push(slot);
    if (this.#queue.size > LIMITS.waitingRows) this.#release();
  }

  /**
   * Emits the rows that no flow still held can come before, though they are few: for those who would wait for more. Packets
   * that come late may change when a flow ended, so rows of the last second wait.
   */
  handOn(): void {
    const most = this.#options.emit.areUrgent ? HAND_ON_ROWS : Infinity;
    if (this.#clockUs - this.#sweptUs >= HAND_ON_US) this.#sweep(this.#clockUs, most);
    this.#release(this.#watermark() - LATE_US);
  }

  /** Emits the rows that no flow still held can come before. */
  #release(mark = this.#watermark()): void {
    while (this.#queue.size > 0 && this.#queue.firstEndUs < mark) this.#emit(this.#queue.pop());
    for (; this.#queue.size > LIMITS.waitingRows; this.counters.earlyRows++) this.#emit(this.#queue.pop());
  }

  #emit(slot: number): void {
    if (this.#options.emit.end || this.state.get(slot, Field.RowKind) !== RowKind.End) this.#observer.ended(slot);
    this.state.release(slot);
    this.#free.push(slot);
  }

  #takeSlot(): number {
    return this.#free.pop() ?? this.#slots++;
  }
}

/** The default of `--max-flows`. */
export const DEFAULT_MAX_FLOWS = LIMITS.flows;
