/**
 * Indicators of one feed in little memory: texts as bytes one behind the other, facts in typed arrays, found by open
 * addressing. A million domains take about 80 MB less than in a Map of objects would.
 */
import { parseNetwork } from '../../features/rows/address.ts';
import type { Indicator, IndicatorKind } from './indicator.ts';
import { FEED_LIMITS } from './limits.ts';

/** What a feed says of an indicator, beside that it is bad. */
export interface IndicatorFacts {
  /** 0 to 100; null where the feed does not say. */
  readonly risk: number | null;
  /** Malware that it belongs to, '' where the feed does not say. */
  readonly malware: string;
  /** Seconds since 1970; null where the feed does not say. */
  readonly lastSeen: number | null;
  readonly validUntil: number | null;
}

export const NO_FACTS: IndicatorFacts = { risk: null, malware: '', lastSeen: null, validUntil: null };

const FIRST_CAPACITY = 1024;
/** Slots for each entry: at half full, a look-up needs one or two looks. */
const SLOTS_PER_ENTRY = 2;
const NO_RISK = 255;
const BYTES_PER_ENTRY = 24;

/** All that a table is made of, as threads hand it to each other. */
export interface IndicatorTableParts {
  readonly seed: number;
  readonly count: number;
  readonly kinds: ReadonlyMap<IndicatorKind, number>;
  readonly prefixes4: ReadonlySet<number>;
  readonly prefixes6: ReadonlySet<number>;
  readonly slots: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly risks: Uint8Array<ArrayBuffer>;
  readonly families: Uint16Array<ArrayBuffer>;
  readonly lastSeen: Float64Array<ArrayBuffer>;
  readonly validUntil: Float64Array<ArrayBuffer>;
  readonly familyNames: readonly string[];
}

export class IndicatorTable {
  count = 0;
  /** Lengths of the prefixes of networks that are listed, of IPv4 and IPv6. */
  readonly prefixes4 = new Set<number>();
  readonly prefixes6 = new Set<number>();
  readonly #kinds = new Map<IndicatorKind, number>();
  /** Feeds could be written so that their texts collide under a hash that is known. */
  readonly #seed: number;
  #slots = new Int32Array(FIRST_CAPACITY * SLOTS_PER_ENTRY).fill(-1);
  #bytes = new Uint8Array(FIRST_CAPACITY * BYTES_PER_ENTRY);
  #ends = new Uint32Array(FIRST_CAPACITY);
  #risks = new Uint8Array(FIRST_CAPACITY);
  #families = new Uint16Array(FIRST_CAPACITY);
  #lastSeen = new Float64Array(FIRST_CAPACITY);
  #validUntil = new Float64Array(FIRST_CAPACITY);
  readonly #familyNames: string[] = [''];
  readonly #familyIds = new Map<string, number>([['', 0]]);

  /** @param seed of the hash: results do not depend on it */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** The table that has these parts, which are its own from now on. */
  static of(parts: IndicatorTableParts): IndicatorTable {
    const table = new IndicatorTable(parts.seed);
    table.count = parts.count;
    for (const [kind, count] of parts.kinds) table.#kinds.set(kind, count);
    for (const length of parts.prefixes4) table.prefixes4.add(length);
    for (const length of parts.prefixes6) table.prefixes6.add(length);
    table.#slots = parts.slots;
    table.#bytes = parts.bytes;
    table.#ends = parts.ends;
    table.#risks = parts.risks;
    table.#families = parts.families;
    table.#lastSeen = parts.lastSeen;
    table.#validUntil = parts.validUntil;
    parts.familyNames.forEach((name, id) => {
      table.#familyNames[id] = name;
      table.#familyIds.set(name, id);
    });
    return table;
  }

  /** What `of` makes the same table of; it must not be used any more by then. */
  get parts(): IndicatorTableParts {
    return {
      seed: this.#seed,
      count: this.count,
      kinds: this.#kinds,
      prefixes4: this.prefixes4,
      prefixes6: this.prefixes6,
      slots: this.#slots,
      bytes: this.#bytes,
      ends: this.#ends,
      risks: this.#risks,
      families: this.#families,
      lastSeen: this.#lastSeen,
      validUntil: this.#validUntil,
      familyNames: this.#familyNames,
    };
  }

  /** How many indicators of each kind there are. */
  get kinds(): ReadonlyMap<IndicatorKind, number> {
    return this.#kinds;
  }

  /** Adds an indicator; one that is there already keeps the higher risk and the later dates. */
  add({ kind, value }: Indicator, facts: IndicatorFacts): void {
    const key = keyOf(kind, value);
    const known = this.#entryOf(key);
    if (known >= 0) {
      this.#merge(known, facts);
      return;
    }
    if (this.count === this.#ends.length) this.#grow();
    const entry = this.count++;
    this.#writeText(entry, key);
    this.#writeFacts(entry, facts);
    this.#place(entry, this.#hashOf(key));
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    if (kind === 'network') (value.includes(':') ? this.prefixes6 : this.prefixes4).add(Number(value.split('/')[1]));
  }

  /** What the feed says of an indicator; null if it does not list it. */
  find(kind: IndicatorKind, value: string): IndicatorFacts | null {
    return this.#kinds.has(kind) ? this.#factsOfKey(keyOf(kind, value)) : null;
  }

  /** The same of the network of the first `length` bits of an address, without making a text of it. */
  findNetwork(address: Uint8Array, length: number): IndicatorFacts | null {
    return this.#kinds.has('network') ? this.#factsOfKey(networkKey(address, length)) : null;
  }

  #factsOfKey(key: string): IndicatorFacts | null {
    const entry = this.#entryOf(key);
    return entry < 0 ? null : this.#factsOf(entry);
  }

  #factsOf(entry: number): IndicatorFacts {
    const orNull = (value: number) => (Number.isNaN(value) ? null : value);
    return {
      risk: this.#risks[entry] === NO_RISK ? null : this.#risks[entry]!,
      malware: this.#familyNames[this.#families[entry]!]!,
      lastSeen: orNull(this.#lastSeen[entry]!),
      validUntil: orNull(this.#validUntil[entry]!),
    };
  }

  #merge(entry: number, facts: IndicatorFacts): void {
    const old = this.#factsOf(entry);
    this.#writeFacts(entry, {
      risk: old.risk === null || facts.risk === null ? (old.risk ?? facts.risk) : Math.max(old.risk, facts.risk),
      malware: old.malware === '' ? facts.malware : old.malware,
      lastSeen: later(old.lastSeen, facts.lastSeen),
      // One row that never expires outlives the others.
      validUntil: old.validUntil === null || facts.validUntil === null ? null : later(old.validUntil, facts.validUntil),
    });
  }

  #writeFacts(entry: number, { risk, malware, lastSeen, validUntil }: IndicatorFacts): void {
    this.#risks[entry] = risk === null ? NO_RISK : Math.min(100, Math.max(0, Math.round(risk)));
    this.#families[entry] = this.#familyId(malware.slice(0, FEED_LIMITS.familyCharacters));
    this.#lastSeen[entry] = lastSeen ?? Number.NaN;
    this.#validUntil[entry] = validUntil ?? Number.NaN;
  }

  #familyId(name: string): number {
    const known = this.#familyIds.get(name);
    if (known !== undefined) return known;
    if (this.#familyNames.length > FEED_LIMITS.families) return 0;
    this.#familyIds.set(name, this.#familyNames.push(name) - 1);
    return this.#familyNames.length - 1;
  }

  #writeText(entry: number, key: string): void {
    const start = this.#startOf(entry);
    const end = start + key.length;
    if (end > this.#bytes.length) this.#bytes = larger(this.#bytes, Math.max(end, this.#bytes.length * 2));
    for (let i = 0; i < key.length; i++) this.#bytes[start + i] = key.charCodeAt(i);
    this.#ends[entry] = end;
  }

  #startOf(entry: number): number {
    return entry === 0 ? 0 : this.#ends[entry - 1]!;
  }

  #entryOf(key: string): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = this.#hashOf(key) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]!;
      if (entry < 0 || this.#isText(entry, key)) return entry;
    }
  }

  #isText(entry: number, key: string): boolean {
    const start = this.#startOf(entry);
    if (this.#ends[entry]! - start !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (this.#bytes[start + i] !== key.charCodeAt(i)) return false;
    return true;
  }

  #place(entry: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }

  #grow(): void {
    const capacity = this.#ends.length * 2;
    this.#ends = larger(this.#ends, capacity);
    this.#risks = larger(this.#risks, capacity);
    this.#families = larger(this.#families, capacity);
    this.#lastSeen = larger(this.#lastSeen, capacity);
    this.#validUntil = larger(this.#validUntil, capacity);
    this.#slots = new Int32Array(capacity * SLOTS_PER_ENTRY).fill(-1);
    for (let entry = 0; entry < this.count; entry++) this.#place(entry, this.#hashOfEntry(entry));
  }

  #hashOf(key: string): number {
    let hash = this.#seed;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return mixed(hash);
  }

  #hashOfEntry(entry: number): number {
    let hash = this.#seed;
    for (let i = this.#startOf(entry); i < this.#ends[entry]!; i++)
      hash = Math.imul(hash ^ this.#bytes[i]!, 0x01000193);
    return mixed(hash);
  }
}

/** Kinds have different letters; values are ASCII by then, and networks are bytes. */
function keyOf(kind: IndicatorKind, value: string): string {
  const network = kind === 'network' ? parseNetwork(value) : null;
  if (network !== null) return networkKey(network.bytes, network.length);
  return `${kind === 'ja4' ? '4' : kind === 'address' ? 'i' : kind[0]}${value}`;
}

/** The letter, the length, and the bytes whose bits count, as characters below 256. */
function networkKey(address: Uint8Array, length: number): string {
  let key = `n${String.fromCharCode(length, address.length)}`;
  for (let i = 0, left = length; left > 0; i++, left -= 8) {
    key += String.fromCharCode(left >= 8 ? address[i]! : address[i]! & (0xff00 >> left));
  }
  return key;
}

/** Seed and letters spread over all bits (finalizer of MurmurHash3, Appleby). */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function later(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function larger<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(array: T, length: number): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
