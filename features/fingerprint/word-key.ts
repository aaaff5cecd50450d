/**
 * What a remembered result depends on, as a row of 16-bit words with a hash: found again without making a string or a
 * list. The hash only finds a candidate. Attackers choose the bytes, so the words themselves decide (key-cache.ts).
 */
import { isGrease } from './grease.ts';

/** A longer key is not remembered: real hellos need some hundred words, forged ones up to thirty thousand. */
export const MAX_KEY_WORDS = 1024;

/** FNV-1a's (Fowler, Noll, Vo). */
const OFFSET_BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/** Stands for every GREASE value: which of the sixteen it is changes no fingerprint. */
const ANY_GREASE = 0x0a0a;

/** One key, made again and again in the same memory. */
export class WordKey {
  readonly words = new Uint16Array(MAX_KEY_WORDS);
  length = 0;
  hash = OFFSET_BASIS;
  /** Something did not fit: the key stands for nothing. */
  isTooLong = false;

  clear(): void {
    this.length = 0;
    this.hash = OFFSET_BASIS;
    this.isTooLong = false;
  }

  /** Adds a number below 65536. */
  add(word: number): void {
    if (!this.#hasRoom(1)) return;
    this.words[this.length++] = word;
    this.hash = Math.imul(this.hash ^ word, PRIME);
  }

  /** Adds the 16-bit integers of `[at, end)`, all GREASE as one; an odd last byte is left out. */
  addValues(bytes: Uint8Array, at: number, end: number): void {
    if (!this.#hasRoom((end - at) >> 1)) return;
    const { words } = this;
    let { length, hash } = this;
    for (; at + 2 <= end; at += 2) {
      const value = withOneGrease((bytes[at]! << 8) | bytes[at + 1]!);
      words[length++] = value;
      hash = Math.imul(hash ^ value, PRIME);
    }
    this.length = length;
    this.hash = hash;
  }

  /** Adds the bytes of `[at, end)`, two a word. Their number must be in the key already. */
  addBytes(bytes: Uint8Array, at: number, end: number): void {
    if (!this.#hasRoom((end - at + 1) >> 1)) return;
    const { words } = this;
    let { length, hash } = this;
    for (; at < end; at += 2) {
      const word = (bytes[at]! << 8) | (at + 1 < end ? bytes[at + 1]! : 0);
      words[length++] = word;
      hash = Math.imul(hash ^ word, PRIME);
    }
    this.length = length;
    this.hash = hash;
  }

  #hasRoom(words: number): boolean {
    if (this.length + words > MAX_KEY_WORDS) this.isTooLong = true;
    return !this.isTooLong;
  }
}

/** The value, or 0x0a0a for all GREASE values. */
export function withOneGrease(value: number): number {
  return isGrease(value) ? ANY_GREASE : value;
}
