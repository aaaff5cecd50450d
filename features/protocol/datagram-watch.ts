/**
 * Watches the beginning of UDP flows for a protocol whose handshake is read: QUIC, DTLS. What a datagram looks like decides,
 * no port does; a flow that is something else costs a few looks.
 */
import { enlarge, grownCapacity } from '../flow/slot-list.ts';
import { type Packet, Protocol } from '../packet/packet.ts';
import { BoundedReadings } from './bounded-readings.ts';
import { ViewBytes } from './view-bytes.ts';
import type { Watch } from './watch.ts';

/** Reads the handshake of one flow. */
export interface DatagramReader {
  /** What it has read. Replaced by its copy where a flow is cut. */
  summary: { copy(): unknown };
  /** Nothing more is wanted. */
  readonly isOver: boolean;
  /** Memory that it takes. */
  readonly bytes: number;
  /** Takes the captured part `bytes[at, end)` of a datagram that ended at `wireEnd` on the wire. */
  datagram(side: 0 | 1, bytes: Uint8Array, at: number, end: number, wireEnd: number): void;
}

export interface DatagramProtocol<Reader extends DatagramReader> {
  /** Datagrams with payload in which a handshake may begin. */
  readonly looks: number;
  /** Bytes of handshakes half-read, all flows together; beyond, the one that began first is given up and counted. */
  readonly readingBytes: number;
  /** Whether a datagram begins a handshake; parameters as for DatagramReader. */
  begins(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean;
  /** @param side the sender of the first datagram */
  reader(side: 0 | 1): Reader;
  /** The reader is given no more datagrams. */
  stopped?(reader: Reader): void;
}

/** In the place of the number of looks in vain. */
const READING = 254;
const OVER = 255;
const FIRST_SLOTS = 1024;

export class DatagramWatch<Reader extends DatagramReader> implements Watch<Reader['summary']> {
  readonly transports = [Protocol.Udp];
  readonly #protocol: DatagramProtocol<Reader>;
  readonly #readings: BoundedReadings<Reader>;
  readonly #summaries = new Map<number, Reader['summary']>();
  readonly #bytes = new ViewBytes();
  #phases = new Uint8Array(0);
  /** Handshakes given up half-read, because too many were being read at once. */
  givenUp = 0;

  constructor(protocol: DatagramProtocol<Reader>) {
    this.#protocol = protocol;
    this.#readings = new BoundedReadings(protocol.readingBytes);
  }

  of(slot: number): Reader['summary'] | null {
    return this.#summaries.get(slot) ?? null;
  }

  opened(slot: number): void {
    if (slot >= this.#phases.length) {
      this.#phases = enlarge(this.#phases, grownCapacity(this.#phases.length, Math.max(slot + 1, FIRST_SLOTS)));
    }
    this.#phases[slot] = 0;
  }

  payload(slot: number, side: 0 | 1, packet: Packet): boolean {
    const phase = this.#phases[slot]!;
    if (phase === OVER) return false;
    const { view, payloadAt, payloadEnd, payloadLength } = packet;
    // Perhaps behind the end of what was captured.
    const wireEnd = Math.max(payloadEnd, payloadAt + payloadLength);
    const bytes = this.#bytes.of(view);
    if (phase !== READING) {
      if (!this.#protocol.begins(bytes, payloadAt, payloadEnd, wireEnd)) {
        this.#phases[slot] = phase + 1 < this.#protocol.looks ? phase + 1 : OVER;
        return this.#phases[slot] !== OVER;
      }
      this.#begin(slot, side);
    }
    this.#read(slot, side, bytes, payloadAt, payloadEnd, wireEnd);
    return this.#phases[slot] === READING;
  }

  continued(slot: number, successor: number): void {
    this.copied(slot, successor);
    this.#phases[successor] = this.#phases[slot]!;
    this.#phases[slot] = OVER;
    const reading = this.#readings.remove(slot);
    if (reading === null) return;
    reading.summary = this.#summaries.get(successor)!;
    this.#readings.add(successor, reading);
  }

  copied(slot: number, copy: number): void {
    this.opened(copy);
    this.#phases[copy] = OVER;
    const summary = this.#summaries.get(slot);
    if (summary !== undefined) this.#summaries.set(copy, summary.copy() as Reader['summary']);
  }

  closed(slot: number): void {
    if (this.#phases[slot] === READING) this.#stop(slot);
    this.#summaries.delete(slot);
  }

  #begin(slot: number, side: 0 | 1): void {
    const reading = this.#protocol.reader(side);
    this.#readings.add(slot, reading);
    this.#summaries.set(slot, reading.summary);
    this.#phases[slot] = READING;
  }

  #read(slot: number, side: 0 | 1, bytes: Uint8Array, at: number, end: number, wireEnd: number): void {
    const reading = this.#readings.get(slot)!;
    const before = reading.bytes;
    reading.datagram(side, bytes, at, end, wireEnd);
    this.#readings.grow(reading.bytes - before);
    if (reading.isOver) this.#stop(slot);
    for (let first = this.#readings.tooMany; first >= 0; first = this.#readings.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
  }

  #stop(slot: number): void {
    const reading = this.#readings.remove(slot);
    if (reading !== null) this.#protocol.stopped?.(reading);
    this.#phases[slot] = OVER;
  }
}
