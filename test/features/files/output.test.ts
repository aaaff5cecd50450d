import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { Output, removeUnfinished, writeTextFile } from '../../../features/files/output.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-output-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An empty folder of its own for each test. */
function fresh(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test('a file appears when it is finished, whole', () => {
  const home = fresh('finished');
  const path = join(home, 'out.csv');
  const output = new Output(path);
  output.writeText('ünï');
  output.write(new Uint8Array(3_000_000).fill(0x61));
  output.flush();
  expect(existsSync(path)).toBe(false);
  output.writeText('end');
  output.finish();
  expect(readFileSync(path, 'utf8')).toBe(`ünï${'a'.repeat(3_000_000)}end`);
  expect(readdirSync(home)).toEqual(['out.csv']);
});

test('an abandoned file leaves nothing behind, and what was there before untouched', () => {
  const home = fresh('abandoned');
  const path = join(home, 'out.csv');
  writeFileSync(path, 'before');
  const output = new Output(path);
  output.writeText('after');
  output.flush();
  output.abandon();
  output.abandon();
  expect(readdirSync(home)).toEqual(['out.csv']);
  expect(readFileSync(path, 'utf8')).toBe('before');
});

test('a finished file replaces what was there before; abandoning it then does nothing', () => {
  const path = join(fresh('replaced'), 'out.csv');
  writeFileSync(path, 'before');
  const output = new Output(path);
  output.writeText('after');
  output.finish();
  output.abandon();
  expect(readFileSync(path, 'utf8')).toBe('after');
});

test('a text is written as a whole', () => {
  const home = fresh('text');
  writeTextFile(join(home, 'note.json'), '{"naïve":1}\n');
  expect(readFileSync(join(home, 'note.json'), 'utf8')).toBe('{"naïve":1}\n');
  expect(readdirSync(home)).toEqual(['note.json']);
});

test('a text whose writing fails leaves nothing behind, and what was there before untouched', () => {
  const home = fresh('text-failed');
  writeFileSync(join(home, 'note.json'), 'before');
  const broken = vi.spyOn(Output.prototype, 'finish').mockImplementation(() => {
    throw new Error('stopped');
  });
  try {
    expect(() => writeTextFile(join(home, 'note.json'), 'after')).toThrow('stopped');
  } finally {
    broken.mockRestore();
  }
  expect(readdirSync(home)).toEqual(['note.json']);
  expect(readFileSync(join(home, 'note.json'), 'utf8')).toBe('before');
});

test('a stopped process removes what it had not finished', () => {
  const home = fresh('stopped');
  const output = new Output(join(home, 'out.csv'));
  expect(readdirSync(home)).toHaveLength(1);
  removeUnfinished();
  expect(readdirSync(home)).toEqual([]);
  output.abandon();
});

test('a path in a folder that does not exist is OUTPUT_UNWRITABLE', () => {
  expect(() => new Output(join(folder, 'missing', 'out.csv'))).toThrow(
    expect.objectContaining({ code: 'OUTPUT_UNWRITABLE', happened: expect.stringContaining('out.csv') }),
  );
});

test('a path that is a folder is OUTPUT_UNWRITABLE and leaves nothing beside it', () => {
  const home = fresh('occupied');
  mkdirSync(join(home, 'out.csv'));
  const output = new Output(join(home, 'out.csv'));
  expect(() => output.finish()).toThrow(expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }));
  expect(readdirSync(home)).toEqual(['out.csv']);
});

test('a device is written to directly', () => {
  const output = new Output('/dev/null');
  output.writeText('nowhere');
  output.finish();
  expect(readdirSync('/dev').filter((name) => name.includes('null.'))).toEqual([]);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is OUTPUT_UNWRITABLE', () => {
  const output = new Output('/dev/full');
  output.writeText('nowhere');
  expect(() => output.finish()).toThrow(expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }));
  output.abandon();
});
