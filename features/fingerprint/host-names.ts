/** Server names and their words: few hosts are asked for again and again, and flows share one text of each. */
import { sniTokens } from '../protocol/names.ts';
import { printableText } from '../protocol/tls/text.ts';
import { CACHE_LIMITS } from './cache.ts';
import { KeyCache } from './key-cache.ts';
import { type NameShape, nameShape } from './name-shape.ts';
import type { SharedFacts } from './shared-facts.ts';
import { WordKey } from './word-key.ts';

export interface HostName extends SharedFacts {
  /** Null if it is not printable. */
  readonly sni: string | null;
  readonly sniTokens: readonly string[] | null;
  readonly sniShape: NameShape | null;
}

export class HostNames {
  readonly #key = new WordKey();
  readonly #known: KeyCache<HostName>;
  readonly #noName: HostName = { sni: null, sniTokens: null, sniShape: null, cells: null };

  constructor(entries: number = CACHE_LIMITS.entries) {
    this.#known = new KeyCache(entries);
  }

  /** The name `bytes[at, end)`, of at most TLS_LIMITS.nameBytes. */
  of(bytes: Uint8Array, at: number, end: number): HostName {
    if (at === end) return this.#noName;
    const key = this.#key;
    key.clear();
    key.add(end - at);
    key.addBytes(bytes, at, end);
    const known = this.#known.find(key);
    if (known !== undefined) return known;
    const sni = printableText(bytes, at, end);
    const name = sni === null ? this.#noName : namedBy(sni);
    this.#known.keep(key, name);
    return name;
  }
}

function namedBy(sni: string): HostName {
  const tokens = sniTokens(sni);
  return { sni, sniTokens: tokens, sniShape: nameShape(sni, tokens), cells: null };
}
