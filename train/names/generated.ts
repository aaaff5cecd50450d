/**
 * Labels as programs make them up: the usual ways of domain generation algorithms (Plohmann et al., USENIX Security 2016,
 * sort them into arithmetic, hash, word-list and permutation). Written here from those descriptions.
 */
import type { Prng } from '../../core/prng.ts';

export type LabelGenerator = (prng: Prng) => string;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const HEX = '0123456789abcdef';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const CONSONANTS = 'bcdfghjklmnpqrstvwxz';
const VOWELS = 'aeiouy';

function drawn(prng: Prng, alphabet: string, shortest: number, longest: number): string {
  return Array.from({ length: prng.integer(shortest, longest) }, () => alphabet[prng.below(alphabet.length)]!).join('');
}

/** Consonants and vowels in turn, as in names that should be spoken. */
function spoken(prng: Prng): string {
  let label = '';
  const length = prng.integer(9, 16);
  while (label.length < length) {
    label += prng.pick([...CONSONANTS]) + prng.pick([...VOWELS]);
    if (prng.chance(0.2)) label += prng.pick([...CONSONANTS]);
  }
  return label.slice(0, length);
}

/** The arithmetic sort that the model learns from, by name. */
export const GENERATORS: Readonly<Record<string, LabelGenerator>> = {
  letters: (prng) => drawn(prng, LETTERS, 8, 20),
  'letters and digits': (prng) => drawn(prng, LETTERS + DIGITS, 8, 24),
  hexadecimal: (prng) => drawn(prng, HEX, 8, 32),
  'base 32': (prng) => drawn(prng, BASE32, 13, 32),
  'half the alphabet': (prng) => drawn(prng, LETTERS.slice(0, 16), 10, 16),
  'letters, then digits': (prng) => drawn(prng, LETTERS, 7, 12) + drawn(prng, DIGITS, 1, 4),
  spoken,
};

/** Two words: no model of letters can tell these from names that people choose, so none learns from them. */
export function twoWords(words: readonly string[]): LabelGenerator {
  return (prng) => prng.pick(words) + prng.pick(words);
}
