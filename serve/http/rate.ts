/** Requests of each client over time: a bucket of tokens that fills at the rate, in a table that is bounded. */
import { isIPv6 } from 'node:net';

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateTable {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clients: number;
  /** The client that was heard of last comes last. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond 0 for no bound */
  constructor(perSecond: number, burst: number, clients: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, burst);
    this.#clients = clients;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /**
   * @param cost of the request: one that failed to say who it is counts as several
   * @returns 0 if it may pass, else the seconds until it might
   */
  take(client: string, cost = 1, nowMs = performance.now()): number {
    if (this.#perSecond === 0) return 0;
    const key = clientKey(client);
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.#perSecond);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#clients) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.#perSecond);
    bucket.tokens -= cost;
    return 0;
  }
}

/** One who has an IPv6 network of their own has any number of addresses: the first 64 bits count. */
export function clientKey(address: string): string {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('%')[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
