/**
 * A map of so many entries: when there is no more room, those that were used least lately are given up, and counted.
 *
 * Entries live in two generations. What is used is moved to the young one; when that holds half of all, the old one is
 * given up whole and the young one becomes it. So the latest used half always stays, and every operation takes constant
 * time. A Map in the order of use, whose first key is given up, would have to step over the holes that earlier ones left.
 */
export class Recent<K, V> {
  readonly #half: number;
  readonly #onGivenUp: (value: V, key: K) => void;
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  /** Entries given up for want of room. */
  givenUp = 0;

  /** @param most entries held; at least 2 */
  constructor(most: number, onGivenUp: (value: V, key: K) => void = () => {}) {
    this.#half = Math.max(1, Math.floor(most / 2));
    this.#onGivenUp = onGivenUp;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The value of a key, which counts as used. */
  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#enter(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.has(key)) this.#young.set(key, value);
    else {
      this.#old.delete(key);
      this.#enter(key, value);
    }
  }

  delete(key: K): boolean {
    return this.#young.delete(key) || this.#old.delete(key);
  }

  *values(): IterableIterator<V> {
    yield* this.#old.values();
    yield* this.#young.values();
  }

  #enter(key: K, value: V): void {
    if (this.#young.size >= this.#half) {
      for (const [lost, its] of this.#old) this.#onGivenUp(its, lost);
      this.givenUp += this.#old.size;
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
