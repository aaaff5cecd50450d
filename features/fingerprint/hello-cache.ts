/**
 * Fingerprints of ClientHellos that have been seen before. A client sends the same lists with every connection: finding
 * them again costs a tenth of making the texts that JA3 and JA4 are hashes of.
 */
import type { Digests } from '../../core/digest.ts';
import type { ClientHello } from '../protocol/tls/client-hello.ts';
import { CACHE_LIMITS } from './cache.ts';
import { ja3 } from './ja3.ts';
import { ja4 } from './ja4.ts';

export interface Fingerprints {
  readonly ja3: string;
  readonly ja4: string;
  /** Protocol names in the client's order, joined by commas; null if it offers none. */
  readonly alpn: string | null;
}

interface Entry extends Fingerprints {
  readonly hello: ClientHello;
}

/** The lists that fingerprints are made of. */
const LISTS = [
  'ciphers',
  'extensions',
  'versions',
  'groups',
  'pointFormats',
  'signatureAlgorithms',
] as const satisfies readonly (keyof ClientHello)[];

/** The same fingerprints as `ja3` and `ja4` give, remembered by what they are made of: two generations, as in cache.ts. */
export function rememberedFingerprints(
  digests: Digests,
  entries: number = CACHE_LIMITS.entries,
): (hello: ClientHello) => Fingerprints {
  let young = new Map<number, Entry>();
  let old = new Map<number, Entry>();
  return (hello) => {
    const key = hashOf(hello);
    const found = young.get(key) ?? old.get(key);
    if (found !== undefined && isSame(found.hello, hello)) return found;
    const alpn = hello.alpn.length === 0 ? null : hello.alpn.join(',');
    const entry = { hello, ja3: ja3(hello, digests), ja4: ja4(hello, digests), alpn };
    // A hello forged to be long is not worth keeping.
    if (LISTS.some((list) => hello[list].length > CACHE_LIMITS.textLength)) return entry;
    if (young.size >= entries) {
      old = young;
      young = new Map();
    }
    young.set(key, entry);
    return entry;
  };
}

function hashOf(hello: ClientHello): number {
  let hash = hello.legacyVersion;
  for (const list of LISTS) {
    const values = hello[list];
    hash = Math.imul(hash ^ values.length, 0x01000193);
    for (let i = 0; i < values.length; i++) hash = Math.imul(hash ^ values[i]!, 0x01000193);
  }
  for (const name of hello.alpn) hash = Math.imul(hash ^ name.length, 0x01000193);
  return hash;
}

function isSame(one: ClientHello, other: ClientHello): boolean {
  if (one.legacyVersion !== other.legacyVersion || one.alpn.length !== other.alpn.length) return false;
  for (const list of LISTS) if (!isSameList(one[list], other[list])) return false;
  // JA4 looks at the bytes of the first name, which its printable form need not tell apart.
  if (!isSameList(one.alpnBytes[0] ?? [], other.alpnBytes[0] ?? [])) return false;
  return one.alpn.every((name, i) => name === other.alpn[i]);
}

function isSameList(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}
