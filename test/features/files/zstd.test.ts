import { decompress } from 'fzstd';
import { expect, test } from 'vitest';
import { loadZstd } from '../../../features/files/zstd.ts';

test('compresses what zstd readers read', async () => {
  const zstd = await loadZstd();
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
  const packed = zstd(bytes);
  expect(packed.length).toBeLessThan(bytes.length / 10);
  expect(decompress(packed)).toEqual(bytes);
});

test.each([
  ['is not installed', () => Promise.reject(new Error("Cannot find package '@hpcc-js/wasm-zstd'"))],
  ['does not load', async () => ({ Zstd: { load: () => Promise.reject(new Error('no WebAssembly')) } })],
])('a package that %s is UNSUPPORTED, with what to install', async (_, load) => {
  await expect(loadZstd(load)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    expected: expect.stringContaining('@hpcc-js/wasm-zstd'),
    action: expect.stringContaining('leave out --compress'),
  });
});
