/** A map of so many values: when there is no more room, the one that was asked for least lately is given up, and counted. */
export class LatestUsed<T> {
  readonly #most: number;
  readonly #make: () => T;
  readonly #values = new Map<string, T>();
  /** Values given up. */
  dropped = 0;

  constructor(most: number, make: () => T) {
    this.#most = most;
    this.#make = make;
  }

  /** The value of a key, made where there is none. */
  of(key: string): T {
    const known = this.#values.get(key);
    if (known !== undefined) this.#values.delete(key);
    else if (this.#values.size >= this.#most) this.#dropOne();
    const value = known ?? this.#make();
    this.#values.set(key, value);
    return value;
  }

  /** The value of a key, if it has one. */
  peek(key: string): T | undefined {
    return this.#values.get(key);
  }

  #dropOne(): void {
    this.#values.delete(this.#values.keys().next().value!);
    this.dropped++;
  }
}
