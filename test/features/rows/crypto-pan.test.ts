import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { anonymizerKey } from '../../../features/files/anonymizer-key.ts';
import { parseAddress, textOfAddress } from '../../../features/rows/address.ts';
import { cryptoPan } from '../../../features/rows/crypto-pan.ts';

/** The key and the addresses of the sample trace that comes with Crypto-PAn 1.0. */
const SAMPLE_KEY = Uint8Array.of(
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
);

function replacer(key: Uint8Array): (text: string) => string {
  const replace = cryptoPan(anonymizerKey(key));
  return (text) => textOfAddress(replace(parseAddress(text)!));
}

test.each([
  ['128.11.68.132', '135.242.180.132'],
  ['129.118.74.4', '134.136.186.123'],
  ['130.132.252.244', '133.68.164.234'],
  ['141.223.7.43', '141.167.8.160'],
  ['141.233.145.108', '141.129.237.235'],
  ['152.163.225.39', '151.140.114.167'],
  ['156.29.3.236', '147.225.12.42'],
  ['165.247.96.84', '162.9.99.234'],
  ['166.107.77.190', '160.132.178.185'],
  ['192.102.249.13', '252.138.62.131'],
])('the sample trace of Crypto-PAn 1.0: %s becomes %s', (address, replaced) => {
  expect(replacer(SAMPLE_KEY)(address)).toBe(replaced);
});

test.each([
  ['192.0.2.1', '192.0.125.244'],
  ['2001:db8::1', '27fe:8bc7:fee:1e:1e1f:f0fe:f0e1:83fd'],
])('the example of yacryptopan: %s becomes %s', (address, replaced) => {
  expect(replacer(Buffer.from('32-char-str-for-AES-key-and-pad.'))(address)).toBe(replaced);
});

test.each([4, 16])('addresses of %i bytes that share a prefix share exactly that, and no two become one', (bytes) => {
  const prng = new Prng('prefixes');
  const replace = cryptoPan(anonymizerKey(SAMPLE_KEY));
  const shared = (a: Uint8Array, b: Uint8Array): number => {
    for (let bit = 0; bit < bytes * 8; bit++) {
      const mask = 128 >> (bit & 7);
      if ((a[bit >> 3]! & mask) !== (b[bit >> 3]! & mask)) return bit;
    }
    return bytes * 8;
  };
  for (let round = 0; round < 300; round++) {
    const a = Uint8Array.from({ length: bytes }, () => prng.below(256));
    const b = a.slice();
    for (let bit = prng.below(bytes * 8); bit < bytes * 8; bit++)
      if (prng.chance(0.5)) b[bit >> 3]! ^= 128 >> (bit & 7);
    expect(shared(replace(a), replace(b))).toBe(shared(a, b));
  }
});
