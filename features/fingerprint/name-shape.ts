/** What a host name looks like, without what it says. */
import { getDomain } from 'tldts';
import { NAME_LIMITS, sniTokens } from '../protocol/names.ts';

export interface NameShape {
  /** Registrable domain; null if there is none. */
  readonly domain: string | null;
  readonly length: number;
  readonly labels: number;
  readonly words: number;
  readonly digitShare: number;
  /** Bits a character, 0 or more. */
  readonly entropy: number;
}

/**
 * @param name not empty; what goes beyond NAME_LIMITS.length is not looked at, but for the length
 *
 *     nameShape('eu1-pool.example.co.uk') // domain example.co.uk, 4 labels, 6 words, 1 digit in 19 characters
 */
export function nameShape(name: string, words: readonly string[] = sniTokens(name)): NameShape {
  const looked = name.slice(0, NAME_LIMITS.length).toLowerCase();
  const characters = [...looked.replaceAll('.', '')];
  const digits = characters.filter((character) => character >= '0' && character <= '9').length;
  return {
    domain: getDomain(looked),
    length: name.length,
    labels: looked.split('.').filter((label) => label !== '').length,
    words: words.length,
    digitShare: characters.length === 0 ? 0 : digits / characters.length,
    entropy: entropyOf(characters),
  };
}

function entropyOf(characters: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / characters.length);
  // Not -0 for one character that is repeated.
  return shares.length < 2 ? 0 : -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}
