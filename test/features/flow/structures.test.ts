/** Table, list and queue of the tracker against Map, array and sorting. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { EndQueue } from '../../../features/flow/end-queue.ts';
import { Field, FlowState } from '../../../features/flow/flow-state.ts';
import { FlowTable } from '../../../features/flow/flow-table.ts';
import { KEY_WORDS } from '../../../features/flow/key.ts';
import { SlotList } from '../../../features/flow/slot-list.ts';
import { Packet } from '../../../features/packet/packet.ts';

describe('FlowTable', () => {
  const keyOf = (number: number) => new Int32Array(KEY_WORDS).fill(number >> 4).fill(number, 9);

  test.each([1, 64, 4096])('does what a Map does, from a capacity of %i', (capacity) => {
    const prng = new Prng(`table ${capacity}`);
    const table = new FlowTable(capacity, 7);
    const twin = new Map<number, number>();
    const free: number[] = [];
    let slots = 0;
    for (let round = 0; round < 12_000; round++) {
      const number = prng.below(round < 6000 ? 3000 : 200);
      const key = keyOf(number);
      const slot = twin.get(number);
      expect(table.find(key, table.hash(key))).toBe(slot ?? -1);
      if (slot === undefined) {
        const taken = free.pop() ?? slots++;
        table.insert(taken, key, table.hash(key));
        twin.set(number, taken);
      } else if (prng.chance(0.7)) {
        table.remove(slot);
        twin.delete(number);
        free.push(slot);
      } else {
        const successor = free.pop() ?? slots++;
        table.replace(slot, successor);
        twin.set(number, successor);
        free.push(slot);
      }
      expect(table.size).toBe(twin.size);
    }
    for (const [number, slot] of twin) {
      const key = keyOf(number);
      expect(table.find(key, table.hash(key))).toBe(slot);
      expect(table.keys.slice(slot * KEY_WORDS, (slot + 1) * KEY_WORDS)).toEqual(key);
    }
  });

  test('keys whose hashes collide are told apart, and survive each other being removed', () => {
    const table = new FlowTable(8, 0);
    for (let i = 0; i < 8; i++) table.insert(i, keyOf(i), 5);
    for (let gone = 0; gone < 8; gone += 2) table.remove(gone);
    for (let i = 0; i < 8; i++) expect(table.find(keyOf(i), 5)).toBe(i % 2 === 0 ? -1 : i);
  });

  test('the seed changes where keys go', () => {
    expect(new FlowTable(8, 1).hash(keyOf(1))).not.toBe(new FlowTable(8, 2).hash(keyOf(1)));
  });
});

describe('SlotList', () => {
  test('does what an array does', () => {
    const prng = new Prng('list');
    const list = new SlotList(1);
    const twin: number[] = [];
    for (let round = 0; round < 20_000; round++) {
      const slot = prng.below(50);
      const at = twin.indexOf(slot);
      if (at < 0) {
        list.append(slot);
        twin.push(slot);
      } else if (prng.chance(0.5)) {
        list.remove(slot);
        twin.splice(at, 1);
      } else {
        list.touch(slot);
        twin.push(...twin.splice(at, 1));
      }
      expect(list.head).toBe(twin[0] ?? -1);
    }
    for (const slot of twin) {
      expect(list.head).toBe(slot);
      list.remove(slot);
    }
    expect(list.head).toBe(-1);
  });
});

describe('EndQueue', () => {
  interface End {
    readonly slot: number;
    readonly keys: readonly [us: number, ns: number, id: number, part: number];
  }

  const inOrder = (a: End, b: End): number => {
    const i = a.keys.findIndex((key, at) => key !== b.keys[at]);
    return i < 0 ? 0 : a.keys[i]! < b.keys[i]! ? -1 : 1;
  };

  test('does what sorting does', () => {
    const prng = new Prng('queue');
    const state = new FlowState();
    const queue = new EndQueue(state);
    expect(queue.firstEndUs).toBe(Infinity);
    let twin: End[] = [];
    for (let slot = 0; slot < 3000; slot++) {
      // Few different values, so that every rank of the order decides; the slot itself keeps them apart.
      const us = prng.pick([1, 2, 3, 1e15, Infinity]);
      const keys = [us, us === Infinity ? 0 : prng.below(2), prng.below(3) * 2 ** 40, slot] as const;
      state.start(slot, new Packet(), keys[2], keys[3]);
      state.set(slot, Field.EndUs, keys[0]);
      state.set(slot, Field.EndNs, keys[1]);
      queue.push(slot);
      twin.push({ slot, keys });
      if (!prng.chance(0.3)) continue;
      twin = twin.sort(inOrder);
      const first = twin.shift()!;
      expect(queue.firstEndUs).toBe(first.keys[0]);
      expect(queue.pop()).toBe(first.slot);
    }
    expect(Array.from({ length: queue.size }, () => queue.pop())).toEqual(twin.sort(inOrder).map(({ slot }) => slot));
    expect(queue.size).toBe(0);
  });

  test('empties itself, with flows that end with the capture, as sorting does', () => {
    const prng = new Prng('drain');
    const state = new FlowState();
    const queue = new EndQueue(state);
    const twin: End[] = [];
    const open: number[] = [];
    for (let slot = 0; slot < 4000; slot++) {
      const isOpen = prng.chance(0.5);
      const us = isOpen ? Infinity : prng.pick([1, 2, Infinity]);
      // Ids that differ in their lower bits only, in the upper ones, and not at all.
      const id = prng.below(4) * 2 ** 40 + prng.below(3) * prng.pick([0, 1, 2 ** 20, 2 ** 21]);
      state.start(slot, new Packet(), id, slot);
      state.set(slot, Field.EndUs, us);
      twin.push({ slot, keys: [us, 0, id, slot] });
      if (isOpen) open.push(slot);
      else queue.push(slot);
    }
    expect([...queue.drain(open)]).toEqual(twin.sort(inOrder).map(({ slot }) => slot));
    expect(queue.size).toBe(0);
  });
});
