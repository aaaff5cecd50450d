/**
 * Watches TCP flows for TLS and follows those that speak it to their end. A look at each of the first payloads decides: a
 * flow that does not turn to TLS costs those looks and nothing more.
 */
import { LIMITS } from '../../core/limits.ts';
import { Field, type FlowState } from '../flow/flow-state.ts';
import { MessageLog, RUN } from '../flow/message-log.ts';
import { payloadSequence } from '../flow/segments.ts';
import { enlarge, grownCapacity } from '../flow/slot-list.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { DIALOGUE_NAMES, Dialogue, dialogueOf } from './starttls.ts';
import { ContentType } from './tls/constants.ts';
import { type Arrival, FlowReader, type Wanted } from './tls/flow-reader.ts';
import type { ChainReader, ClientTraits, HelloReader, ServerTraits } from './tls/hello-reader.ts';
import { TLS_LIMITS } from './tls/limits.ts';
import { beginsWithRecords, isSsl2ClientHello, looksLikeTls, ssl2Length } from './tls/record.ts';
import { type RecordStream, StreamMode, TlsFlow } from './tls/tls-flow.ts';
import { ViewBytes } from './view-bytes.ts';
import type { Watch } from './watch.ts';

const UNKNOWN = -1;
const FIRST_SLOTS = 1024;
/** In the place of a number of looks: there is nothing (more) to look for. */
const OVER = 255;
/** Memory of a flow that has begun like TLS, bytes: its objects. */
const FLOW_BYTES = 1024;
/** Flows kept for the next that come. */
const SPARE_FLOWS = 4096;

/** Bits of a logged record: type from change_cipher_spec on, minor version, side. The length has the fifteen below. */
const TYPE_SHIFT = 15;
const VERSION_SHIFT = 18;
const SIDE_SHIFT = 21;

/** The records of a flow, up to TLS_LIMITS.records each way, in the order in which they were read. */
export class RecordList {
  length = 0;
  /** Bytes, positive from the initiator. */
  readonly lengths = new Int32Array(2 * TLS_LIMITS.records);
  readonly types = new Int32Array(2 * TLS_LIMITS.records);
  readonly versions = new Int32Array(2 * TLS_LIMITS.records);
  /** When its header was captured, us from the first packet of the part. */
  readonly times = new Float64Array(2 * TLS_LIMITS.records);
}

/** What is known of one direction. */
export interface StreamSummary {
  /** Records by type. */
  readonly changes: number;
  readonly alerts: number;
  readonly handshakes: number;
  readonly data: number;
  readonly heartbeats: number;
  readonly bytes: number;
  readonly gaps: number;
  readonly isProtected: boolean;
  /** The last alert in the clear; level 0 while there is none. */
  readonly alertLevel: number;
  readonly alertDescription: number;
}

/** What a TLS flow over TCP says. */
export interface TlsFlowSummary<Client, Server, Chain> {
  readonly client: Client | null;
  readonly server: Server | null;
  readonly chain: Chain | null;
  /** What was spoken in the clear before. */
  readonly upgradedFrom: string | null;
  readonly isRetried: boolean;
  /** The group that a HelloRetryRequest asks for. */
  readonly retryGroup: number | null;
  /** The group of the key exchange. */
  readonly group: number | null;
  /** Null if it cannot be told. */
  readonly isResumed: boolean | null;
  /** Both sides sent something under the keys of the handshake. */
  readonly isEstablished: boolean;
  readonly asksCertificate: boolean;
  readonly hasClientCertificate: boolean;
  /** Initiator and responder. */
  readonly fwd: StreamSummary;
  readonly bwd: StreamSummary;
  /** Client and server by their hellos; null where no hello was read. */
  readonly clientStream: StreamSummary | null;
  readonly serverStream: StreamSummary | null;
  /** Valid until the next flow is asked for. */
  readonly records: RecordList;
}

export class TlsWatch<Client extends ClientTraits, Server extends ServerTraits, Chain>
  implements Watch<TlsFlowSummary<Client, Server, Chain>>
{
  readonly transports = [Protocol.Tcp];
  readonly #state: FlowState;
  readonly #reader: FlowReader<Client, Server, Chain>;
  readonly #log = new MessageLog();
  readonly #flows: (TlsFlow<Client, Server, Chain> | null)[] = [];
  readonly #spare: TlsFlow<Client, Server, Chain>[] = [];
  /** Slots of flows that may yet turn out not to speak TLS, the one that began first at the front. */
  readonly #uncertain = new Set<number>();
  readonly #mostUncertain: number;
  #givenUp = 0;
  /** Payloads looked at so far of a flow that is not TLS yet, and the dialogue that it has shown. */
  #looks = new Uint8Array(0);
  #dialogues = new Uint8Array(0);
  readonly #records = new RecordList();
  readonly #packed = new Int32Array(2 * TLS_LIMITS.records);
  readonly #bytes = new ViewBytes();

  /**
   * @param mostBytes of handshakes half-read and segments out of order at once, all flows together
   * @param wanted the rest of what costs is not kept
   */
  constructor(
    state: FlowState,
    hellos: HelloReader<Client, Server> & ChainReader<Chain>,
    mostBytes: number = LIMITS.handshakeBytes,
    wanted: Wanted = { records: true, chains: true },
  ) {
    this.#state = state;
    this.#mostUncertain = Math.max(1, Math.floor(mostBytes / FLOW_BYTES));
    this.#reader = new FlowReader(
      hellos,
      { add: (flow, side, type, version, length, when) => this.#logRecord(flow, side, type, version, length, when) },
      mostBytes,
      wanted,
    );
  }

  /** Handshakes given up half-read, because too many were being read at once. */
  get givenUp(): number {
    return this.#reader.givenUp + this.#givenUp;
  }

  opened(slot: number): void {
    if (slot >= this.#looks.length) this.#grow(slot);
    this.#release(slot);
    this.#looks[slot] = 0;
    this.#dialogues[slot] = Dialogue.None;
  }

  payload(slot: number, side: 0 | 1, packet: Packet): boolean {
    const flow = this.#flows[slot]!;
    if (flow === null) return this.#look(slot, side, packet);
    const stream = flow.stream(side);
    const { payloadLength } = packet;
    // Inside the record, or read before: the payload is not touched. A SYN's payload is one byte further on, in a flow
    // that has no record yet.
    if (stream.mode === StreamMode.Following && ((packet.sequence + payloadLength - stream.next) | 0) <= 0) {
      if (stream.hasStepped || stream.early !== null) return !flow.isFrozen;
    }
    if (flow.isFrozen) return false;
    if (stream.mode === StreamMode.Silent) return flow.stream(side ^ 1).mode !== StreamMode.Silent;
    this.#push(flow, side, packet);
    if (flow.isCertain && this.#uncertain.size > 0) this.#uncertain.delete(slot);
    return true;
  }

  continued(slot: number, successor: number): void {
    if (successor >= this.#looks.length) this.#grow(successor);
    this.#release(successor);
    this.#looks[successor] = this.#looks[slot]!;
    this.#dialogues[successor] = this.#dialogues[slot]!;
    const flow = this.#flows[slot]!;
    this.#looks[slot] = OVER;
    if (flow === null) return;
    // The part before must not show what is read from now on; its records stay with it.
    const past = this.#take(slot);
    past.isFrozen = true;
    past.copyShown(flow);
    past.firstRun = flow.firstRun;
    past.lastRun = flow.lastRun;
    past.logged = flow.logged;
    this.#flows[slot] = past;
    this.#flows[successor] = flow;
    if (this.#uncertain.delete(slot)) this.#uncertain.add(successor);
    flow.slot = successor;
    flow.firstRun = flow.lastRun = -1;
    flow.logged = 0;
    flow.streamA.clearCounts();
    flow.streamB.clearCounts();
  }

  copied(slot: number, copy: number): void {
    if (copy >= this.#looks.length) this.#grow(copy);
    this.#release(copy);
    this.#looks[copy] = OVER;
    const flow = this.#flows[slot]!;
    if (flow === null) return;
    const frozen = this.#take(copy);
    frozen.isFrozen = true;
    frozen.copyShown(flow);
    this.#readLog(flow);
    for (let i = 0; i < flow.logged; i++) this.#put(frozen, this.#packed[i]!, this.#records.times[i]!);
    this.#flows[copy] = frozen;
  }

  closed(slot: number): void {
    this.#release(slot);
    this.#looks[slot] = OVER;
  }

  of(slot: number): TlsFlowSummary<Client, Server, Chain> | null {
    const flow = this.#flows[slot]!;
    if (flow === null || !flow.isCertain) return null;
    const { streamA, streamB, server, client, clientSide } = flow;
    const forward = this.#state.get(slot, Field.Forward);
    this.#listRecords(flow, forward);
    const knowsRoles = clientSide >= 0;
    return {
      client,
      server,
      chain: flow.chain,
      upgradedFrom: DIALOGUE_NAMES[flow.dialogue] ?? null,
      isRetried: flow.isRetried,
      retryGroup: flow.retryGroup < 0 ? null : flow.retryGroup,
      group: groupOf(flow),
      isResumed: isResumed(flow),
      isEstablished: streamA.isProtected && streamB.isProtected,
      asksCertificate: flow.asksCertificate,
      hasClientCertificate: flow.hasClientCertificate,
      fwd: flow.stream(forward),
      bwd: flow.stream(forward ^ 1),
      clientStream: knowsRoles ? flow.stream(clientSide) : null,
      serverStream: knowsRoles ? flow.stream(clientSide ^ 1) : null,
      records: this.#records,
    };
  }

  /** Nothing of TLS was seen of this flow yet. */
  #look(slot: number, side: 0 | 1, packet: Packet): boolean {
    const looks = this.#looks[slot]!;
    if (looks === OVER) return false;
    const { payloadAt: at, payloadEnd: end } = packet;
    const bytes = this.#bytes.of(packet.view);
    const sequence = payloadSequence(packet);
    // After a dialogue in the clear the stream begins where the handshake does.
    const first = looks === 0 ? this.#state.firstPayloadSequence(slot, side) : UNKNOWN;
    const isEarly = first !== UNKNOWN && sequence !== first;
    if (isEarly || looksLikeTls(bytes, at, end) || isRecordChain(bytes, at, end)) {
      this.#start(slot, side, packet, first === UNKNOWN ? sequence : first, looks);
      return true;
    }
    const dialogue = dialogueOf(bytes, at, end, this.#dialogues[slot]!);
    this.#dialogues[slot] = dialogue;
    const isOver = looks + 1 >= this.#mostLooks(slot, dialogue);
    this.#looks[slot] = isOver ? OVER : looks + 1;
    return !isOver;
  }

  #mostLooks(slot: number, dialogue: number): number {
    if (dialogue !== Dialogue.None) return TLS_LIMITS.dialogueLooks;
    if (this.#looks[slot]! + 1 < TLS_LIMITS.looks) return TLS_LIMITS.looks;
    const isMidstream =
      this.#state.firstPayloadSequence(slot, 0) === UNKNOWN && this.#state.firstPayloadSequence(slot, 1) === UNKNOWN;
    return isMidstream ? TLS_LIMITS.midstreamLooks : TLS_LIMITS.looks;
  }

  /** @param first sequence number at which the side begins to speak TLS */
  #start(slot: number, side: 0 | 1, packet: Packet, first: number, looks: number): void {
    const flow = this.#take(slot);
    this.#flows[slot] = flow;
    flow.dialogue = this.#dialogues[slot]!;
    expectAt(flow.stream(side), first);
    const answer = looks === 0 ? this.#state.firstPayloadSequence(slot, side ^ 1) : UNKNOWN;
    if (answer !== UNKNOWN) expectAt(flow.stream(side ^ 1), answer);
    const bytes = this.#bytes.of(packet.view);
    const { payloadAt, payloadEnd } = packet;
    if (isSsl2ClientHello(bytes, payloadAt, payloadEnd) && payloadSequence(packet) === first) {
      // RFC 5246 E.2: the client goes on in records of TLS.
      flow.clientSide = side;
      flow.stream(side).next = (first + ssl2Length(bytes, payloadAt)) | 0;
    }
    this.#push(flow, side, packet);
    if (flow.isCertain) return;
    this.#uncertain.add(slot);
    if (this.#uncertain.size > this.#mostUncertain) this.#giveUpFirst();
  }

  /** Too many flows have begun like TLS and said no more: the first of them is not read any further. */
  #giveUpFirst(): void {
    for (const slot of this.#uncertain) {
      this.#release(slot);
      this.#looks[slot] = OVER;
      this.#givenUp++;
      return;
    }
  }

  #push(flow: TlsFlow<Client, Server, Chain>, side: 0 | 1, packet: Packet): void {
    const { payloadLength, payloadAt, payloadEnd } = packet;
    const bytes = this.#bytes.of(packet.view);
    this.#reader.push(flow, side, payloadSequence(packet), payloadLength, bytes, payloadAt, payloadEnd, packet);
  }

  #logRecord(
    flow: TlsFlow<Client, Server, Chain>,
    side: 0 | 1,
    type: number,
    version: number,
    length: number,
    when: Arrival,
  ): void {
    const record = this.#state.page(flow.slot);
    const base = this.#state.baseOf(flow.slot);
    const us = when.us - record[base + Field.FirstUs]! + (when.ns - record[base + Field.FirstNs]!) / 1000;
    const kind = ((type - ContentType.ChangeCipherSpec) << TYPE_SHIFT) | ((version & 7) << VERSION_SHIFT);
    flow.stream(side).logged++;
    this.#put(flow, length | kind | (side << SIDE_SHIFT), us > 0 ? us : 0);
  }

  #put(flow: TlsFlow<Client, Server, Chain>, packed: number, us: number): void {
    if (flow.logged % RUN === 0) {
      flow.lastRun = this.#log.take(flow.logged === 0 ? -1 : flow.lastRun);
      if (flow.logged === 0) flow.firstRun = flow.lastRun;
    }
    this.#log.put(flow.lastRun, flow.logged++ % RUN, packed, us);
  }

  #readLog(flow: TlsFlow<Client, Server, Chain>): void {
    if (flow.logged > 0) this.#log.read(flow.firstRun, flow.logged, this.#packed, this.#records.times, 0);
  }

  #listRecords(flow: TlsFlow<Client, Server, Chain>, forward: number): void {
    const packed = this.#packed;
    const { lengths, types, versions } = this.#records;
    this.#readLog(flow);
    this.#records.length = flow.logged;
    for (let i = 0; i < flow.logged; i++) {
      const record = packed[i]!;
      const length = record & ((1 << TYPE_SHIFT) - 1);
      lengths[i] = record >> SIDE_SHIFT === forward ? length : -length;
      types[i] = ContentType.ChangeCipherSpec + ((record >> TYPE_SHIFT) & 7);
      versions[i] = 0x0300 | ((record >> VERSION_SHIFT) & 7);
    }
  }

  #take(slot: number): TlsFlow<Client, Server, Chain> {
    const flow = this.#spare.pop() ?? new TlsFlow<Client, Server, Chain>();
    flow.reset(slot);
    return flow;
  }

  #release(slot: number): void {
    const flow = this.#flows[slot]!;
    if (flow === null) return;
    this.#flows[slot] = null;
    if (this.#uncertain.size > 0) this.#uncertain.delete(slot);
    this.#reader.forget(flow);
    if (flow.logged > 0) this.#log.free(flow.firstRun, flow.lastRun);
    if (this.#spare.length < SPARE_FLOWS) this.#spare.push(flow);
  }

  #grow(slot: number): void {
    const capacity = grownCapacity(this.#looks.length, Math.max(slot + 1, FIRST_SLOTS));
    this.#looks = enlarge(this.#looks, capacity);
    this.#dialogues = enlarge(this.#dialogues, capacity);
    // Not by setting a length: an array with holes is a slower one.
    while (this.#flows.length < capacity) this.#flows.push(null);
  }
}

function expectAt(stream: RecordStream, sequence: number): void {
  stream.mode = StreamMode.Following;
  stream.next = sequence | 0;
}

/** A capture that began in the middle. A handshake has to look like one; see `looksLikeTls`. */
function isRecordChain(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at]!;
  if (first < ContentType.ChangeCipherSpec || first > ContentType.Heartbeat) return false;
  return beginsWithRecords(bytes, at, end, 0);
}

/** TLS 1.3: the key share of the server (RFC 8446 4.2.8); before, the curve of its key exchange. */
function groupOf({ server, exchangeGroup, isRetried }: TlsFlow<unknown, ServerTraits, unknown>): number | null {
  if (exchangeGroup >= 0) return exchangeGroup;
  return server === null || (isRetried && server.isRetryRequest) ? null : server.group;
}

/**
 * TLS 1.3: by the accepted pre-shared key (RFC 8446 4.2.11). Before: the server echoed the session id (RFC 5246 7.4.1.3)
 * or took a ticket without (RFC 5077 3.4), and sent neither certificate nor key.
 */
function isResumed(flow: TlsFlow<unknown, ServerTraits, unknown>): boolean | null {
  const { server } = flow;
  if (server === null || server.isRetryRequest) return null;
  if (server.isTls13) return server.hasPreSharedKey;
  if (flow.isFull) return false;
  return flow.isSessionEchoed || flow.isAbbreviated ? true : null;
}
