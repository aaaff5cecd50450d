/**
 * Ports for later IP fragments (RFC 791 3.2, RFC 8200 4.5): only the first fragment carries them. What it says is
 * remembered by addresses, protocol and identification, in a table of fixed size in which a newer packet takes the place
 * of an older one.
 */
import type { Packet } from './packet.ts';

/** Packets remembered at once: fragments of one packet follow each other closely. */
const PLACES = 4096;
/** Words of an entry: address words (8), identification, protocol and version, ports, us (two words). */
const ENTRY = 13;
const ID = 8;
const KIND = 9;
const PORTS = 10;
const TIME_HIGH = 11;
const TIME_LOW = 12;
/** How long fragments of one packet may be apart: Linux's `ipfrag_time`. */
const LIFETIME_US = 30e6;
const TWO_32 = 0x1_0000_0000;

export class Fragments {
  readonly #entries = new Int32Array(PLACES * ENTRY);
  readonly #key = new Int32Array(ENTRY);

  /**
   * Remembers the ports of a first fragment, or gives a later one its ports.
   *
   * @returns false for a later fragment whose first was not seen
   */
  resolve(packet: Packet): boolean {
    const at = this.#readKey(packet) * ENTRY;
    if (!packet.isFragment) {
      this.#remember(at, packet);
      return true;
    }
    const entries = this.#entries;
    for (let word = 0; word <= KIND; word++) if (entries[at + word] !== this.#key[word]) return false;
    const us = entries[at + TIME_HIGH]! * TWO_32 + (entries[at + TIME_LOW]! >>> 0);
    if (Math.abs(packet.us - us) > LIFETIME_US) return false;
    packet.sourcePort = entries[at + PORTS]! >>> 16;
    packet.destinationPort = entries[at + PORTS]! & 0xffff;
    return true;
  }

  #remember(at: number, packet: Packet): void {
    const entries = this.#entries;
    entries.set(this.#key, at);
    entries[at + PORTS] = (packet.sourcePort << 16) | packet.destinationPort;
    entries[at + TIME_HIGH] = Math.floor(packet.us / TWO_32);
    entries[at + TIME_LOW] = (packet.us % TWO_32) | 0;
  }

  /** Fills the key and says which place is the packet's. */
  #readKey({ view, addressAt, ipVersion, protocol, fragmentId }: Packet): number {
    const key = this.#key.fill(0);
    const words = ipVersion === 4 ? 2 : 8;
    key[ID] = fragmentId;
    // A version is never 0, so an entry that was never written matches no packet.
    key[KIND] = (ipVersion << 8) | protocol;
    // Mixed before the addresses come in, so that an identification and an address do not cancel out.
    let hash = Math.imul(fragmentId ^ (protocol << 16), 0x85ebca6b);
    hash ^= hash >>> 13;
    for (let word = 0; word < words; word++) {
      key[word] = view.getInt32(addressAt + word * 4);
      hash = Math.imul(hash ^ key[word]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & (PLACES - 1);
  }
}
