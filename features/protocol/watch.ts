/**
 * Who reads the payload of flows. Each watch looks for one protocol, keeps what it says by slot, and is asked for it
 * when a flow becomes a row. A flow is shown to a watch only as long as the watch wants to see it, so that a flow which
 * is none of its business costs a look or two.
 */
import { enlarge, grownCapacity } from '../flow/slot-list.ts';
import type { Packet } from '../packet/packet.ts';

/** @typeParam Summary what is kept of a flow; made of a few numbers and shared texts, for a hundred thousand may be held */
export interface Watch<Summary> {
  /** IP protocols (Protocol of packet.ts) of the flows that it looks at. */
  readonly transports: readonly number[];
  /** A flow begins in the slot, which may have held another. */
  opened(slot: number): void;
  /** A packet with captured payload, no later fragment; borrowed. Returns whether more of the flow is wanted. */
  payload(slot: number, side: 0 | 1, packet: Packet): boolean;
  /** The flow in `slot` was cut and goes on in `successor`: what the part before shows must not change any more. */
  continued(slot: number, successor: number): void;
  /** The flow in `slot` will be a row, as it is now, from `copy`, and goes on itself. */
  copied(slot: number, copy: number): void;
  /** The row is made: nothing that is held for the slot is wanted any more. */
  closed(slot: number): void;
  /** What is known of the flow, null if nothing. */
  of(slot: number): Summary | null;
}

const MOST_WATCHES = 8;
const FIRST_SLOTS = 1024;

/** Shows flows to the watches that want to see them. */
export class Watches {
  readonly #watches: readonly Watch<unknown>[];
  /** Which watches look at flows of each IP protocol: bit `i` for watch `i`. */
  readonly #byTransport = new Uint8Array(256);
  /** Of each slot: the watches that look at its flow, and those of them that want more of it. */
  #watching = new Uint8Array(FIRST_SLOTS);
  #wanted = new Uint8Array(FIRST_SLOTS);

  constructor(watches: readonly Watch<unknown>[]) {
    if (watches.length > MOST_WATCHES) throw new Error(`more than ${MOST_WATCHES} watches`);
    this.#watches = watches;
    watches.forEach(({ transports }, i) => {
      for (const transport of transports) this.#byTransport[transport]! |= 1 << i;
    });
  }

  /** True if watch `i` looks at the flow. */
  isWatching(slot: number, i: number): boolean {
    return (this.#watching[slot]! & (1 << i)) !== 0;
  }

  /** @param transport IP protocol number of the flow */
  opened(slot: number, transport: number): void {
    const watching = this.#byTransport[transport]!;
    this.#put(slot, watching, watching);
    for (let rest = watching; rest !== 0; rest &= rest - 1) this.#watches[lowest(rest)]!.opened(slot);
  }

  payload(slot: number, side: 0 | 1, packet: Packet): void {
    const wanted = this.#wanted[slot]!;
    for (let rest = wanted; rest !== 0; rest &= rest - 1) {
      const i = lowest(rest);
      if (!this.#watches[i]!.payload(slot, side, packet)) this.#wanted[slot]! &= ~(1 << i);
    }
  }

  continued(slot: number, successor: number): void {
    const watching = this.#watching[slot]!;
    this.#put(successor, watching, this.#wanted[slot]!);
    this.#wanted[slot] = 0;
    for (let i = 0; watching >> i !== 0; i++) {
      if (this.isWatching(slot, i)) this.#watches[i]!.continued(slot, successor);
    }
  }

  copied(slot: number, copy: number): void {
    const watching = this.#watching[slot]!;
    this.#put(copy, watching, 0);
    for (let i = 0; watching >> i !== 0; i++) if (this.isWatching(slot, i)) this.#watches[i]!.copied(slot, copy);
  }

  closed(slot: number): void {
    const watching = this.#watching[slot]!;
    for (let rest = watching; rest !== 0; rest &= rest - 1) this.#watches[lowest(rest)]!.closed(slot);
    this.#put(slot, 0, 0);
  }

  #put(slot: number, watching: number, wanted: number): void {
    if (slot >= this.#watching.length) {
      const capacity = grownCapacity(this.#watching.length, slot + 1);
      this.#watching = enlarge(this.#watching, capacity);
      this.#wanted = enlarge(this.#wanted, capacity);
    }
    this.#watching[slot] = watching;
    this.#wanted[slot] = wanted;
  }
}

/** The number of the lowest bit that is set; there must be one. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
