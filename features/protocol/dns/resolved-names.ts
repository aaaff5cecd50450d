/**
 * The names that clients have resolved: what a client asked for when it was told an address, for as long as the answer
 * may be believed, in packet time. Another client's question says nothing: addresses serve many names. A pair of client and
 * server has four places, by its hash; where they are taken, what was not in use for longest makes room.
 *
 * Answers are many, flows to what they name are fewer: names are kept as bytes and become texts when they are found.
 */
import { textOf } from '../../../core/text-column.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import type { SharedTexts } from '../shared-texts.ts';

/** An IPv4 address stands in the last of four words. */
const WORDS = 4;
const PAIR = 2 * WORDS;
const WAYS = 4;
/** Bytes of a place: the length of the name, and the name. Longer names are texts at once. */
const NAME_BYTES = 64;
const LONG = 255;

export class ResolvedNames {
  readonly #texts: SharedTexts;
  readonly #sets: number;
  /** Of each place: the pair's hash, 0 if it is free. The places of a pair are in one cache line. */
  #hashes = new Int32Array(0);
  /** Client and server, what was asked for, how long that is believed (packet time, us), when it was used. */
  #pairs = new Int32Array(0);
  #names = new Uint8Array(0);
  readonly #longNames = new Map<number, string>();
  #untilUs = new Float64Array(0);
  #used = new Float64Array(0);
  /** Counts uses. */
  #clock = 0;
  /** The pair that is looked for. */
  readonly #pair = new Int32Array(PAIR);

  /** @param most pairs, a power of two */
  constructor(texts: SharedTexts, most: number = CLEAR_LIMITS.resolvedNames) {
    this.#texts = texts;
    this.#sets = Math.max(1, most / WAYS);
  }

  /**
   * The client whose address is at `clientAt` in `client` was told at `us` that `name` is the address at `serverAt` in
   * `server`, for `ttl` seconds.
   *
   * @param version of both addresses, 4 or 6
   */
  add(
    client: DataView,
    clientAt: number,
    server: Uint8Array,
    serverAt: number,
    version: number,
    name: { readonly bytes: Uint8Array; readonly length: number },
    ttl: number,
    us: number,
  ): void {
    if (this.#hashes.length === 0) this.#start();
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = client.getInt32(clientAt + 4 * i);
      const at = serverAt + 4 * i;
      this.#pair[PAIR - words + i] =
        (server[at]! << 24) | (server[at + 1]! << 16) | (server[at + 2]! << 8) | server[at + 3]!;
    }
    const hash = this.#hash(words);
    let place = this.#find(hash);
    if (place < 0) {
      place = this.#oldest(hash);
      for (let i = 0; i < PAIR; i++) this.#pairs[place * PAIR + i] = this.#pair[i]!;
      this.#hashes[place] = hash;
    }
    const { nameSecondsLeast, nameSecondsMost } = CLEAR_LIMITS;
    this.#setName(place, name.bytes, name.length);
    this.#untilUs[place] = us + Math.min(Math.max(ttl, nameSecondsLeast), nameSecondsMost) * 1e6;
    this.#used[place] = ++this.#clock;
  }

  /** What the client at `clientAt` in `view` last asked for to be told the address at `serverAt`; null if nothing. */
  of(view: DataView, clientAt: number, serverAt: number, version: number, us: number): string | null {
    if (this.#hashes.length === 0) return null;
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = view.getInt32(clientAt + 4 * i);
      this.#pair[PAIR - words + i] = view.getInt32(serverAt + 4 * i);
    }
    const place = this.#find(this.#hash(words));
    if (place < 0 || us > this.#untilUs[place]!) return null;
    this.#used[place] = ++this.#clock;
    return this.#name(place);
  }

  #setName(place: number, bytes: Uint8Array, length: number): void {
    const at = place * NAME_BYTES;
    const names = this.#names;
    if (names[at] === LONG) this.#longNames.delete(place);
    if (length < NAME_BYTES) {
      names[at] = length;
      for (let i = 0; i < length; i++) names[at + 1 + i] = bytes[i]!;
    } else {
      names[at] = LONG;
      this.#longNames.set(place, textOf(bytes, 0, length));
    }
  }

  #name(place: number): string {
    const at = place * NAME_BYTES;
    const length = this.#names[at]!;
    return length === LONG ? this.#longNames.get(place)! : this.#texts.of(this.#names, at + 1, at + 1 + length);
  }

  /** Only captures with answers need the table. */
  #start(): void {
    const places = this.#sets * WAYS;
    this.#hashes = new Int32Array(places);
    this.#pairs = new Int32Array(places * PAIR);
    this.#names = new Uint8Array(places * NAME_BYTES);
    this.#untilUs = new Float64Array(places);
    this.#used = new Float64Array(places);
  }

  /** Clears what an IPv4 address leaves free; returns the words of an address. */
  #clearPair(version: number): number {
    if (version !== 4) return WORDS;
    const pair = this.#pair;
    pair[0] = pair[1] = pair[2] = pair[4] = pair[5] = pair[6] = 0;
    return 1;
  }

  /** The place of the pair, -1 if it has none. */
  #find(hash: number): number {
    const first = this.#firstPlace(hash);
    for (let place = first; place < first + WAYS; place++) {
      if (this.#hashes[place] === hash && this.#isAt(place)) return place;
    }
    return -1;
  }

  #isAt(place: number): boolean {
    const at = place * PAIR;
    let i = PAIR - 1;
    while (i >= 0 && this.#pairs[at + i] === this.#pair[i]) i--;
    return i < 0;
  }

  #oldest(hash: number): number {
    const first = this.#firstPlace(hash);
    let oldest = first;
    for (let place = first + 1; place < first + WAYS; place++) {
      if (this.#used[place]! < this.#used[oldest]!) oldest = place;
    }
    return oldest;
  }

  #firstPlace(hash: number): number {
    return (hash & (this.#sets - 1)) * WAYS;
  }

  /**
   * The mixing steps of MurmurHash3 (Appleby, 2011) over the pair, whose addresses have so many words; never 0. It only
   * finds the places: the addresses themselves decide.
   */
  #hash(words: number): number {
    let hash = 0;
    for (let i = 0; i < words; i++) {
      hash = mixed(mixed(hash, this.#pair[WORDS - words + i]!), this.#pair[PAIR - words + i]!);
    }
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    return hash ^ (hash >>> 13) || 1;
  }
}

function mixed(hash: number, next: number): number {
  const word = Math.imul(next, 0xcc9e2d51);
  hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  hash = (hash << 13) | (hash >>> 19);
  return (Math.imul(hash, 5) + 0xe6546b64) | 0;
}
