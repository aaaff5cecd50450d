/**
 * Texts of hostile bytes, shared: the same host or program is named in flow after flow, and neither decoding it again
 * nor holding it a hundred thousand times is wanted. A table with one place for each hash: what falls on a taken place
 * replaces what was there.
 */
import { CLEAR_LIMITS } from './clear-limits.ts';
import { escapedText, printableText } from './tls/text.ts';

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** FNV-1a's (Fowler, Noll, Vo). */
const OFFSET_BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** Longer texts are decoded each time. */
const LONGEST = 512;

export class SharedTexts {
  readonly #entries: (Entry | null)[];

  /** @param entries a power of two */
  constructor(entries: number = CLEAR_LIMITS.sharedTexts) {
    this.#entries = new Array<Entry | null>(entries).fill(null);
  }

  /** The bytes of `[at, end)` as text, what cannot be printed escaped. */
  of(bytes: Uint8Array, at: number, end: number): string {
    if (end - at > LONGEST) return decode(bytes, at, end);
    const place = hashOf(bytes, at, end) & (this.#entries.length - 1);
    const entry = this.#entries[place]!;
    if (entry !== null && isSame(entry.bytes, bytes, at, end)) return entry.text;
    const text = decode(bytes, at, end);
    this.#entries[place] = { bytes: bytes.slice(at, end), text };
    return text;
  }
}

function decode(bytes: Uint8Array, at: number, end: number): string {
  return printableText(bytes, at, end) ?? escapedText(bytes, at, end);
}

/** A hash that only finds a candidate: the bytes themselves decide. */
function hashOf(bytes: Uint8Array, at: number, end: number): number {
  let hash = OFFSET_BASIS;
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME);
  return hash ^ (hash >>> 15);
}

/** Whether `kept` is `bytes[at, end)`. */
function isSame(kept: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (kept.length !== end - at) return false;
  for (let i = 0; i < kept.length; i++) if (kept[i] !== bytes[at + i]) return false;
  return true;
}
