/** Results remembered by a WordKey: two generations, as in cache.ts. */
import { CACHE_LIMITS } from './cache.ts';
import type { WordKey } from './word-key.ts';

interface Entry<T> {
  readonly words: Uint16Array;
  readonly value: T;
}

export class KeyCache<T> {
  readonly #entries: number;
  #young = new Map<number, Entry<T>>();
  #old = new Map<number, Entry<T>>();

  /** @param entries of one generation */
  constructor(entries: number = CACHE_LIMITS.entries) {
    this.#entries = entries;
  }

  /** The value kept for exactly these words. */
  find(key: WordKey): T | undefined {
    if (key.isTooLong) return undefined;
    const young = this.#young.get(key.hash);
    if (young !== undefined && isSame(young.words, key)) return young.value;
    const old = this.#old.get(key.hash);
    if (old === undefined || !isSame(old.words, key)) return undefined;
    // What is in use moves on to the next generation.
    this.#keep(key.hash, old);
    return old.value;
  }

  /** Keeps the value in the place of what had the same hash. */
  keep(key: WordKey, value: T): void {
    if (!key.isTooLong) this.#keep(key.hash, { words: key.words.slice(0, key.length), value });
  }

  #keep(hash: number, entry: Entry<T>): void {
    if (this.#young.size >= this.#entries) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, entry);
  }
}

function isSame(words: Uint16Array, { words: others, length }: WordKey): boolean {
  if (words.length !== length) return false;
  for (let i = 0; i < length; i++) if (words[i] !== others[i]) return false;
  return true;
}
