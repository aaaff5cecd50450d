/** The outer addresses of flows that came through a tunnel: few flows do, so they are kept apart from the records. */
import { type Packet, Tunnel } from '../packet/packet.ts';

const ADDRESS_WORDS = 4;

export interface OuterPair {
  readonly tunnel: Tunnel;
  /** 4 or 6. */
  readonly version: number;
  /** Four words of the address on side A's end of the tunnel, then four on side B's; IPv4 fills the last of four. */
  readonly addresses: Int32Array;
}

export class OuterPairs {
  readonly #pairs = new Map<number, OuterPair>();

  of(slot: number): OuterPair | null {
    return this.#pairs.get(slot) ?? null;
  }

  /** Remembers the wrapping of a flow's first packet, sent by `side`. */
  opened(slot: number, side: 0 | 1, packet: Packet): void {
    this.#pairs.delete(slot);
    if (packet.tunnel === Tunnel.None) return;
    const addresses = new Int32Array(2 * ADDRESS_WORDS);
    const bytes = packet.outerVersion === 4 ? 4 : 16;
    copyAddress(packet.view, packet.outerAddressAt, bytes, addresses, side * ADDRESS_WORDS);
    copyAddress(packet.view, packet.outerAddressAt + bytes, bytes, addresses, (1 - side) * ADDRESS_WORDS);
    this.#pairs.set(slot, { tunnel: packet.tunnel, version: packet.outerVersion, addresses });
  }

  /** The same wrapping for the next part of the flow, or for a row of it. */
  passOn(slot: number, other: number): void {
    const pair = this.#pairs.get(slot);
    if (pair === undefined) this.#pairs.delete(other);
    else this.#pairs.set(other, pair);
  }
}

function copyAddress(view: DataView, at: number, bytes: number, out: Int32Array, to: number): void {
  const words = bytes / 4;
  for (let i = 0; i < words; i++) out[to + ADDRESS_WORDS - words + i] = view.getInt32(at + i * 4);
}
