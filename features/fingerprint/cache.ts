/**
 * Functions of texts that remember, digests first. A capture has a few hundred different fingerprints and a hash costs more than the rest of the
 * work on a flow, so results are kept by text: two generations, the older one thrown away when the younger is full,
 * which keeps what is in use without bookkeeping on a hit.
 */
import type { Digests } from '../../core/digest.ts';

export const CACHE_LIMITS = {
  /** Texts of one generation and digest: more different clients than a busy network shows in a minute. */
  entries: 4096,
  /** A longer text is hashed but not kept: real ones have some hundred characters, forged ones up to hundreds of KiB. */
  textLength: 2048,
} as const;

/**
 * The same digests, MD5 and SHA-256 of texts remembered. SHA-1 is not: its inputs, flow tuples, hardly repeat; those
 * of bytes are not: certificates are remembered by themselves (certificates.ts).
 */
export function cachedDigests(digests: Digests, entries: number = CACHE_LIMITS.entries): Digests {
  return {
    md5Hex: remembered((text) => digests.md5Hex(text), entries),
    sha256Hex: remembered((text) => digests.sha256Hex(text), entries),
    sha256HexOf: (bytes) => digests.sha256HexOf(bytes),
    sha1HexOf: (bytes) => digests.sha1HexOf(bytes),
    sha1Base64: (bytes) => digests.sha1Base64(bytes),
  };
}

/** The same function of a text, its results remembered by text. */
export function remembered<T>(
  compute: (text: string) => T,
  entries: number = CACHE_LIMITS.entries,
): (text: string) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return (text) => {
    const hit = young.get(text);
    if (hit !== undefined) return hit;
    const result = old.get(text) ?? compute(text);
    if (text.length > CACHE_LIMITS.textLength) return result;
    if (young.size >= entries) {
      old = young;
      young = new Map();
    }
    young.set(text, result);
    return result;
  };
}
