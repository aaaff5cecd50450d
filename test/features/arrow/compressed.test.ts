/** Bodies of record batches that are compressed, by this program and by others. */
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { BatchBody } from '../../../features/arrow/body.ts';
import { unpackLz4Frame, unpackLz4Into } from '../../../features/arrow/lz4.ts';
import { frameOf, unpackZstd } from '../../../features/arrow/zstd.ts';
import { loadZstd } from '../../../features/files/zstd.ts';

describe('LZ4', () => {
  test('a block: literals, then a match that overlaps itself', () => {
    const out = new Uint8Array(12);
    // Two literals, then 4 + 3 bytes from two back, then three literals.
    const block = Uint8Array.of(0x23, 0x61, 0x62, 2, 0, 0x30, 0x78, 0x79, 0x7a);
    expect(unpackLz4Into(block, out, 0)).toBe(12);
    expect(Buffer.from(out).toString()).toBe('ababababaxyz');
  });

  test('a frame of a stored block', () => {
    const frame = Uint8Array.of(4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 3, 0, 0, 0x80, 1, 2, 3, 0, 0, 0, 0);
    expect(unpackLz4Frame(frame, 1 << 20)).toEqual(Uint8Array.of(1, 2, 3));
    expect(() => unpackLz4Frame(frame, 2)).toThrow();
    for (let length = 0; length < frame.length; length++) {
      expect(() => unpackLz4Frame(frame.subarray(0, length), 1 << 20), `${length} bytes`).toThrow();
    }
  });

  test('any bytes are unpacked or refused, within the room given', () => {
    const prng = new Prng('lz4');
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: prng.integer(0, 40) }, () => prng.below(256));
      const out = new Uint8Array(64);
      try {
        expect(unpackLz4Into(bytes, out, 0)).toBeLessThanOrEqual(64);
      } catch (error) {
        expect((error as Error).message).toBe('bytes that are no LZ4');
      }
    }
  });
});

describe('zstd', () => {
  test('what a frame holds is read from its head', async () => {
    const zstd = await loadZstd();
    for (const size of [1, 255, 256, 70_000, 200_000]) expect(frameOf(zstd(new Uint8Array(size))).size).toBe(size);
  });

  test('what is not one whole frame is refused', async () => {
    const frame = (await loadZstd())(new Uint8Array(1000));
    expect(unpackZstd(frame, 1000)).toHaveLength(1000);
    for (let length = 0; length < frame.length; length++) {
      expect(() => unpackZstd(frame.subarray(0, length), 1 << 20), `${length} bytes`).toThrow('no frame');
    }
    expect(() => unpackZstd(Uint8Array.of(...frame, ...frame), 1 << 20)).toThrow('no frame');
  });

  test('a batch that unpacks to more than is allowed is refused before it takes the memory', async () => {
    // A single block of one zero, which says that it stands for 2^40.
    const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0);
    await expect(bodyOf(head, 1).buffer()).rejects.toThrow('more than is unpacked');
    const quarter = (await loadZstd())(new Uint8Array(1 << 27));
    const body = bodyOf(quarter, 5);
    for (let i = 0; i < 4; i++) expect(await body.buffer()).toHaveLength(1 << 27);
    await expect(body.buffer()).rejects.toThrow('more than is unpacked');
  });

  /** A batch whose buffers are all the same frame, which is said to hold a single byte. */
  function bodyOf(frame: Uint8Array, count: number): BatchBody {
    const bytes = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, ...frame);
    const buffers = new Array(count).fill({ offset: 0, length: bytes.length });
    return new BatchBody({ rows: 1, nodes: [], buffers, codec: 'zstd', variadic: [] }, () => bytes);
  }

  test('the length before a buffer is that of what it unpacks to', async () => {
    const { ArrowWriter } = await import('../../../features/arrow/arrow-writer.ts');
    const { SPECS, someTable } = await import('../files/some-table.ts');
    const pieces: Uint8Array[] = [];
    const seen: number[] = [];
    const zstd = await loadZstd();
    const writer = new ArrowWriter(
      'arrows',
      SPECS,
      (bytes) => pieces.push(bytes.slice()),
      (bytes) => {
        seen.push(bytes.length);
        return zstd(bytes);
      },
    );
    seen.length = 0;
    writer.write(someTable(Array.from({ length: 200 }, (_, i) => ({ flow_id: i, capture: 'a.pcap' }))));
    writer.finish();
    const lengths = pieces
      .filter(({ length }) => length === 8)
      .map((piece) => Number(new DataView(piece.buffer).getBigInt64(0, true)));
    // Among pieces of eight bytes are padding and the start of messages too.
    const unpacked = lengths.filter((length) => length > 0 && length < 1e6);
    expect(unpacked.length).toBeGreaterThan(3);
    for (const length of unpacked) expect(seen).toContain(length);
    const codec = compressionRegistry.get(CompressionType.ZSTD);
    compressionRegistry.set(CompressionType.ZSTD, { ...codec, decode: (bytes) => unpackZstd(bytes, 1 << 20).slice() });
    expect(tableFromIPC(pieces).numRows).toBe(200);
  });
});
