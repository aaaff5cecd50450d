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
/**
 * The places of a set lie together, for in a large table every look costs a cache line:
 *
 *     float64[WAYS] untilUs; int32[WAYS] hashes; uint32[WAYS] used; place[WAYS]; // a hash is 0 where the place is free
 *     place: int32[WORDS] client, server; uint8 length; byte[NAME_BYTES] name; // longer names are kept as texts
 */
const HASHES = 2 * WAYS;
const USED = HASHES + WAYS;
const PLACES = USED + WAYS;
const PLACE = 32;
const SET = PLACES + WAYS * PLACE;
const WORD = 4;
const NAME_BYTES = (PLACE - PAIR) * WORD - 1;
const LONG = 255;

export class ResolvedNames {
  readonly #texts: SharedTexts;
  readonly #sets: number;
  /** All sets, SET words each, seen in three ways. */
  #words = new Int32Array(0);
  #times = new Float64Array(0);
  #bytes = new Uint8Array(0);
  /** By the word that the place begins at. */
  readonly #longNames = new Map<number, string>();
  /** Counts uses, modulo 2^32. */
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
    if (this.#words.length === 0) this.#start();
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = client.getInt32(clientAt + 4 * i);
      const at = serverAt + 4 * i;
      this.#pair[PAIR - words + i] =
        (server[at]! << 24) | (server[at + 1]! << 16) | (server[at + 2]! << 8) | server[at + 3]!;
    }
    const hash = this.#hash(words);
    const set = this.#setOf(hash);
    let way = this.#find(set, hash);
    if (way < 0) {
      way = this.#oldest(set);
      const place = placeOf(set, way);
      for (let i = 0; i < PAIR; i++) this.#words[place + i] = this.#pair[i]!;
      this.#words[set + HASHES + way] = hash;
    }
    const { nameSecondsLeast, nameSecondsMost } = CLEAR_LIMITS;
    this.#setName(placeOf(set, way), name.bytes, name.length);
    this.#times[set / 2 + way] = us + Math.min(Math.max(ttl, nameSecondsLeast), nameSecondsMost) * 1e6;
    this.#use(set, way);
  }

  /** What the client at `clientAt` in `view` last asked for to be told the address at `serverAt`; null if nothing. */
  of(view: DataView, clientAt: number, serverAt: number, version: number, us: number): string | null {
    if (this.#words.length === 0) return null;
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = view.getInt32(clientAt + 4 * i);
      this.#pair[PAIR - words + i] = view.getInt32(serverAt + 4 * i);
    }
    const hash = this.#hash(words);
    const set = this.#setOf(hash);
    const way = this.#find(set, hash);
    if (way < 0 || us > this.#times[set / 2 + way]!) return null;
    this.#use(set, way);
    return this.#name(placeOf(set, way));
  }

  #setName(place: number, bytes: Uint8Array, length: number): void {
    const at = nameAtOf(place);
    const names = this.#bytes;
    if (names[at - 1] === LONG) this.#longNames.delete(place);
    if (length <= NAME_BYTES) {
      names[at - 1] = length;
      for (let i = 0; i < length; i++) names[at + i] = bytes[i]!;
    } else {
      names[at - 1] = LONG;
      this.#longNames.set(place, textOf(bytes, 0, length));
    }
  }

  #name(place: number): string {
    const at = nameAtOf(place);
    const length = this.#bytes[at - 1]!;
    return length === LONG ? this.#longNames.get(place)! : this.#texts.of(this.#bytes, at, at + length);
  }

  #use(set: number, way: number): void {
    this.#clock = (this.#clock + 1) | 0;
    this.#words[set + USED + way] = this.#clock;
  }

  /** Only captures with answers need the table. */
  #start(): void {
    this.#words = new Int32Array(this.#sets * SET);
    this.#times = new Float64Array(this.#words.buffer);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Clears what an IPv4 address leaves free; returns the words of an address. */
  #clearPair(version: number): number {
    if (version !== 4) return WORDS;
    const pair = this.#pair;
    pair[0] = pair[1] = pair[2] = pair[4] = pair[5] = pair[6] = 0;
    return 1;
  }

  /** Where the set begins that has the pairs of this hash. */
  #setOf(hash: number): number {
    return (hash & (this.#sets - 1)) * SET;
  }

  /** Which place of the set is the pair's, -1 if none is. */
  #find(set: number, hash: number): number {
    for (let way = 0; way < WAYS; way++) {
      if (this.#words[set + HASHES + way] === hash && this.#isAt(placeOf(set, way))) return way;
    }
    return -1;
  }

  #isAt(place: number): boolean {
    let i = PAIR - 1;
    while (i >= 0 && this.#words[place + i] === this.#pair[i]) i--;
    return i < 0;
  }

  /** The place that is free, or was not in use for longest. */
  #oldest(set: number): number {
    const words = this.#words;
    let oldest = 0;
    let most = -1;
    for (let way = 0; way < WAYS; way++) {
      const age = words[set + HASHES + way] === 0 ? Infinity : (this.#clock - words[set + USED + way]!) >>> 0;
      if (age > most) {
        most = age;
        oldest = way;
      }
    }
    return oldest;
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

/** The word that a place begins at. */
function placeOf(set: number, way: number): number {
  return set + PLACES + way * PLACE;
}

/** The byte that its name begins at, behind the length. */
function nameAtOf(place: number): number {
  return (place + PAIR) * WORD + 1;
}

function mixed(hash: number, next: number): number {
  const word = Math.imul(next, 0xcc9e2d51);
  hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  hash = (hash << 13) | (hash >>> 19);
  return (Math.imul(hash, 5) + 0xe6546b64) | 0;
}
