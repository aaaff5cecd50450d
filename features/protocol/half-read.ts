/**
 * Handshakes that cannot be read straight from a segment: a hello is cut, comes early, or what comes is no hello. Each
 * gets a reader and the two reassemblers that feed it; all of them together are bounded.
 */
import { Prefix, PrefixStatus } from '../flow/prefix.ts';
import type { Packet } from '../packet/packet.ts';
import { TlsHandshake, TlsStatus } from './tls/handshake-reader.ts';
import type { HelloReader } from './tls/hello-reader.ts';

/** Objects and first buffer of a reading, bytes. */
const READING_BYTES = 4096;

export class HalfRead<Client, Server> {
  readonly handshake: TlsHandshake<Client, Server>;
  readonly #streams: readonly [Prefix, Prefix];
  /** Memory that it may take: its objects, and every byte it was given that is still wanted. */
  bytes = READING_BYTES;

  /** @param first0 sequence number of the first payload byte of side 0, null if it is not known; likewise `first1` */
  constructor(hellos: HelloReader<Client, Server>, first0: number | null, first1: number | null) {
    this.handshake = new TlsHandshake(hellos);
    this.#streams = [new Prefix(first0), new Prefix(first1)];
  }

  /** Goes on behind the hello that the side has said. */
  goOnFrom(side: 0 | 1, client: Client | null, server: Server | null): void {
    this.handshake.goOnFrom(side, client, server);
    this.#streams[side].close();
  }

  /** Takes the payload of a packet, found in `bytes`. */
  push(side: 0 | 1, packet: Packet, bytes: Uint8Array): void {
    const stream = this.#streams[side];
    if (stream.status >= PrefixStatus.Full) return;
    const { handshake } = this;
    this.bytes += packet.payloadEnd - packet.payloadAt;
    stream.push(packet.sequence, bytes, packet.payloadAt, packet.payloadEnd, (from, at, end) => {
      handshake.feed(side, from, at, end);
    });
    if (handshake.hasSpoken(side)) stream.close();
  }

  /** True once nothing more can be learnt. */
  get isOver(): boolean {
    const [one, other] = this.#streams;
    const exhausted = one.status >= PrefixStatus.Full && other.status >= PrefixStatus.Full;
    return exhausted || this.handshake.status !== TlsStatus.Reading;
  }
}

/** The half-read handshakes of all flows, by slot. */
export class HalfReads<Client, Server> {
  /** The one that began first at the front. */
  readonly #bySlot = new Map<number, HalfRead<Client, Server>>();
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes of all together */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get(slot: number): HalfRead<Client, Server> | undefined {
    return this.#bySlot.get(slot);
  }

  add(slot: number, reading: HalfRead<Client, Server>): void {
    this.#bySlot.set(slot, reading);
    this.#bytes += reading.bytes;
  }

  /** Takes the slot's reading out and returns it, null if there is none. */
  remove(slot: number): HalfRead<Client, Server> | null {
    const reading = this.#bySlot.get(slot);
    if (reading === undefined) return null;
    this.#bySlot.delete(slot);
    this.#bytes -= reading.bytes;
    return reading;
  }

  /** Counts what a reading has grown by. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The slot whose reading began first, if they are too large together; else -1. */
  get tooMany(): number {
    if (this.#bytes <= this.#mostBytes) return -1;
    for (const slot of this.#bySlot.keys()) return slot;
    return -1;
  }
}
