/**
 * Watches the beginning of UDP flows for QUIC. The first byte and the version of a datagram decide, no port does; a flow
 * that is something else costs a few looks.
 */
import type { Ciphers } from '../../../core/ciphers.ts';
import { enlarge, grownCapacity } from '../../flow/slot-list.ts';
import { type Packet, Protocol } from '../../packet/packet.ts';
import { BoundedReadings } from '../bounded-readings.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { ViewBytes } from '../view-bytes.ts';
import type { Watch } from '../watch.ts';
import { looksLikeQuic, QuicConnection } from './connection.ts';
import { QUIC_LIMITS } from './limits.ts';
import type { QuicSummary } from './summary.ts';

/** What is done for a slot; smaller numbers are looks in vain. */
const Phase = { Reading: QUIC_LIMITS.looks, Over: QUIC_LIMITS.looks + 1 } as const;
const FIRST_SLOTS = 1024;

export class QuicWatch<Client, Server> implements Watch<QuicSummary<Client, Server>> {
  readonly transports = [Protocol.Udp];
  readonly #ciphers: Ciphers;
  readonly #hellos: HelloReader<Client, Server>;
  readonly #readings: BoundedReadings<QuicConnection<Client, Server>>;
  readonly #summaries = new Map<number, QuicSummary<Client, Server>>();
  readonly #bytes = new ViewBytes();
  #phases = new Uint8Array(0);
  /** Connections given up half-read, because too many were being read at once. */
  givenUp = 0;
  /** Packets that were not tried to be opened, because their connection had its share (see QUIC_LIMITS). */
  untried = 0;

  constructor(ciphers: Ciphers, hellos: HelloReader<Client, Server>, mostBytes: number = QUIC_LIMITS.readingBytes) {
    this.#ciphers = ciphers;
    this.#hellos = hellos;
    this.#readings = new BoundedReadings(mostBytes);
  }

  of(slot: number): QuicSummary<Client, Server> | null {
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
    if (phase === Phase.Over) return false;
    const { payloadAt, payloadEnd } = packet;
    const wireEnd = Math.max(payloadEnd, payloadAt + packet.payloadLength);
    const bytes = this.#bytes.of(packet.view);
    if (phase < Phase.Reading) {
      if (!looksLikeQuic(bytes, payloadAt, payloadEnd, wireEnd)) {
        this.#phases[slot] = phase + 1 < QUIC_LIMITS.looks ? phase + 1 : Phase.Over;
        return phase + 1 < QUIC_LIMITS.looks;
      }
      this.#begin(slot, side);
    }
    return this.#read(slot, side, bytes, payloadAt, payloadEnd, wireEnd);
  }

  #begin(slot: number, side: 0 | 1): void {
    const connection = new QuicConnection(this.#ciphers, this.#hellos, side);
    this.#readings.add(slot, connection);
    this.#summaries.set(slot, connection.summary);
    this.#phases[slot] = Phase.Reading;
  }

  #read(slot: number, side: 0 | 1, bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
    const connection = this.#readings.get(slot)!;
    const before = connection.bytes;
    connection.datagram(side, bytes, at, end, wireEnd);
    this.#readings.grow(connection.bytes - before);
    if (connection.isOver) this.#stop(slot);
    for (let first = this.#readings.tooMany; first >= 0; first = this.#readings.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
    return this.#phases[slot] === Phase.Reading;
  }

  continued(slot: number, successor: number): void {
    this.copied(slot, successor);
    this.#phases[successor] = this.#phases[slot]!;
    this.#phases[slot] = Phase.Over;
    const connection = this.#readings.remove(slot);
    if (connection === null) return;
    connection.summary = this.#summaries.get(successor)!;
    this.#readings.add(successor, connection);
  }

  copied(slot: number, copy: number): void {
    this.opened(copy);
    this.#phases[copy] = Phase.Over;
    const summary = this.#summaries.get(slot);
    if (summary !== undefined) this.#summaries.set(copy, summary.copy());
  }

  closed(slot: number): void {
    if (this.#phases[slot] === Phase.Reading) this.#stop(slot);
    this.#summaries.delete(slot);
  }

  #stop(slot: number): void {
    this.untried += this.#readings.remove(slot)?.untried ?? 0;
    this.#phases[slot] = Phase.Over;
  }
}
