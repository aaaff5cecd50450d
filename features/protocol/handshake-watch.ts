/**
 * Watches the beginning of TCP flows for a TLS handshake. A look at each of the first payloads decides: a flow that
 * does not turn to TLS costs those looks and nothing more. Nearly every hello comes in order and in one segment: it is
 * read where it lies, and all that is kept is what the reader made of it. Everything else is for half-read.ts.
 */
import { LIMITS } from '../../core/limits.ts';
import { type FlowState, SideField } from '../flow/flow-state.ts';
import { enlarge, grownCapacity } from '../flow/slot-list.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { HalfRead, HalfReads } from './half-read.ts';
import type { HelloReader, Hellos } from './tls/hello-reader.ts';
import { HELLO_BODY, isClientHello, looksLikeTls, wholeHelloEnd } from './tls/record.ts';
import type { Watch } from './watch.ts';

/**
 * Payload packets in which a handshake may begin: the dialogue of STARTTLS, SOCKS or HTTP CONNECT comes before it.
 */
const MAX_LOOKS = 8;

/** What is done for a slot; smaller numbers are looks, of which so many were in vain (0 to MAX_LOOKS - 1). */
const Phase = {
  /** A HalfRead reads. */
  Reading: MAX_LOOKS,
  /** The first hello was read from side 0 (or 1, the number behind it); the other side's is awaited. */
  Spoken: MAX_LOOKS + 1,
  /** There is nothing (more) to read. */
  Over: MAX_LOOKS + 3,
} as const;

const UNKNOWN = -1;
const FIRST_SLOTS = 1024;

type ClientOf<Summary extends Hellos<unknown, unknown>> = NonNullable<Summary['client']>;
type ServerOf<Summary extends Hellos<unknown, unknown>> = NonNullable<Summary['server']>;

/** @typeParam Summary what is kept of a handshake */
export class HandshakeWatch<Summary extends Hellos<unknown, unknown>>
  implements Watch<Hellos<ClientOf<Summary>, ServerOf<Summary>>>
{
  readonly transports = [Protocol.Tcp];
  readonly #state: FlowState;
  readonly #hellos: HelloReader<ClientOf<Summary>, ServerOf<Summary>>;
  readonly #half: HalfReads<ClientOf<Summary>, ServerOf<Summary>>;
  #phases = new Uint8Array(0);
  /** In phase Spoken: sequence number of the other side's first payload byte as far as it was known, else UNKNOWN. */
  #expected = new Float64Array(0);
  /** What is kept of the hellos; apart, for a pair of them would have to be made of every flow and twice. */
  readonly #clients: (ClientOf<Summary> | null)[] = [];
  readonly #servers: (ServerOf<Summary> | null)[] = [];
  /** Handshakes given up half-read, because too many were being read at once. */
  givenUp = 0;
  #view: DataView | null = null;
  #bytes = new Uint8Array(0);

  /** @param mostBytes of handshakes half-read at once, all flows together */
  constructor(
    state: FlowState,
    hellos: HelloReader<ClientOf<Summary>, ServerOf<Summary>>,
    mostBytes: number = LIMITS.handshakeBytes,
  ) {
    this.#state = state;
    this.#hellos = hellos;
    this.#half = new HalfReads(mostBytes);
  }

  /** What the handshake of the flow in the slot says, as far as it was read. */
  of(slot: number): Hellos<ClientOf<Summary>, ServerOf<Summary>> | null {
    const client = this.#clients[slot]!;
    const server = this.#servers[slot]!;
    return client === null && server === null ? null : { client, server };
  }

  opened(slot: number): void {
    this.#put(slot, 0, null, null);
  }

  /** The flow is over and its row is made: nothing of its handshake is wanted any more. */
  closed(slot: number): void {
    this.#put(slot, Phase.Over, null, null);
  }

  /** The next part of a flow keeps what its handshake said. */
  continued(slot: number, successor: number): void {
    this.#put(successor, this.#phases[slot]!, this.#clients[slot]!, this.#servers[slot]!);
    this.#expected[successor] = this.#expected[slot]!;
    const reading = this.#half.remove(slot);
    if (reading !== null) this.#half.add(successor, reading);
    // The part before must not show what is read from now on.
    this.#phases[slot] = Phase.Over;
  }

  /** A row of the flow as it is now: later hellos must not show in it. */
  copied(slot: number, copy: number): void {
    this.#put(copy, Phase.Over, this.#clients[slot]!, this.#servers[slot]!);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): boolean {
    const phase = this.#phases[slot]!;
    if (phase === Phase.Over) return false;
    if (phase < MAX_LOOKS) this.#look(slot, side, packet, phase);
    else if (phase === Phase.Reading) this.#read(slot, side, packet);
    else if (phase !== Phase.Spoken + side) this.#answer(slot, side, packet);
    return this.#phases[slot] !== Phase.Over;
  }

  /** Nothing was read of this flow yet. */
  #look(slot: number, side: 0 | 1, packet: Packet, looks: number): void {
    const { payloadAt, payloadEnd } = packet;
    const bytes = this.#bytesOf(packet.view);
    const begins = looksLikeTls(bytes, payloadAt, payloadEnd);
    // After a dialogue in the clear the stream begins where the handshake does.
    const first = looks === 0 ? this.#firstSequence(slot, side) : UNKNOWN;
    const isEarly = first !== UNKNOWN && packet.sequence !== first;
    // A segment that came early must not hide the one before it.
    if (!begins && !isEarly) {
      this.#phases[slot] = looks + 1 < MAX_LOOKS ? looks + 1 : Phase.Over;
      return;
    }
    const answer = looks === 0 ? this.#firstSequence(slot, side ^ 1) : UNKNOWN;
    if (!isEarly && this.#readWhole(slot, bytes, payloadAt, payloadEnd)) {
      this.#phases[slot] = Phase.Spoken + side;
      this.#expected[slot] = answer;
      return;
    }
    this.#half.add(slot, side === 0 ? this.#halfRead(first, answer) : this.#halfRead(answer, first));
    this.#phases[slot] = Phase.Reading;
    this.#read(slot, side, packet);
  }

  /** The first payload of the side that has not spoken yet. */
  #answer(slot: number, side: 0 | 1, packet: Packet): void {
    const expected = this.#expected[slot]!;
    const inOrder = expected === UNKNOWN || expected === packet.sequence;
    if (inOrder && this.#readWhole(slot, this.#bytesOf(packet.view), packet.payloadAt, packet.payloadEnd)) {
      this.#phases[slot] = Phase.Over;
      return;
    }
    // The side that has spoken is not read any more: where it began does not matter.
    const reading = this.#halfRead(expected, expected);
    reading.goOnFrom(side === 0 ? 1 : 0, this.#clients[slot]!, this.#servers[slot]!);
    this.#half.add(slot, reading);
    this.#phases[slot] = Phase.Reading;
    this.#read(slot, side, packet);
  }

  /** Reads the hello that the segment begins with; false if it is not whole or not the one that is wanted. */
  #readWhole(slot: number, bytes: Uint8Array, at: number, end: number): boolean {
    const helloEnd = wholeHelloEnd(bytes, at, end);
    if (helloEnd === 0) return false;
    const body = at + HELLO_BODY;
    if (isClientHello(bytes, at)) {
      if (this.#clients[slot] !== null) return false;
      this.#clients[slot] = this.#hellos.client(bytes, body, helloEnd);
      return this.#clients[slot] !== null;
    }
    if (this.#servers[slot] !== null) return false;
    this.#servers[slot] = this.#hellos.server(bytes, body, helloEnd);
    return this.#servers[slot] !== null;
  }

  #halfRead(first0: number, first1: number): HalfRead<ClientOf<Summary>, ServerOf<Summary>> {
    return new HalfRead(this.#hellos, first0 === UNKNOWN ? null : first0, first1 === UNKNOWN ? null : first1);
  }

  #read(slot: number, side: 0 | 1, packet: Packet): void {
    const reading = this.#half.get(slot)!;
    const before = reading.bytes;
    reading.push(side, packet, this.#bytesOf(packet.view));
    this.#half.grow(reading.bytes - before);
    this.#clients[slot] = reading.handshake.clientHello;
    this.#servers[slot] = reading.handshake.serverHello;
    if (reading.isOver) this.#stop(slot);
    for (let first = this.#half.tooMany; first >= 0; first = this.#half.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
  }

  #stop(slot: number): void {
    this.#half.remove(slot);
    this.#phases[slot] = Phase.Over;
  }

  #put(slot: number, phase: number, client: ClientOf<Summary> | null, server: ServerOf<Summary> | null): void {
    if (slot >= this.#phases.length) this.#grow(slot);
    if (this.#phases[slot] === Phase.Reading) this.#half.remove(slot);
    this.#phases[slot] = phase;
    this.#clients[slot] = client;
    this.#servers[slot] = server;
  }

  #grow(slot: number): void {
    const capacity = grownCapacity(this.#phases.length, Math.max(slot + 1, FIRST_SLOTS));
    this.#phases = enlarge(this.#phases, capacity);
    this.#expected = enlarge(this.#expected, capacity);
    // Not by setting a length: an array with holes is a slower one.
    while (this.#clients.length < capacity) {
      this.#clients.push(null);
      this.#servers.push(null);
    }
  }

  /** Sequence number of the side's first payload byte, UNKNOWN if its SYN was not seen. */
  #firstSequence(slot: number, side: number): number {
    const syn = this.#state.page(slot)[this.#state.sideBaseOf(slot, side) + SideField.SynSequence]!;
    return syn < 0 ? UNKNOWN : (syn + 1) >>> 0;
  }

  /** The bytes under the view, made once for each view: a view never changes what it shows. */
  #bytesOf(view: DataView): Uint8Array {
    if (view !== this.#view) {
      this.#view = view;
      this.#bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
    }
    return this.#bytes;
  }
}
