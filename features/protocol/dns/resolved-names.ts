/**
 * The names that clients have resolved: what a client asked for when it was told an address, for as long as the answer
 * may be believed, in packet time. Another client's question says nothing: addresses serve many names. A pair of client and
 * server has four places, by its hash; where they are taken, what was not in use for longest makes room.
 */
import { CLEAR_LIMITS } from '../clear-limits.ts';

/** An IPv4 address stands in the last of four words. */
const WORDS = 4;
const PAIR = 2 * WORDS;
const WAYS = 4;

export class ResolvedNames {
  readonly #sets: number;
  /** Of each place: client and server, what was asked for, how long that is believed (packet time, us), when it was used. */
  #pairs = new Int32Array(0);
  readonly #names: (string | null)[] = [];
  #untilUs = new Float64Array(0);
  #used = new Float64Array(0);
  /** Counts uses. */
  #clock = 0;
  /** The pair that is looked for. */
  readonly #pair = new Int32Array(PAIR);

  /** @param most pairs, a power of two */
  constructor(most: number = CLEAR_LIMITS.resolvedNames) {
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
    name: string,
    ttl: number,
    us: number,
  ): void {
    if (this.#names.length === 0) this.#start();
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = client.getInt32(clientAt + 4 * i);
      const at = serverAt + 4 * i;
      this.#pair[PAIR - words + i] =
        (server[at]! << 24) | (server[at + 1]! << 16) | (server[at + 2]! << 8) | server[at + 3]!;
    }
    const first = this.#firstPlace();
    let place = this.#find(first);
    if (place < 0) {
      place = this.#oldest(first);
      this.#pairs.set(this.#pair, place * PAIR);
    }
    const { nameSecondsLeast, nameSecondsMost } = CLEAR_LIMITS;
    this.#names[place] = name;
    this.#untilUs[place] = us + Math.min(Math.max(ttl, nameSecondsLeast), nameSecondsMost) * 1e6;
    this.#used[place] = ++this.#clock;
  }

  /** What the client at `clientAt` in `view` last asked for to be told the address at `serverAt`; null if nothing. */
  of(view: DataView, clientAt: number, serverAt: number, version: number, us: number): string | null {
    if (this.#names.length === 0) return null;
    const words = this.#clearPair(version);
    for (let i = 0; i < words; i++) {
      this.#pair[WORDS - words + i] = view.getInt32(clientAt + 4 * i);
      this.#pair[PAIR - words + i] = view.getInt32(serverAt + 4 * i);
    }
    const place = this.#find(this.#firstPlace());
    if (place < 0 || us > this.#untilUs[place]!) return null;
    this.#used[place] = ++this.#clock;
    return this.#names[place]!;
  }

  /** Only captures with answers need the table. */
  #start(): void {
    const places = this.#sets * WAYS;
    this.#pairs = new Int32Array(places * PAIR);
    this.#untilUs = new Float64Array(places);
    this.#used = new Float64Array(places);
    while (this.#names.length < places) this.#names.push(null);
  }

  /** Clears what an IPv4 address leaves free; returns the words of an address. */
  #clearPair(version: number): number {
    if (version !== 4) return WORDS;
    const pair = this.#pair;
    pair[0] = pair[1] = pair[2] = pair[4] = pair[5] = pair[6] = 0;
    return 1;
  }

  /** The place of the pair, -1 if it has none. */
  #find(first: number): number {
    const pairs = this.#pairs;
    const pair = this.#pair;
    for (let place = first; place < first + WAYS; place++) {
      const at = place * PAIR;
      let i = PAIR - 1;
      while (i >= 0 && pairs[at + i] === pair[i]) i--;
      if (i < 0 && this.#names[place] !== null) return place;
    }
    return -1;
  }

  #oldest(first: number): number {
    let oldest = first;
    for (let place = first + 1; place < first + WAYS; place++) {
      if (this.#used[place]! < this.#used[oldest]!) oldest = place;
    }
    return oldest;
  }

  /** The mixing steps of MurmurHash3 (Appleby, 2011). It only finds the places: the addresses themselves decide. */
  #firstPlace(): number {
    let hash = 0;
    for (let i = 0; i < PAIR; i++) {
      const word = Math.imul(this.#pair[i]!, 0xcc9e2d51);
      hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
      hash = (hash << 13) | (hash >>> 19);
      hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
    }
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    return ((hash ^ (hash >>> 13)) & (this.#sets - 1)) * WAYS;
  }
}
