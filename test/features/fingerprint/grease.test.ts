import { expect, test } from 'vitest';
import { isGrease, withoutGrease } from '../../../features/fingerprint/grease.ts';

test('GREASE is exactly the 16 values of RFC 8701', () => {
  const found: number[] = [];
  for (let value = 0; value <= 0xffff; value++) if (isGrease(value)) found.push(value);
  expect(found).toEqual([
    0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa, 0xbaba, 0xcaca, 0xdada,
    0xeaea, 0xfafa,
  ]);
});

test('the rest keeps its order; 0x0a1a is no GREASE', () => {
  expect(withoutGrease([0x1a1a, 3, 0x0a1a, 0xfafa, 1])).toEqual([3, 0x0a1a, 1]);
});
