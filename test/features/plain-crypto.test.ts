/** Digests and ciphers in plain JavaScript give what node:crypto gives. */
import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { nodeDigests } from '../../features/digests-node.ts';
import { plainDigests } from '../../features/digests-plain.ts';

const random = new Prng(11);
const bytes = (length: number) => Uint8Array.from({ length }, () => random.below(256));
/** Around every edge of padding and blocks. */
const lengths = [...Array(140).keys(), 1000, 1199, 4096];

test('RFC 1321 A.5, FIPS 180-4 and RFC 4648: abc', () => {
  const abc = new TextEncoder().encode('abc');
  expect(plainDigests.md5Hex('abc')).toBe('900150983cd24fb0d6963f7d28e17f72');
  expect(plainDigests.sha1HexOf(abc)).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  expect(plainDigests.sha1Base64(abc)).toBe('qZk+NkcGgWq6PiVxeFDCbJzQ2J0=');
  expect(plainDigests.sha256Hex('abc')).toMatch(/^ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad$/);
});

test('digests of any length are those of node:crypto', () => {
  for (const length of lengths) {
    const data = bytes(length);
    const text = String.fromCodePoint(...data.map((byte) => byte + 1));
    for (const name of ['md5Hex', 'sha256Hex'] as const) expect(plainDigests[name](text)).toBe(nodeDigests[name](text));
    for (const name of ['sha256HexOf', 'sha1HexOf', 'sha1Base64'] as const)
      expect(plainDigests[name](data), `${name} of ${length}`).toBe(nodeDigests[name](data));
    const key = bytes(random.below(90));
    expect(plainDigests.hmacSha256(key, data)).toEqual(nodeDigests.hmacSha256(key, data));
  }
});

test('AES-128: FIPS 197 C.1', () => {
  const run = (first: number, step: number) => Uint8Array.from({ length: 16 }, (_, i) => first + step * i);
  expect(Buffer.from(plainDigests.aes128Block(run(0, 1), run(0, 0x11))).toString('hex')).toBe(
    '69c4e0d86a7b0430d8cdb78070b4c55a',
  );
});

test('AES-128-GCM opens what node:crypto sealed, looks into it, and refuses every change', () => {
  for (const length of lengths.slice(0, 40)) {
    const [key, nonce, associated, text] = [bytes(16), bytes(12), bytes(random.below(40)), bytes(length)];
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(associated);
    const sealed = Uint8Array.from(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
    expect(plainDigests.openAes128Gcm(key, nonce, associated, sealed)).toEqual(text);
    expect(plainDigests.peekAes128Gcm(key, nonce, sealed.subarray(0, length))).toEqual(text);
    expect(plainDigests.aes128Block(key, bytes(16))).toHaveLength(16);
    sealed[random.below(sealed.length)]! ^= 1 << random.below(8);
    expect(plainDigests.openAes128Gcm(key, nonce, associated, sealed)).toBeNull();
  }
  expect(plainDigests.openAes128Gcm(bytes(16), bytes(12), bytes(0), bytes(15))).toBeNull();
});
