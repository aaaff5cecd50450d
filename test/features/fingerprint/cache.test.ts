import { expect, test } from 'vitest';
import type { Digests } from '../../../core/digest.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { CACHE_LIMITS, cachedDigests } from '../../../features/fingerprint/cache.ts';

function counting(): { digests: Digests; calls: () => number } {
  let calls = 0;
  const md5Hex = (text: string) => {
    calls++;
    return nodeDigests.md5Hex(text);
  };
  return { digests: { ...nodeDigests, md5Hex }, calls: () => calls };
}

test('a text is hashed once, and MD5 and SHA-256 are not confused', () => {
  const { digests, calls } = counting();
  const cached = cachedDigests(digests);
  for (let i = 0; i < 3; i++) expect(cached.md5Hex('a')).toBe('0cc175b9c0f1b6a831c399e269772661');
  expect(cached.sha256Hex('a')).toBe(nodeDigests.sha256Hex('a'));
  expect(calls()).toBe(1);
});

test('what is in use stays while thousands of others pass', () => {
  const { digests, calls } = counting();
  const cached = cachedDigests(digests, 10);
  for (let i = 0; i < 1000; i++) {
    cached.md5Hex(`other ${i}`);
    cached.md5Hex('in use');
  }
  expect(calls()).toBe(1001);
});

test('what is not used goes, and long texts are never kept', () => {
  const { digests, calls } = counting();
  const cached = cachedDigests(digests, 10);
  cached.md5Hex('once');
  for (let i = 0; i < 20; i++) cached.md5Hex(`other ${i}`);
  cached.md5Hex('once');
  expect(calls()).toBe(22);
  const long = 'x'.repeat(CACHE_LIMITS.textLength + 1);
  cached.md5Hex(long);
  cached.md5Hex(long);
  expect(calls()).toBe(24);
});
