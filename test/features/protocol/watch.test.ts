/** Flows are shown to the watches that want them, and to no other. */
import { expect, test } from 'vitest';
import { Packet, Protocol } from '../../../features/packet/packet.ts';
import { type Watch, Watches } from '../../../features/protocol/watch.ts';

/** Counts what it is shown, and has enough after some packets. */
class Counter implements Watch<number> {
  readonly transports: readonly number[];
  readonly said: string[] = [];
  readonly #counts = new Map<number, number>();
  readonly #enough: number;

  constructor(transports: readonly number[], enough: number) {
    this.transports = transports;
    this.#enough = enough;
  }

  opened(slot: number): void {
    this.#counts.set(slot, 0);
  }

  payload(slot: number): boolean {
    const count = this.#counts.get(slot)! + 1;
    this.#counts.set(slot, count);
    return count < this.#enough;
  }

  continued(slot: number, successor: number): void {
    this.#counts.set(successor, this.#counts.get(slot)!);
  }

  copied(slot: number, copy: number): void {
    this.#counts.set(copy, this.#counts.get(slot)!);
  }

  closed(slot: number): void {
    this.said.push(`closed ${slot}`);
    this.#counts.delete(slot);
  }

  of(slot: number): number | null {
    return this.#counts.get(slot) ?? null;
  }
}

test('a watch sees flows of its transports until it has enough, in whichever slot they go on', () => {
  const tcp = new Counter([Protocol.Tcp], 2);
  const both = new Counter([Protocol.Tcp, Protocol.Udp], 5);
  const watches = new Watches([tcp, both]);
  const show = (slot: number, times: number) => {
    for (let i = 0; i < times; i++) watches.payload(slot, 0, new Packet());
  };
  // A slot beyond those there is room for at first.
  const [one, two, three, copy] = [0, 5000, 5001, 70_000];
  watches.opened(one, Protocol.Tcp);
  watches.opened(two, Protocol.Udp);
  show(one, 3);
  show(two, 1);
  expect([tcp.of(one), tcp.of(two), both.of(one), both.of(two)]).toEqual([2, null, 3, 1]);
  expect([watches.isWatching(one, 0), watches.isWatching(two, 0), watches.isWatching(two, 1)]).toEqual([
    true,
    false,
    true,
  ]);
  watches.copied(one, copy);
  watches.continued(one, three);
  show(three, 9);
  show(one, 9);
  show(copy, 9);
  expect([tcp.of(three), both.of(three), both.of(one), both.of(copy)]).toEqual([2, 5, 3, 3]);
  watches.closed(two);
  expect([tcp.said, both.said]).toEqual([[], [`closed ${two}`]]);
  show(two, 1);
  expect(both.of(two)).toBe(null);
});

test('a flow of a transport that nobody looks at is shown to nobody', () => {
  const tcp = new Counter([Protocol.Tcp], 2);
  const watches = new Watches([tcp]);
  watches.opened(3, Protocol.Icmp);
  watches.payload(3, 0, new Packet());
  watches.closed(3);
  expect([tcp.of(3), tcp.said]).toEqual([null, []]);
});
