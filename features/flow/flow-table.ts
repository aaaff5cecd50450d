/**
 * From key to slot: open addressing with linear probing over integers. A look-up costs about 20 ns where a string key
 * in a Map costs a microsecond.
 */
import { hashKey, KEY_WORDS } from './key.ts';
import { enlarge, grownCapacity } from './slot-list.ts';

const EMPTY = -1;

export class FlowTable {
  /**
   * Probe sequence: at `2 p` the slot of place `p`, EMPTY where there is none, and beside it the slot's hash, so that a
   * look-up that fails touches one cache line. The number of places is a power of two, at most half of them taken.
   */
  #places: Int32Array;
  #mask: number;
  #count = 0;
  /** Key of slot `s`: `#keys[s * KEY_WORDS, (s + 1) * KEY_WORDS)`. */
  #keys: Int32Array;
  #hashes: Int32Array;
  readonly #seed: number;

  /** @param seed mixed into the hash, so that a sender cannot choose keys that collide if it is not known */
  constructor(capacity: number, seed: number) {
    const places = 1 << Math.max(4, 32 - Math.clz32(capacity * 2 - 1));
    this.#places = new Int32Array(places * 2).fill(EMPTY);
    this.#mask = places - 1;
    this.#keys = new Int32Array(capacity * KEY_WORDS);
    this.#hashes = new Int32Array(capacity);
    this.#seed = seed;
  }

  /** Flows in the table. */
  get size(): number {
    return this.#count;
  }

  /** The keys of all slots, KEY_WORDS each; replaced when the table grows. */
  get keys(): Int32Array {
    return this.#keys;
  }

  hash(key: Int32Array): number {
    return hashKey(key, 0, this.#seed);
  }

  /** The slot that holds the key, -1 if none does. */
  find(key: Int32Array, hash: number): number {
    const places = this.#places;
    const mask = this.#mask;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = places[2 * place]!;
      if (slot === EMPTY) return -1;
      if (places[2 * place + 1] === hash && this.#sameKey(slot, key)) return slot;
    }
  }

  /** Enters a slot under a key that is not in the table. */
  insert(slot: number, key: Int32Array, hash: number): void {
    if ((this.#count + 1) * 2 > this.#mask + 1) this.#rehash((this.#mask + 1) * 2);
    if (slot >= this.#hashes.length) this.#growSlots(slot + 1);
    this.#keys.set(key, slot * KEY_WORDS);
    this.#hashes[slot] = hash;
    this.#place(slot, hash);
    this.#count++;
  }

  /** Lets another slot stand for the same key, as when a flow goes on in its next part. */
  replace(slot: number, successor: number): void {
    if (successor >= this.#hashes.length) this.#growSlots(successor + 1);
    this.#keys.copyWithin(successor * KEY_WORDS, slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
    this.#hashes[successor] = this.#hashes[slot]!;
    this.#places[2 * this.#placeOf(slot)] = successor;
  }

  /** Lets a slot that is not in the table show the same key. */
  copyKey(slot: number, copy: number): void {
    if (copy >= this.#hashes.length) this.#growSlots(copy + 1);
    this.#keys.copyWithin(copy * KEY_WORDS, slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
  }

  /** Takes a slot out; its key stays readable until the slot is used again. */
  remove(slot: number): void {
    const places = this.#places;
    const mask = this.#mask;
    let hole = this.#placeOf(slot);
    // Backward shift: later entries of the run move into the hole unless that would put them before their home.
    for (let place = (hole + 1) & mask; places[2 * place] !== EMPTY; place = (place + 1) & mask) {
      const home = places[2 * place + 1]! & mask;
      if (((place - home) & mask) >= ((place - hole) & mask)) {
        places[2 * hole] = places[2 * place]!;
        places[2 * hole + 1] = places[2 * place + 1]!;
        hole = place;
      }
    }
    places[2 * hole] = EMPTY;
    this.#count--;
  }

  #sameKey(slot: number, key: Int32Array): boolean {
    const keys = this.#keys;
    const base = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) if (keys[base + word] !== key[word]) return false;
    return true;
  }

  #placeOf(slot: number): number {
    const places = this.#places;
    let place = this.#hashes[slot]! & this.#mask;
    while (places[2 * place] !== slot) place = (place + 1) & this.#mask;
    return place;
  }

  #place(slot: number, hash: number): void {
    const places = this.#places;
    let place = hash & this.#mask;
    while (places[2 * place] !== EMPTY) place = (place + 1) & this.#mask;
    places[2 * place] = slot;
    places[2 * place + 1] = hash;
  }

  #rehash(count: number): void {
    const old = this.#places;
    this.#places = new Int32Array(count * 2).fill(EMPTY);
    this.#mask = count - 1;
    for (let at = 0; at < old.length; at += 2) if (old[at] !== EMPTY) this.#place(old[at]!, old[at + 1]!);
  }

  #growSlots(wanted: number): void {
    const capacity = grownCapacity(this.#hashes.length, wanted);
    this.#keys = enlarge(this.#keys, capacity * KEY_WORDS);
    this.#hashes = enlarge(this.#hashes, capacity);
  }
}
