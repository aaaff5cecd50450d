import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import { readTar, writeTar } from '../../models/tar.ts';

const files = new Map([
  ['card.json', new TextEncoder().encode('{}\n')],
  ['model.onnx', Uint8Array.from({ length: 1024 }, (_, i) => i)],
  ['empty', new Uint8Array(0)],
]);
const archive = writeTar(files);
const hasTar = spawnSync('tar', ['--version']).status === 0;

test('archives read back as they were, and equal files make equal archives', () => {
  expect(readTar(archive)).toEqual(files);
  expect(writeTar(files)).toEqual(archive);
});

test.skipIf(!hasTar)('tar reads them (skipped without tar)', () => {
  const { stdout, status } = spawnSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout.split('\n').map((line) => line.split(/\s+/).slice(2).at(-1) ?? '')).toEqual([...files.keys(), '']);
});

test.skipIf(!hasTar)('those that tar makes of a folder are read (skipped without tar)', () => {
  const { stdout } = spawnSync('tar', ['-cf', '-', '--format=ustar', './test/models/tar.test.ts']);
  expect([...readTar(stdout).keys()]).toEqual(['tar.test.ts']);
});

/** The archive with a header's bytes changed and its checksum made right. */
function patched(at: number, bytes: Uint8Array): Uint8Array {
  const out = archive.slice();
  out.set(bytes, at);
  const sum = out.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  out.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return out;
}
const text = (words: string) => new TextEncoder().encode(words);

test.each<[string, Uint8Array, string]>([
  ['a link', patched(156, text('2')), 'no plain file'],
  ['a device', patched(156, text('3')), 'no plain file'],
  ['a name that leads out', patched(0, text('../../..\0\0')), 'no plain file'],
  ['a name of two files', patched(0, text('model.onnx')), 'twice'],
  ['a size beyond the end', patched(124, text('77777777777')), 'cut off'],
  ['a size that is no number', patched(124, text('x')), 'no number'],
  ['a header that was changed', (() => archive.with(0, 120))(), 'damaged'],
  ['half of it', archive.subarray(0, 1100), 'cut off'],
  ['the first file alone', archive.subarray(0, 1024), 'cut off'],
  ['nothing', new Uint8Array(0), 'cut off'],
  ['an end and nothing before it', new Uint8Array(1024), 'no file'],
  ['something else', text('PK\u0003\u0004'.repeat(400)), 'expected'],
])('%s is refused', (_, bytes, message) => {
  expect(() => readTar(bytes)).toThrow(message);
  expect(() => readTar(bytes)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
});

test('whatever bytes change, an archive is read or refused', () => {
  const random = new Prng(3);
  for (let round = 0; round < 2000; round++) {
    const file = archive.slice();
    for (let i = random.integer(1, 5); i > 0; i--) file[random.below(file.length)] = random.below(256);
    try {
      readTar(file);
    } catch (error) {
      if (!(error instanceof FlowlampError)) throw error;
    }
  }
});
