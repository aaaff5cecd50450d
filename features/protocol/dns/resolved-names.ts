/**
 * The names that clients have resolved: what a client asked for when it was told an address, for as long as the answer
 * may be believed, in packet time. Another client's question says nothing: addresses serve many names. Two generations, the
 * older one thrown away when the younger is full.
 */
import { CLEAR_LIMITS } from '../clear-limits.ts';

/** An address as its last four bytes in the last of four words, or as all four. */
const WORDS = 4;

interface Entry {
  /** Client, server. */
  readonly words: Int32Array;
  name: string;
  /** Packet time, us. */
  untilUs: number;
}

export class ResolvedNames {
  readonly #most: number;
  #young = new Map<number, Entry>();
  #old = new Map<number, Entry>();
  /** The pair that is looked for. */
  readonly #pair = new Int32Array(2 * WORDS);

  /** @param most pairs in each generation */
  constructor(most: number = CLEAR_LIMITS.resolvedNames) {
    this.#most = most;
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
    const pair = this.#pair.fill(0);
    const words = version === 4 ? 1 : WORDS;
    for (let i = 0; i < words; i++) {
      pair[WORDS - words + i] = client.getInt32(clientAt + 4 * i);
      const at = serverAt + 4 * i;
      pair[2 * WORDS - words + i] =
        (server[at]! << 24) | (server[at + 1]! << 16) | (server[at + 2]! << 8) | server[at + 3]!;
    }
    const { nameSecondsLeast, nameSecondsMost } = CLEAR_LIMITS;
    const untilUs = us + Math.min(Math.max(ttl, nameSecondsLeast), nameSecondsMost) * 1e6;
    const hash = hashOf(pair);
    const known = this.#find(hash);
    if (known !== undefined) {
      known.name = name;
      known.untilUs = untilUs;
    } else this.#keep(hash, { words: pair.slice(), name, untilUs });
  }

  /** What the client at `clientAt` in `view` last asked for to be told the address at `serverAt`; null if nothing. */
  of(view: DataView, clientAt: number, serverAt: number, version: number, us: number): string | null {
    if (this.#young.size === 0) return null;
    const pair = this.#pair.fill(0);
    const words = version === 4 ? 1 : WORDS;
    for (let i = 0; i < words; i++) {
      pair[WORDS - words + i] = view.getInt32(clientAt + 4 * i);
      pair[2 * WORDS - words + i] = view.getInt32(serverAt + 4 * i);
    }
    const known = this.#find(hashOf(pair));
    return known === undefined || us > known.untilUs ? null : known.name;
  }

  #find(hash: number): Entry | undefined {
    const young = this.#young.get(hash);
    if (young !== undefined) return isSame(young.words, this.#pair) ? young : undefined;
    const old = this.#old.get(hash);
    if (old === undefined || !isSame(old.words, this.#pair)) return undefined;
    // What is in use moves on to the next generation.
    this.#old.delete(hash);
    this.#keep(hash, old);
    return old;
  }

  #keep(hash: number, entry: Entry): void {
    if (this.#young.size >= this.#most && !this.#young.has(hash)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, entry);
  }
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The mixing steps of MurmurHash3 (Appleby, 2011). It only finds a candidate: the addresses themselves decide. */
function hashOf(words: Int32Array): number {
  let hash = 0;
  for (let i = 0; i < words.length; i++) {
    const word = Math.imul(words[i]!, 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  // A small integer is a faster key.
  return (hash ^ (hash >>> 13)) >>> 2;
}
