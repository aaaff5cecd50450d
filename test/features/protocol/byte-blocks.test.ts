import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { BLOCK_SIZES, ByteBlocks, LEAST_BLOCK, PAGE_BYTES } from '../../../features/protocol/byte-blocks.ts';

test('blocks keep what is in them, whichever are taken and given back around them', () => {
  const random = new Prng('byte blocks');
  const blocks = new ByteBlocks(16 * PAGE_BYTES);
  const taken: { block: number; size: number; mark: number }[] = [];
  const bytesOf = (block: number, size: number) => {
    const at = blocks.atOf(block);
    return blocks.pageOf(block).bytes.subarray(at, at + (LEAST_BLOCK << size));
  };
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    // More are taken than given back, then fewer, and so on: there is no room at times.
    if (taken.length > 0 && random.chance(round % 4000 < 2000 ? 0.4 : 0.6)) {
      const [{ block, size, mark }] = taken.splice(random.integer(0, taken.length - 1), 1) as [(typeof taken)[number]];
      expect(bytesOf(block, size).every((byte) => byte === mark)).toBe(true);
      blocks.give(block, size);
      continue;
    }
    const size = random.integer(0, random.pick([1, 3, BLOCK_SIZES - 1]));
    const block = blocks.take(size);
    if (block < 0) {
      refused++;
      continue;
    }
    const mark = round & 255;
    bytesOf(block, size).fill(mark);
    taken.push({ block, size, mark });
  }
  expect(refused).toBeGreaterThan(10);
});

test('no more is held than allowed, and all of it can be used', () => {
  const blocks = new ByteBlocks(2 * PAGE_BYTES);
  const fitting = (2 * PAGE_BYTES) / LEAST_BLOCK;
  // Two whole pages are free, and then halved again and again.
  const pages = [blocks.take(BLOCK_SIZES - 1), blocks.take(BLOCK_SIZES - 1)];
  expect(blocks.take(0)).toBe(-1);
  for (const page of pages) blocks.give(page, BLOCK_SIZES - 1);
  const small = Array.from({ length: fitting }, () => blocks.take(0));
  expect(new Set(small).size).toBe(fitting);
  expect(Math.min(...small)).toBeGreaterThanOrEqual(0);
  expect(blocks.take(0)).toBe(-1);
});
