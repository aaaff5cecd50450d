/** Damaged gzip and zstd: what can be unpacked is read, the rest is told of, and nothing throws or hangs. */
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import { extractCapture } from '../../features/extract.ts';
import { temporaryFolder } from '../cli/run.ts';
import { concat, fields } from '../support/bytes.ts';
import { loadCorpus } from './corpus.ts';
import { mutate } from './mutate.ts';
import { RowCheck } from './row-check.ts';

const INPUTS = 150;
const folder = temporaryFolder();
afterAll(() => folder.remove());
const corpus = loadCorpus([fileURLToPath(new URL('../../datasets/samples', import.meta.url))]);

/** One zstd frame (RFC 8878 3.1.1): a 4-byte content size, raw blocks, and now and then a run-length block. */
function zstd(content: Uint8Array, random: Prng): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < content.length; ) {
    const size = Math.min(content.length - at, random.integer(1, 20_000));
    const isLast = at + size === content.length ? 1 : 0;
    const header = (size << 3) | isLast;
    blocks.push(Uint8Array.of(header, header >> 8, header >> 16), content.subarray(at, at + size));
    if (isLast === 0 && random.chance(0.1)) blocks.push(Uint8Array.of(0x82, 0, 0, 0));
    at += size;
  }
  return concat(fields(true, [0xfd2fb528, 4], [0xa0, 1], [content.length, 4]), ...blocks);
}

test.each(['gzip', 'zstd'])('%s', async (packing) => {
  const random = new Prng(`packed ${packing}`);
  const room = new Uint8Array(80_000);
  for (let input = 0; input < INPUTS; input++) {
    const { bytes } = random.pick(corpus);
    const packed = packing === 'gzip' ? gzipSync(bytes) : zstd(bytes, random);
    room.set(packed);
    const length = mutate(room, packed.length, random.pick(corpus).bytes, random);
    const path = folder.at(`${packing}-${input}`);
    writeFileSync(path, room.subarray(0, length));
    const check = new RowCheck();
    try {
      const { counters, capture } = await extractCapture(path, (batch) => check.batch(batch));
      expect([check.packets, counters.frames], `input ${input}`).toEqual([counters.packets, capture.frames]);
    } catch (error) {
      expect(error, `input ${input}`).toBeInstanceOf(FlowlampError);
      expect(['NOT_A_CAPTURE', 'FILE_EMPTY'], `input ${input}`).toContain((error as FlowlampError).code);
    }
    rmSync(path);
  }
});
