/**
 * Domain names in messages (RFC 1035 3.1 and 4.1.4): labels, or a pointer to where the rest stands. As text they are in
 * lower case, for names differ in nothing but case (RFC 4343) and resolvers send them in random case.
 */

import { writeUtf8 } from '../../../core/text-column.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import type { SharedTexts } from '../shared-texts.ts';
import { uint16 } from '../tls/bytes.ts';

const POINTER = 0xc0;
const DOT = 46;
const BACKSLASH = 92;
const ZERO = 48;
const SPACE = 32;
const DELETE = 127;
/** The worst text of a byte: two backslashes (RFC 1035 5.1), each written `\x5c` where the name is not UTF-8. */
const MOST_TEXT = 8;

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

/** Reads a name into memory of its own, as text. */
export class NameText {
  readonly #texts: SharedTexts;
  /** The text is `bytes[0, length)`, UTF-8; valid until the next is read. */
  readonly bytes = new Uint8Array(CLEAR_LIMITS.dnsNameBytes * MOST_TEXT);
  length = 0;
  /** All is printable ASCII. */
  #isPlain = true;

  constructor(texts: SharedTexts) {
    this.#texts = texts;
  }

  /**
   * Reads the name at `at` in the message `bytes[start, end)`, `.` for the root; false if it is none.
   * Pointers lead backwards only, so that no name goes in a circle.
   */
  read(bytes: Uint8Array, start: number, at: number, end: number): boolean {
    this.length = 0;
    this.#isPlain = true;
    let octets = 0;
    let pointers = 0;
    let bound = end;
    for (;;) {
      if (at >= bound) return false;
      const label = bytes[at]!;
      if (label === 0) break;
      if (label >= POINTER) {
        if (at + 2 > bound || ++pointers > CLEAR_LIMITS.dnsPointers) return false;
        const target = start + (uint16(bytes, at) & 0x3fff);
        if (target >= at) return false;
        // What a pointer leads to ends before the pointer.
        bound = at;
        at = target;
        continue;
      }
      octets += 1 + label;
      if (label >= 64 || octets >= CLEAR_LIMITS.dnsNameBytes || at + 1 + label > bound) return false;
      this.#addLabel(bytes, at + 1, at + 1 + label);
      at += 1 + label;
    }
    if (this.length === 0) this.bytes[this.length++] = DOT;
    if (!this.#isPlain) this.length = writeUtf8(this.#texts.of(this.bytes, 0, this.length), this.bytes, 0);
    return true;
  }

  get isRoot(): boolean {
    return this.length === 1 && this.bytes[0] === DOT;
  }

  /** Adds a label as RFC 1035 5.1 writes it; UTF-8 (RFC 6763 4.1.3) stays. */
  #addLabel(bytes: Uint8Array, at: number, end: number): void {
    const out = this.bytes;
    let { length } = this;
    if (length > 0) out[length++] = DOT;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte < SPACE || byte === DELETE) {
        out[length++] = BACKSLASH;
        out[length++] = ZERO + Math.floor(byte / 100);
        out[length++] = ZERO + (Math.floor(byte / 10) % 10);
        out[length++] = ZERO + (byte % 10);
      } else {
        if (byte === DOT || byte === BACKSLASH) out[length++] = BACKSLASH;
        else if (byte > DELETE) this.#isPlain = false;
        out[length++] = byte >= 65 && byte <= 90 ? byte | 32 : byte;
      }
    }
    this.length = length;
  }
}
