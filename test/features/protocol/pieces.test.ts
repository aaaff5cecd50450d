import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { PIECES_LIMITS, Pieces } from '../../../features/protocol/pieces.ts';

/** The slow way: a byte each, and whether it is there. */
class Twin {
  readonly bytes: (number | undefined)[] = [];

  put(offset: number, piece: Uint8Array): void {
    for (const [i, byte] of piece.entries()) this.bytes[offset + i] = byte;
  }

  get ready(): number {
    let ready = 0;
    while (this.bytes[ready] !== undefined) ready++;
    return ready;
  }
}

test('pieces of any order and overlap give the same as bytes put one by one', () => {
  const random = new Prng('pieces');
  for (let round = 0; round < 400; round++) {
    const pieces = new Pieces();
    const twin = new Twin();
    for (let i = random.integer(1, 40); i > 0; i--) {
      const piece = random.bytes(new Uint8Array(random.integer(0, 60)));
      const offset = random.below(400);
      if (piece.length === 0) continue;
      expect(pieces.put(offset, piece, 0, piece.length)).toBe(true);
      twin.put(offset, piece);
      expect(pieces.ready).toBe(twin.ready);
      expect([...pieces.bytes.subarray(0, pieces.ready)]).toEqual(twin.bytes.slice(0, twin.ready));
    }
  }
});

test('what is too far on or in too many places is refused and counted', () => {
  const pieces = new Pieces();
  const byte = Uint8Array.of(1);
  expect(pieces.put(PIECES_LIMITS.bytes, byte, 0, 1)).toBe(false);
  expect(pieces.put(2 ** 61, byte, 0, 1)).toBe(false);
  for (let i = 0; i < PIECES_LIMITS.runs; i++) expect(pieces.put(2 * i + 1, byte, 0, 1)).toBe(true);
  expect(pieces.put(5000, byte, 0, 1)).toBe(false);
  expect(pieces.refused).toBe(3);
  // A piece that fills a hole needs no room of its own.
  expect(pieces.put(0, byte, 0, 1)).toBe(true);
  expect(pieces.ready).toBe(2);
  expect(pieces.bytes.length).toBeLessThanOrEqual(PIECES_LIMITS.bytes);
});
