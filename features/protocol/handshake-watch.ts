/**
 * Watches the beginning of TCP flows for a TLS handshake. A look at each of the first payloads decides: a flow that
 * does not turn to TLS costs those looks and nothing more; one that does gets a reader and the two reassemblers that
 * feed it, until both hellos are known.
 */
import { LIMITS } from '../../core/limits.ts';
import { type FlowState, SideField } from '../flow/flow-state.ts';
import { Prefix, PrefixStatus } from '../flow/prefix.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { TlsHandshake, TlsStatus } from './tls/handshake-reader.ts';
import { looksLikeTls } from './tls/record.ts';

interface Reading {
  readonly handshake: TlsHandshake;
  readonly streams: readonly [Prefix, Prefix];
  /** Memory that it may take: its objects, and every byte it was given. */
  bytes: number;
}

/** Objects and first buffer of a reading, bytes. */
const READING_BYTES = 4096;

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
  readonly #mostBytes: number;
  readonly #phases: number[] = [];
  readonly #readings: (Reading | null)[] = [];
  readonly #summaries: (Summary | null)[] = [];
  /** Slots whose handshake is being read, the one that began first at the front. */
  readonly #open = new Set<number>();
  #openBytes = 0;
  /** Handshakes given up half-read, because too many were being read at once. */
  givenUp = 0;
  #bytes = new Uint8Array(0);

  /** @param mostBytes of handshakes half-read at once, all flows together */
  constructor(
    state: FlowState,
    summarise: (handshake: TlsHandshake) => Summary | null,
    mostBytes: number = LIMITS.handshakeBytes,
  ) {
    this.#state = state;
    this.#summarise = summarise;
    this.#mostBytes = mostBytes;
  }

  /** What the handshake of the flow in the slot says, as far as it was read. */
  of(slot: number): Summary | null {
    const reading = this.#readings[slot] ?? null;
    return reading === null ? (this.#summaries[slot] ?? null) : this.#summarise(reading.handshake);
  }

  opened(slot: number): void {
    this.#release(slot);
    this.#phases[slot] = 0;
    this.#summaries[slot] = null;
  }

  /** The flow is over and its row is made: nothing of its handshake is wanted any more. */
  closed(slot: number): void {
    this.#release(slot);
    this.#summaries[slot] = null;
  }

  /** The next part of a flow keeps what its handshake said. */
  continued(slot: number, successor: number): void {
    this.#release(successor);
    this.#phases[successor] = this.#phases[slot]!;
    this.#summaries[successor] = this.of(slot);
    // The part before must not show what is read from now on.
    this.#summaries[slot] = this.#summaries[successor]!;
    const reading = this.#readings[slot] ?? null;
    this.#release(slot);
    if (reading !== null) this.#hold(successor, reading);
  }

  /** A row of the flow as it is now: later hellos must not show in it. */
  copied(slot: number, copy: number): void {
    this.#release(copy);
    this.#phases[copy] = Phase.Over;
    this.#summaries[copy] = this.of(slot);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): void {
    const phase = this.#phases[slot]!;
    if (phase === Phase.Over || packet.protocol !== Protocol.Tcp) return;
    const bytes = this.#bytesOf(packet.view);
    if (phase < MAX_LOOKS && !this.#begin(slot, side, packet, bytes)) return;
    const reading = this.#readings[slot]!;
    const { handshake, streams } = reading;
    streams[side].push(packet.sequence, bytes, packet.payloadAt, packet.payloadEnd, (from, at, end) => {
      handshake.feed(side, from, at, end);
    });
    const exhausted = streams[0].status >= PrefixStatus.Full && streams[1].status >= PrefixStatus.Full;
    if (exhausted || handshake.status !== TlsStatus.Reading) this.#stop(slot);
    else this.#grow(reading, packet.payloadEnd - packet.payloadAt);
  }

  /** Counts what a reading was given; the ones that began first make room where it is too much together. */
  #grow(reading: Reading, bytes: number): void {
    reading.bytes += bytes;
    this.#openBytes += bytes;
    for (const slot of this.#open) {
      if (this.#openBytes <= this.#mostBytes) return;
      this.#stop(slot);
      this.givenUp++;
    }
  }

  #hold(slot: number, reading: Reading): void {
    this.#readings[slot] = reading;
    this.#open.add(slot);
    this.#openBytes += reading.bytes;
  }

  #release(slot: number): void {
    const reading = this.#readings[slot] ?? null;
    this.#readings[slot] = null;
    if (reading === null) return;
    this.#open.delete(slot);
    this.#openBytes -= reading.bytes;
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
    const streams = [this.#stream(slot, 0, looks), this.#stream(slot, 1, looks)] as const;
    this.#hold(slot, { handshake, streams, bytes: READING_BYTES });
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
    this.#release(slot);
    this.#phases[slot] = Phase.Over;
  }

  /** The bytes under the view, made once for views of the same bytes. */
  #bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
    const bytes = this.#bytes;
    if (bytes.buffer !== buffer || bytes.byteOffset !== byteOffset || bytes.byteLength !== byteLength) {
      this.#bytes = new Uint8Array(buffer, byteOffset, byteLength) as Uint8Array<ArrayBuffer>;
    }
    return this.#bytes;
  }
}
