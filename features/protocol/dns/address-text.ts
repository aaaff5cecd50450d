/** Addresses in records to text. */
import { writeUtf8 } from '../../../core/text-column.ts';
import { addressText } from '../../flow/address.ts';

const ZERO = 48;
const DOT = 46;
const words = new Int32Array(4);

/** Writes the address `bytes[at, end)`, of 4 or 16 bytes, as text to `out`; returns its length. */
export function writeAddress(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  if (end - at === 4) return writeIpv4(bytes, at, out);
  for (let word = 0; word < 4; word++, at += 4) {
    words[word] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  return writeUtf8(addressText(words, 0, 6), out, 0);
}

function writeIpv4(bytes: Uint8Array, at: number, out: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i]!;
    if (i > 0) out[length++] = DOT;
    if (byte >= 100) out[length++] = ZERO + Math.floor(byte / 100);
    if (byte >= 10) out[length++] = ZERO + (Math.floor(byte / 10) % 10);
    out[length++] = ZERO + (byte % 10);
  }
  return length;
}
