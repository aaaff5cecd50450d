/** Addresses in records to text. */
import { addressText } from '../../flow/address.ts';

const words = new Int32Array(4);

/** The address of 4 or 16 bytes at `at`, which must be there. */
export function addressTextOf(bytes: Uint8Array, at: number, end: number): string {
  const version = end - at === 4 ? 4 : 6;
  const first = version === 4 ? 3 : 0;
  for (let word = first; word < 4; word++, at += 4) {
    words[word] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  return addressText(words, 0, version);
}
