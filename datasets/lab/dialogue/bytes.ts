/** Putting binary messages together, big-endian as networks have it. */
import type { Prng } from '../../../core/prng.ts';

export type Part = string | Uint8Array | readonly number[];

/** The parts one after another; text one byte per character, so ASCII or Latin-1 only. */
export function bytesOf(...parts: readonly Part[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') for (let i = 0; i < part.length; i++) whole[at + i] = part.charCodeAt(i);
    else whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The parts one after another: a part alone is handed back as it is, more of them in memory of their own. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const u16 = (value: number): readonly number[] => [(value >>> 8) & 255, value & 255];
export const u32 = (value: number): readonly number[] => [
  (value >>> 24) & 255,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

/** Bytes that look like nothing: ciphertext, keys, identifiers. */
export function filler(prng: Prng, length: number): Uint8Array {
  return prng.bytes(new Uint8Array(length));
}
