/** A hash finds, the words decide; two generations bound it. */
import { expect, test } from 'vitest';
import { KeyCache } from '../../../features/fingerprint/key-cache.ts';
import { WordKey } from '../../../features/fingerprint/word-key.ts';

function keyOf(...words: readonly number[]): WordKey {
  const key = new WordKey();
  for (const word of words) key.add(word);
  return key;
}

test('keys of the same hash are told apart', () => {
  const cache = new KeyCache<string>();
  const forged = keyOf(3, 4);
  forged.hash = keyOf(1, 2).hash;
  cache.keep(keyOf(1, 2), 'one');
  expect([cache.find(keyOf(1, 2)), cache.find(forged)]).toEqual(['one', undefined]);
  cache.keep(forged, 'other');
  expect([cache.find(keyOf(1, 2)), cache.find(forged)]).toEqual([undefined, 'other']);
});

test('a key that begins like another is another', () => {
  const cache = new KeyCache<string>();
  const longer = keyOf(1, 2, 0);
  longer.hash = keyOf(1, 2).hash;
  cache.keep(keyOf(1, 2), 'short');
  expect(cache.find(longer)).toBeUndefined();
});

test('what is asked for stays, the rest is forgotten in its time', () => {
  const cache = new KeyCache<number>(4);
  for (let i = 0; i < 100; i++) {
    cache.keep(keyOf(i, i), i);
    if (i > 0) expect(cache.find(keyOf(0, 0))).toBe(0);
  }
  const left = Array.from({ length: 100 }, (_, i) => cache.find(keyOf(i, i))).filter((value) => value !== undefined);
  expect(left.length).toBeLessThanOrEqual(8);
});

test('the same values with other GREASE make the same key, and other values another', () => {
  const of = (...bytes: readonly number[]) => {
    const key = new WordKey();
    key.addValues(Uint8Array.from(bytes), 0, bytes.length);
    return [key.hash, ...key.words.subarray(0, key.length)];
  };
  expect(of(0x1a, 0x1a, 0, 1)).toEqual(of(0xfa, 0xfa, 0, 1));
  expect(of(0x0a, 0x1a, 0, 1)).not.toEqual(of(0x1a, 0x1a, 0, 1));
});
