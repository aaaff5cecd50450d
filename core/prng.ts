/**
 * Seeded randomness, the only kind used here: xoshiro128** (Blackman and Vigna, 2018) seeded by splitmix32, so that a
 * seed gives the same data set, split and model on every machine.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed any 32-bit integer; a string is hashed to one (FNV-1a). */
  constructor(seed: number | string) {
    let state = typeof seed === 'string' ? fnv1a(seed) : seed | 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** A uniform unsigned 32-bit integer. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1). */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  /** A uniform integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.float() * count);
  }

  /** A uniform integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One member of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** One member of a non-empty list, with probability proportional to its weight. */
  pickWeighted<T>(items: readonly { readonly weight: number; readonly value: T }[]): T {
    let total = 0;
    for (const item of items) total += item.weight;
    let left = this.float() * total;
    for (const item of items) {
      left -= item.weight;
      if (left < 0) return item.value;
    }
    return items[items.length - 1]!.value;
  }

  /** Exponential with the given mean: the gap between the events of a Poisson process. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float());
  }

  /** Standard normal scaled and shifted (Box and Muller, 1958). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Log-normal given its median and the deviation of its logarithm. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(this.normal(0, sigma));
  }

  /** Pareto with minimum `scale` and tail index `shape`. */
  pareto(scale: number, shape: number): number {
    return scale / (1 - this.float()) ** (1 / shape);
  }

  /** Fills the target with uniform bytes and returns it. */
  bytes(target: Uint8Array): Uint8Array {
    for (let i = 0; i < target.length; i++) target[i] = this.uint32() >>> 24;
    return target;
  }

  /** `length` lowercase hexadecimal digits. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** An independent generator whose stream depends on this one's state and the name, not on later draws. */
  fork(name: string): Prng {
    return new Prng(this.uint32() ^ fnv1a(name));
  }
}

/** 32-bit FNV-1a of the UTF-16 code units (Fowler, Noll, Vo). */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
