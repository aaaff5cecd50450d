/**
 * Domain names in messages (RFC 1035 3.1 and 4.1.4): labels, or a pointer to where the rest stands. As text they are in
 * lower case, for names differ in nothing but case (RFC 4343) and resolvers send them in random case.
 */

import { CLEAR_LIMITS } from '../clear-limits.ts';
import { hashOf, isSame, type SharedTexts } from '../shared-texts.ts';
import { uint16 } from '../tls/bytes.ts';

const POINTER = 0xc0;
const DOT = 46;
const BACKSLASH = 92;
const ZERO = 48;
const SPACE = 32;
const DELETE = 127;
/** The worst text of a byte: a backslash and three digits (RFC 1035 5.1). */
const MOST_TEXT = 4;

/** Where the name at `at` ends in a message that ends at `end`, pointers not followed; -1 if it does not. */
export function nameEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let length = 0; at < end; ) {
    const label = bytes[at]!;
    if (label === 0) return at + 1;
    if (label >= POINTER) return at + 2 <= end ? at + 2 : -1;
    length += 1 + label;
    if (label >= 64 || length >= CLEAR_LIMITS.dnsNameBytes) return -1;
    at += 1 + label;
  }
  return -1;
}

/** Where a name without pointers ends, -1 if it has one or is none. */
function plainNameEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const label = bytes[at]!;
    if (label === 0) return at + 1;
    if (label >= 64) return -1;
    at += 1 + label;
  }
  return -1;
}

/** The text of a name as it stands in messages. */
interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Names whose text is remembered. */
const KNOWN = CLEAR_LIMITS.sharedTexts;

/** Reads names; one object for all, for a name is put together in its memory. */
export class NameReader {
  readonly #texts: SharedTexts;
  readonly #known = new Array<Known | null>(KNOWN).fill(null);
  readonly #out = new Uint8Array(CLEAR_LIMITS.dnsNameBytes * MOST_TEXT);

  constructor(texts: SharedTexts) {
    this.#texts = texts;
  }

  /**
   * The name at `at` in the message `bytes[start, end)`, `.` for the root; null if it is none.
   * Pointers lead backwards only, so that no name goes in a circle.
   */
  read(bytes: Uint8Array, start: number, at: number, end: number): string | null {
    const plainEnd = plainNameEnd(bytes, at, end);
    if (plainEnd < 0) return this.#unpack(bytes, start, at, end);
    // Few names are asked for again and again: their text is found by their bytes.
    const place = hashOf(bytes, at, plainEnd) & (KNOWN - 1);
    const known = this.#known[place]!;
    if (known !== null && isSame(known.bytes, bytes, at, plainEnd)) return known.text;
    const text = this.#unpack(bytes, start, at, end);
    if (text !== null) this.#known[place] = { bytes: bytes.slice(at, plainEnd), text };
    return text;
  }

  #unpack(bytes: Uint8Array, start: number, at: number, end: number): string | null {
    let length = 0;
    let octets = 0;
    let pointers = 0;
    let bound = end;
    for (;;) {
      if (at >= bound) return null;
      const label = bytes[at]!;
      if (label === 0) break;
      if (label >= POINTER) {
        if (at + 2 > bound || ++pointers > CLEAR_LIMITS.dnsPointers) return null;
        const target = start + (uint16(bytes, at) & 0x3fff);
        if (target >= at) return null;
        // What a pointer leads to ends before the pointer.
        bound = at;
        at = target;
        continue;
      }
      octets += 1 + label;
      if (label >= 64 || octets >= CLEAR_LIMITS.dnsNameBytes || at + 1 + label > bound) return null;
      if (length > 0) this.#out[length++] = DOT;
      length = this.#addLabel(bytes, at + 1, at + 1 + label, length);
      at += 1 + label;
    }
    return length === 0 ? '.' : this.#texts.of(this.#out, 0, length);
  }

  /** Adds a label as RFC 1035 5.1 writes it; UTF-8 (RFC 6763 4.1.3) stays. */
  #addLabel(bytes: Uint8Array, at: number, end: number, length: number): number {
    const out = this.#out;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte < SPACE || byte === DELETE) {
        out[length++] = BACKSLASH;
        out[length++] = ZERO + Math.floor(byte / 100);
        out[length++] = ZERO + (Math.floor(byte / 10) % 10);
        out[length++] = ZERO + (byte % 10);
      } else {
        if (byte === DOT || byte === BACKSLASH) out[length++] = BACKSLASH;
        out[length++] = byte >= 65 && byte <= 90 ? byte | 32 : byte;
      }
    }
    return length;
  }
}
