/**
 * Names that look like a pool's and are not: letters of other scripts, digits for letters, a slip of one letter, the
 * pool's name under another ending or in front of another domain. Miners of malware use such names so that a glance at a
 * log passes over them.
 */
import { labelToUnicode } from '../../../core/domain-names.ts';
import type { Host } from './host.ts';
import { type PoolList, poolOf } from './pool-list.ts';

export interface LookAlike {
  readonly pool: string;
  readonly how: string;
  readonly weight: number;
}

/**
 * Letters that look like others: the Cyrillic, Greek and Latin ones among the confusables of Unicode TS 39 that domains
 * may have, and what people write for them in ASCII.
 */
const LOOKS_LIKE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    ɑ: 'a',
    α: 'a',
    à: 'a',
    á: 'a',
    â: 'a',
    ä: 'a',
    å: 'a',
    ã: 'a',
    ā: 'a',
    ạ: 'a',
    ь: 'b',
    с: 'c',
    ϲ: 'c',
    ç: 'c',
    ć: 'c',
    č: 'c',
    ԁ: 'd',
    ď: 'd',
    е: 'e',
    ё: 'e',
    é: 'e',
    è: 'e',
    ê: 'e',
    ë: 'e',
    ē: 'e',
    ę: 'e',
    ẹ: 'e',
    ɡ: 'g',
    ğ: 'g',
    һ: 'h',
    і: 'i',
    ї: 'i',
    ι: 'i',
    í: 'i',
    ì: 'i',
    î: 'i',
    ï: 'i',
    ı: 'i',
    ị: 'i',
    ј: 'j',
    к: 'k',
    κ: 'k',
    ӏ: 'l',
    ł: 'l',
    м: 'm',
    ո: 'n',
    ñ: 'n',
    ń: 'n',
    η: 'n',
    п: 'n',
    о: 'o',
    ο: 'o',
    ö: 'o',
    ó: 'o',
    ò: 'o',
    ô: 'o',
    õ: 'o',
    ø: 'o',
    ō: 'o',
    ọ: 'o',
    р: 'p',
    ρ: 'p',
    ԛ: 'q',
    г: 'r',
    ѕ: 's',
    ś: 's',
    š: 's',
    ş: 's',
    т: 't',
    τ: 't',
    υ: 'u',
    ü: 'u',
    ú: 'u',
    ù: 'u',
    û: 'u',
    ū: 'u',
    ս: 'u',
    ν: 'v',
    ѵ: 'v',
    ѡ: 'w',
    ԝ: 'w',
    х: 'x',
    χ: 'x',
    у: 'y',
    ү: 'y',
    ý: 'y',
    ÿ: 'y',
    ž: 'z',
    ź: 'z',
    ż: 'z',
    0: 'o',
    1: 'l',
    3: 'e',
    5: 's',
    '-': '',
  }),
);

/** A shorter label is a letter away from too many words. */
const SHORTEST_EDITED = 8;
/** A shorter label under another ending, or inside another name, is nothing special: `btc`, `ocean`, `kano`. */
const SHORTEST_NAME = 7;
/** Everyday words and the names of companies that do more than mine, which others may use, too. */
const EVERYDAY = new Set([
  'foundrydigital',
  'bitminter',
  'coinhive',
  'deepminer',
  'multipool',
  'solopool',
  'fairpool',
  'whalesburg',
]);

interface PoolLabel {
  readonly pool: string;
  readonly label: string;
  readonly skeleton: string;
}

export class LookAlikes {
  readonly #pools: PoolList;
  readonly #labels: readonly PoolLabel[];
  readonly #byLabel: ReadonlyMap<string, PoolLabel>;
  readonly #bySkeleton: ReadonlyMap<string, PoolLabel>;

  constructor(pools: PoolList) {
    this.#pools = pools;
    this.#labels = [...pools.domains].map((pool) => {
      const label = pool.split('.')[0]!;
      return { pool, label, skeleton: skeletonOf(label) };
    });
    const long = this.#labels.filter(({ label }) => label.length >= SHORTEST_NAME && !EVERYDAY.has(label));
    this.#byLabel = new Map(long.map((entry) => [entry.label, entry]));
    this.#bySkeleton = new Map(long.map((entry) => [entry.skeleton, entry]));
  }

  /** The pool that the name imitates; null if none, or if it is that pool's own. */
  of({ name, label }: Host): LookAlike | null {
    if (label === null || poolOf(this.#pools, name) !== null) return null;
    return this.#otherEnding(label) ?? this.#otherLetters(label) ?? this.#slip(label) ?? this.#inside(name);
  }

  #otherEnding(label: string): LookAlike | null {
    const entry = this.#byLabel.get(label);
    return entry === undefined ? null : { pool: entry.pool, how: 'the same name under another ending', weight: 1.5 };
  }

  #otherLetters(label: string): LookAlike | null {
    const entry = this.#bySkeleton.get(skeletonOf(labelToUnicode(label)));
    return entry === undefined ? null : { pool: entry.pool, how: 'letters that look like its own', weight: 2 };
  }

  #slip(label: string): LookAlike | null {
    const entry = this.#labels.find(
      (known) => known.label.length >= SHORTEST_EDITED && !EVERYDAY.has(known.label) && isOneSlip(known.label, label),
    );
    return entry === undefined ? null : { pool: entry.pool, how: 'one letter is different', weight: 1.2 };
  }

  /** `supportxmr.com.example.net`, `supportxmr-eu.example.net`. */
  #inside(name: string): LookAlike | null {
    for (const part of name.split(/[.-]/)) {
      const entry = this.#byLabel.get(part);
      if (entry !== undefined) return { pool: entry.pool, how: 'its name within another domain', weight: 1.5 };
    }
    return null;
  }
}

/** The text as a hasty reader sees it. */
export function skeletonOf(text: string): string {
  return [...text.normalize('NFC')]
    .map((letter) => LOOKS_LIKE.get(letter) ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}

/** Whether one letter inserted, left out, replaced or exchanged with its neighbour makes one of the other. */
export function isOneSlip(one: string, other: string): boolean {
  if (one === other || Math.abs(one.length - other.length) > 1) return false;
  let head = 0;
  while (head < one.length && one[head] === other[head]) head++;
  const [a, b] = [one.slice(head), other.slice(head)];
  if (a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1)) return true;
  return a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
}
