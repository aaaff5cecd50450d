/**
 * Watches the beginning of TCP flows for a TLS handshake. A look at each of the first payloads decides: a flow that
 * does not turn to TLS costs those looks and nothing more; one that does gets a reader and the two reassemblers that
 * feed it, until both hellos are known.
 */
import { type FlowState, SideField } from '../flow/flow-state.ts';
import { Prefix, PrefixStatus } from '../flow/prefix.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { TlsHandshake, TlsStatus } from './tls/handshake-reader.ts';
import { looksLikeTls } from './tls/record.ts';

interface Reading {
  readonly handshake: TlsHandshake;
  readonly streams: readonly [Prefix, Prefix];
}

/**
 * Payload packets in which a handshake may begin: the dialogue of STARTTLS, SOCKS or HTTP CONNECT comes before it.
 */
const MAX_LOOKS = 8;

/** What is done for a slot: so many looks (0 to MAX_LOOKS - 1), a handshake is being read, or there is nothing to read. */
const Phase = { Reading: MAX_LOOKS, Over: MAX_LOOKS + 1 } as const;

/** @typeParam Summary what is kept of a handshake; made once it is read, so that the reader itself can be let go */
export class HandshakeWatch<Summary> {
  readonly #state: FlowState;
  readonly #summarise: (handshake: TlsHandshake) => Summary | null;
  readonly #phases: number[] = [];
  readonly #readings: (Reading | null)[] = [];
  readonly #summaries: (Summary | null)[] = [];
  #bytes = new Uint8Array(0);

  constructor(state: FlowState, summarise: (handshake: TlsHandshake) => Summary | null) {
    this.#state = state;
    this.#summarise = summarise;
  }

  /** What the handshake of the flow in the slot says, as far as it was read. */
  of(slot: number): Summary | null {
    const reading = this.#readings[slot] ?? null;
    return reading === null ? (this.#summaries[slot] ?? null) : this.#summarise(reading.handshake);
  }

  opened(slot: number): void {
    this.#phases[slot] = 0;
    this.#readings[slot] = null;
    this.#summaries[slot] = null;
  }

  /** The next part of a flow keeps what its handshake said. */
  continued(slot: number, successor: number): void {
    this.#phases[successor] = this.#phases[slot]!;
    this.#readings[successor] = this.#readings[slot]!;
    this.#summaries[successor] = this.of(slot);
    // The part before must not show what is read from now on.
    this.#summaries[slot] = this.#summaries[successor]!;
    this.#readings[slot] = null;
  }

  /** A row of the flow as it is now: later hellos must not show in it. */
  copied(slot: number, copy: number): void {
    this.#phases[copy] = Phase.Over;
    this.#readings[copy] = null;
    this.#summaries[copy] = this.of(slot);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): void {
    const phase = this.#phases[slot]!;
    if (phase === Phase.Over || packet.protocol !== Protocol.Tcp) return;
    const bytes = this.#bytesOf(packet.view);
    if (phase < MAX_LOOKS && !this.#begin(slot, side, packet, bytes)) return;
    const { handshake, streams } = this.#readings[slot]!;
    streams[side].push(packet.sequence, bytes, packet.payloadAt, packet.payloadEnd, (from, at, end) => {
      handshake.feed(side, from, at, end);
    });
    const exhausted = streams[0].status >= PrefixStatus.Full && streams[1].status >= PrefixStatus.Full;
    if (exhausted || handshake.status !== TlsStatus.Reading) this.#stop(slot);
  }

  #begin(slot: number, side: 0 | 1, packet: Packet, bytes: Uint8Array): boolean {
    const looks = this.#phases[slot]!;
    const begins = looksLikeTls(bytes, packet.payloadAt, packet.payloadEnd);
    // A segment that came early must not hide the one before it.
    if (!begins && !(looks === 0 && this.#isEarly(slot, side, packet))) {
      this.#phases[slot] = looks + 1 < MAX_LOOKS ? looks + 1 : Phase.Over;
      return false;
    }
    const handshake = new TlsHandshake();
    this.#readings[slot] = { handshake, streams: [this.#stream(slot, 0, looks), this.#stream(slot, 1, looks)] };
    this.#phases[slot] = Phase.Reading;
    return true;
  }

  /** True if the SYN says that bytes before this segment are still to come. */
  #isEarly(slot: number, side: 0 | 1, packet: Packet): boolean {
    const first = this.#firstSequence(slot, side);
    return first !== null && packet.sequence !== first;
  }

  /** After a dialogue in the clear the stream begins where the handshake does. */
  #stream(slot: number, side: number, looks: number): Prefix {
    return new Prefix(looks === 0 ? this.#firstSequence(slot, side) : null);
  }

  /** Sequence number of the side's first payload byte, null if its SYN was not seen. */
  #firstSequence(slot: number, side: number): number | null {
    const syn = this.#state.page(slot)[this.#state.sideBaseOf(slot, side) + SideField.SynSequence]!;
    return syn < 0 ? null : (syn + 1) >>> 0;
  }

  #stop(slot: number): void {
    this.#summaries[slot] = this.of(slot);
    this.#readings[slot] = null;
    this.#phases[slot] = Phase.Over;
  }

  /** The buffer under the view as bytes, made once per buffer. */
  #bytesOf(view: DataView): Uint8Array {
    if (this.#bytes.buffer !== view.buffer || this.#bytes.byteOffset !== view.byteOffset) {
      this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength) as Uint8Array<ArrayBuffer>;
    }
    return this.#bytes;
  }
}
