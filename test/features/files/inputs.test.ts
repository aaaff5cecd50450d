import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expandInputs, headOf } from '../../../features/files/inputs.ts';
import { ascii } from '../../support/bytes.ts';
import { pcap, sectionHeader } from '../../support/captures.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const files: readonly (readonly [string, Uint8Array])[] = [
    ['b.pcap', pcap([])],
    ['a.pcapng', sectionHeader()],
    ['no-ending', pcap([], { little: false })],
    ['deep/er/z.cap', pcap([])],
    ['deep/y.pcap.gz', Uint8Array.of(0x1f, 0x8b)],
    ['deep/x.pcapng.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
    ['deep/notes.txt', ascii('a,b\n')],
    ['deep/empty.pcap', new Uint8Array(0)],
    ['deep/archive.tar.gz', Uint8Array.of(0x1f, 0x8b)],
    ['none/readme.txt', ascii('nothing here')],
    ['[odd].pcap', pcap([])],
  ];
  for (const [name, bytes] of files) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
});

function expanded(...inputs: readonly string[]): string[] {
  return expandInputs(inputs.map((input) => (input === '-' ? input : join(folder, input)))).map((path) =>
    path === '-' ? path : relative(folder, path),
  );
}

test('a file is itself, whatever is in it', () => {
  expect(expanded('b.pcap', 'deep/notes.txt', 'a.pcapng')).toEqual(['b.pcap', 'deep/notes.txt', 'a.pcapng']);
});

test('a folder is searched for captures, deep down, sorted by name', () => {
  expect(expanded('')).toEqual([
    '[odd].pcap',
    'a.pcapng',
    'b.pcap',
    'deep/er/z.cap',
    'deep/x.pcapng.zst',
    'deep/y.pcap.gz',
    'no-ending',
  ]);
});

test('a glob is every file that matches, sorted by name', () => {
  expect(expanded('*.pcap*')).toEqual(['[odd].pcap', 'a.pcapng', 'b.pcap']);
  expect(expanded('**/*.{cap,gz}')).toEqual(['deep/archive.tar.gz', 'deep/er/z.cap', 'deep/y.pcap.gz']);
});

test('a file whose name reads like a pattern is that file', () => {
  expect(expanded('[odd].pcap')).toEqual(['[odd].pcap']);
});

test('standard input is passed on, and inputs keep their order', () => {
  expect(expanded('b.pcap', '-', 'deep/er')).toEqual(['b.pcap', '-', 'deep/er/z.cap']);
});

test.each([
  ['FILE_NOT_FOUND', 'missing.pcap'],
  ['FILE_UNREADABLE', 'b.pcap/inside'],
  ['NOTHING_FOUND', '*.nothing'],
  ['NOTHING_FOUND', 'none'],
])('%s for %s', (code, input) => {
  expect(() => expanded(input)).toThrow(expect.objectContaining({ name: 'FlowlampError', code }));
});

test('the head of a file is as much as there is, up to 128 bytes', () => {
  expect(headOf(join(folder, 'deep/y.pcap.gz'))).toEqual(Uint8Array.of(0x1f, 0x8b));
  expect(headOf(join(folder, 'b.pcap'))).toHaveLength(24);
  expect(() => headOf(join(folder, 'missing'))).toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
});
