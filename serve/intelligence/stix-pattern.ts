/**
 * The simple part of STIX 2.1 patterns (STIX Version 2.1, OASIS Standard, 9):
 *
 *     pattern     = observation *( "OR" observation )
 *     observation = "[" comparison *( "OR" comparison ) "]"  or  "[" dst_ref.value AND dst_port "]"
 *     comparison  = path "=" literal  or  path "IN" "(" literal *( "," literal ) ")"
 *
 * In alternatives each understood one stands alone, so that the others may be left out. All else (AND, FOLLOWEDBY,
 * NOT, LIKE, MATCHES, qualifiers, parentheses) would need more than one look at one flow and is not understood.
 */
import { FEED_LIMITS } from './limits.ts';

export interface PatternValue {
  /** Type of an indicator, as indicator.ts knows it. */
  readonly type: string;
  readonly value: string;
}

export interface PatternReading {
  readonly values: readonly PatternValue[];
  /** Alternatives that are not understood. */
  readonly others: number;
}

const NOTHING: PatternReading = { values: [], others: 1 };

/** Paths of objects that flows have columns for. Quotes of a path are taken off before. */
const PATHS: Readonly<Record<string, string>> = {
  'domain-name:value': 'domain',
  'ipv4-addr:value': 'address',
  'ipv6-addr:value': 'address',
  'network-traffic:dst_ref.value': 'address',
  'network-traffic:dst_port': 'port',
  'x509-certificate:hashes.SHA-256': 'certificate',
  'x509-certificate:hashes.SHA256': 'certificate',
  'x509-certificate:hashes.SHA-1': 'certificate',
  'x509-certificate:hashes.SHA1': 'certificate',
};

/** A bracket, an operator, a path with its quoted parts, a literal. Sticky: it begins where the last one ended. */
const TOKEN =
  /\s*(?:(?<text>'(?:[^'\\]|\\['\\])*')|(?<sign>[[\](),]|=)|(?<number>\d{1,10}(?![\w.]))|(?<path>[a-z0-9-]+:[A-Za-z0-9_-]+(?:\.(?:[A-Za-z0-9_-]+|'[^'\\]{1,64}'))*)|(?<word>[A-Z]+))/y;

interface Token {
  readonly kind: 'text' | 'sign' | 'number' | 'path' | 'word' | 'end';
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };

export function readStixPattern(pattern: string): PatternReading {
  if (pattern.length > FEED_LIMITS.patternCharacters) return NOTHING;
  const tokens = tokensOf(pattern);
  return tokens === null ? NOTHING : (new PatternReader(tokens).read() ?? NOTHING);
}

function tokensOf(pattern: string): Token[] | null {
  const tokens: Token[] = [];
  const end = pattern.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const groups = TOKEN.exec(pattern)?.groups;
    if (groups === undefined) return null;
    const [kind, text] = Object.entries(groups).find(([, found]) => found !== undefined)! as [Token['kind'], string];
    tokens.push({ kind, text: kind === 'text' ? text.slice(1, -1).replace(/\\(['\\])/g, '$1') : text });
  }
  return tokens;
}

class PatternReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  readonly #values: PatternValue[] = [];
  #others = 0;
  #comparisons = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Null where the whole pattern is of another form. */
  read(): PatternReading | null {
    do if (!this.#observation()) return null;
    while (this.#takes('word', 'OR'));
    return this.#peek().kind === 'end' ? { values: this.#values, others: this.#others } : null;
  }

  #observation(): boolean {
    if (!this.#takes('sign', '[')) return false;
    const alternatives = this.#comparison();
    if (alternatives === null) return false;
    if (this.#takes('word', 'AND')) return this.#endpoint(alternatives);
    this.#keep(alternatives);
    while (this.#takes('word', 'OR')) {
      const more = this.#comparison();
      if (more === null) return false;
      this.#keep(more);
    }
    return this.#takes('sign', ']');
  }

  /** An address and a port of the same traffic, in either order. */
  #endpoint(one: readonly PatternValue[]): boolean {
    const other = this.#comparison();
    if (other === null || !this.#takes('sign', ']') || one.length !== 1 || other.length !== 1) return false;
    const both = [one[0]!, other[0]!];
    const address = both.find(({ type }) => type === 'address')?.value;
    const port = both.find(({ type }) => type === 'port')?.value;
    if (address === undefined || port === undefined) return false;
    this.#values.push({
      type: 'endpoint',
      value: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    });
    return true;
  }

  #keep(values: readonly PatternValue[]): void {
    if (values.length === 0) this.#others++;
    else this.#values.push(...values);
  }

  /** Its values; none for a path that flows have no column for; null where it is of another form. */
  #comparison(): PatternValue[] | null {
    const path = this.#next('path');
    if (path === null || ++this.#comparisons > FEED_LIMITS.patternComparisons) return null;
    const literals = this.#takes('sign', '=') ? this.#literal() : this.#takes('word', 'IN') ? this.#set() : null;
    if (literals === null) return null;
    const name = path.replaceAll("'", '');
    const type = Object.hasOwn(PATHS, name) ? PATHS[name]! : null;
    return type === null ? [] : literals.map((value) => ({ type, value }));
  }

  #literal(): string[] | null {
    const value = this.#next('text') ?? this.#next('number');
    return value === null ? null : [value];
  }

  #set(): string[] | null {
    if (!this.#takes('sign', '(')) return null;
    const values: string[] = [];
    do {
      const value = this.#literal();
      if (value === null || ++this.#comparisons > FEED_LIMITS.patternComparisons) return null;
      values.push(...value);
    } while (this.#takes('sign', ','));
    return this.#takes('sign', ')') ? values : null;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #next(kind: Token['kind']): string | null {
    const token = this.#peek();
    if (token.kind !== kind) return null;
    this.#at++;
    return token.text;
  }

  #takes(kind: Token['kind'], text: string): boolean {
    const token = this.#peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.#at++;
    return true;
  }
}
