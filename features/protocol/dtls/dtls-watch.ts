/**
 * Watches UDP flows for a DTLS handshake. It may follow other protocols on the same ports (RFC 7983: STUN), so many
 * datagrams are looked at; a look at one that is something else is a comparison of its first byte.
 */
import { enlarge, grownCapacity } from '../../flow/slot-list.ts';
import { type Packet, Protocol } from '../../packet/packet.ts';
import { BoundedReadings } from '../bounded-readings.ts';
import { ContentType } from '../tls/constants.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { ViewBytes } from '../view-bytes.ts';
import type { Watch } from '../watch.ts';
import { DtlsHandshake, type DtlsSummary } from './handshake.ts';
import { DTLS_LIMITS } from './limits.ts';
import { looksLikeDtls } from './record.ts';

/** What is done for a slot; smaller numbers are looks in vain. */
const Phase = { Reading: DTLS_LIMITS.looks, Over: DTLS_LIMITS.looks + 1 } as const;
const FIRST_SLOTS = 1024;

export class DtlsWatch<Client, Server> implements Watch<DtlsSummary<Client, Server>> {
  readonly transports = [Protocol.Udp];
  readonly #hellos: HelloReader<Client, Server>;
  readonly #readings: BoundedReadings<DtlsHandshake<Client, Server>>;
  readonly #summaries = new Map<number, DtlsSummary<Client, Server>>();
  readonly #bytes = new ViewBytes();
  #phases = new Uint8Array(0);
  /** Handshakes given up half-read, because too many were being read at once. */
  givenUp = 0;

  constructor(hellos: HelloReader<Client, Server>, mostBytes: number = DTLS_LIMITS.readingBytes) {
    this.#hellos = hellos;
    this.#readings = new BoundedReadings(mostBytes);
  }

  of(slot: number): DtlsSummary<Client, Server> | null {
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
    if (phase < Phase.Reading && !this.#begins(slot, packet)) {
      this.#phases[slot] = phase + 1 < DTLS_LIMITS.looks ? phase + 1 : Phase.Over;
    } else if (phase !== Phase.Over) this.#read(slot, side, packet);
    return this.#phases[slot] !== Phase.Over;
  }

  /** Begins to read if the datagram begins a handshake. */
  #begins(slot: number, packet: Packet): boolean {
    const { view, payloadAt, payloadEnd } = packet;
    if (payloadAt >= payloadEnd || view.getUint8(payloadAt) !== ContentType.Handshake) return false;
    if (!looksLikeDtls(this.#bytes.of(view), payloadAt, payloadEnd, wireEndOf(packet))) return false;
    const handshake = new DtlsHandshake(this.#hellos);
    this.#readings.add(slot, handshake);
    this.#summaries.set(slot, handshake.summary);
    this.#phases[slot] = Phase.Reading;
    return true;
  }

  #read(slot: number, side: 0 | 1, packet: Packet): void {
    const handshake = this.#readings.get(slot)!;
    const before = handshake.bytes;
    handshake.datagram(side, this.#bytes.of(packet.view), packet.payloadAt, packet.payloadEnd, wireEndOf(packet));
    this.#readings.grow(handshake.bytes - before);
    if (handshake.isOver) this.#stop(slot);
    for (let first = this.#readings.tooMany; first >= 0; first = this.#readings.tooMany) {
      this.#stop(first);
      this.givenUp++;
    }
  }

  continued(slot: number, successor: number): void {
    this.copied(slot, successor);
    this.#phases[successor] = this.#phases[slot]!;
    this.#phases[slot] = Phase.Over;
    const handshake = this.#readings.remove(slot);
    if (handshake === null) return;
    handshake.summary = this.#summaries.get(successor)!;
    this.#readings.add(successor, handshake);
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
    this.#readings.remove(slot);
    this.#phases[slot] = Phase.Over;
  }
}

/** Where the datagram ended on the wire, perhaps behind the end of the capture. */
function wireEndOf({ payloadAt, payloadEnd, payloadLength }: Packet): number {
  return Math.max(payloadEnd, payloadAt + payloadLength);
}
