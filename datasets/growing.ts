/** Numbers per row of a table whose length is not known beforehand. */
export class Growing<Values extends Float64Array | Float32Array | Int32Array | Uint8Array> {
  #values: Values;
  length = 0;

  constructor(empty: Values) {
    this.#values = empty;
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const Kind = this.#values.constructor as new (length: number) => Values;
      const larger = new Kind(Math.max(1024, this.length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** The numbers so far; a view. */
  get values(): Values {
    return this.#values.subarray(0, this.length) as Values;
  }
}

/** Numbers the different texts that it is shown, from 0. */
export class Dictionary {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** The texts in the order of their numbers. */
  get texts(): string[] {
    return [...this.#numbers.keys()];
  }
}
