/** Server names and their words: few hosts are asked for again and again, and flows share one text of each. */
import { sniTokens } from '../protocol/names.ts';
import { printableText } from '../protocol/tls/text.ts';
import { CACHE_LIMITS } from './cache.ts';
import { KeyCache } from './key-cache.ts';
import { type NameShape, nameShape } from './name-shape.ts';
import { WordKey } from './word-key.ts';

export interface HostName {
  /** Null if it is not printable. */
  readonly sni: string | null;
  readonly sniTokens: readonly string[] | null;
  readonly sniShape: NameShape | null;
}

const NO_NAME: HostName = { sni: null, sniTokens: null, sniShape: null };

export class HostNames {
  readonly #key = new WordKey();
  readonly #known: KeyCache<HostName>;

  constructor(entries: number = CACHE_LIMITS.entries) {
    this.#known = new KeyCache(entries);
  }

  /** The name `bytes[at, end)`, of at most TLS_LIMITS.nameBytes. */
  of(bytes: Uint8Array, at: number, end: number): HostName {
    if (at === end) return NO_NAME;
    const key = this.#key;
    key.clear();
    key.add(end - at);
    key.addBytes(bytes, at, end);
    const known = this.#known.find(key);
    if (known !== undefined) return known;
    const sni = printableText(bytes, at, end);
    const name = sni === null ? NO_NAME : namedBy(sni);
    this.#known.keep(key, name);
    return name;
  }
}

function namedBy(sni: string): HostName {
  const tokens = sniTokens(sni);
  return { sni, sniTokens: tokens, sniShape: nameShape(sni, tokens) };
}
