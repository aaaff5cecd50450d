import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Checkpoint } from '../../train/checkpoint.ts';
import { trainingFingerprint } from '../../train/fingerprint.ts';
import { rings } from './data.ts';

let base = '';
let news: string[] = [];
const at = () => join(base, 'model.checkpoint');
const told = {
  onResume: (entries: number) => news.push(`resumes ${entries}`),
  onTrouble: (why: string) => news.push(why),
};
const open = (fingerprint = 'one') => new Checkpoint(at(), fingerprint, told);
const bytes = (...values: number[]) => Uint8Array.from(values);

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'flowlamp-checkpoint-'));
  news = [];
});
afterEach(() => rmSync(base, { recursive: true }));

function noteSome(): void {
  const journal = open().journal('fold-1');
  expect(journal.entries).toEqual([]);
  for (const entry of [bytes(1, 2), bytes(), bytes(3)]) journal.note(entry);
}

test('what was noted is there for the next run, which notes on behind it', () => {
  noteSome();
  const journal = open().journal('fold-1');
  expect(journal.entries).toEqual([bytes(1, 2), bytes(), bytes(3)]);
  journal.note(bytes(9));
  expect(open().journal('fold-1').entries).toHaveLength(4);
  expect(open().journal('fold-2').entries).toEqual([]);
  expect(news).toEqual(['resumes 3', 'resumes 4', 'resumes 4']);
});

test.each([
  ['an entry that was cut off', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -1)), 2],
  ['a header that was cut off', (file: string) => appendFileSync(file, bytes(4, 0)), 3],
  [
    'an altered entry',
    (file: string) =>
      writeFileSync(
        file,
        readFileSync(file).map((b, i) => (i === 17 ? 7 : b)),
      ),
    0,
  ],
  ['entries of two runs at once', (file: string) => appendFileSync(file, readFileSync(file)), 3],
])('%s is forgotten, and written over', (_, damage, left) => {
  noteSome();
  damage(join(at(), 'fold-1.journal'));
  const journal = open().journal('fold-1');
  expect(journal.entries).toHaveLength(left);
  journal.note(bytes(8));
  expect(open().journal('fold-1').entries).toHaveLength(left + 1);
});

test('what was noted of other data or options is thrown away', () => {
  noteSome();
  expect(open('two').journal('fold-1').entries).toEqual([]);
  expect(news).toEqual([]);
  const data = rings(1, 20, 2);
  const rows = { data, groups: new Int32Array(20), groupNames: ['a'], captures: [], protocols: [], ports: data.labels };
  const changed = {
    ...rows,
    data: { ...data, labels: data.labels.map((label, row) => (row === 0 ? 1 - label : label)) },
  };
  const hashes = [
    trainingFingerprint(rows as never, { seed: 1 }),
    trainingFingerprint(rows as never, { seed: 2 }),
    trainingFingerprint(changed as never, { seed: 1 }),
  ];
  expect(new Set(hashes).size).toBe(3);
  expect(trainingFingerprint(rows as never, { seed: 1 })).toBe(hashes[0]);
});

test('once removed nothing is left', () => {
  const checkpoint = open();
  checkpoint.journal('fold-1').note(bytes(1));
  checkpoint.remove();
  expect(readdirSync(base)).toEqual([]);
});

test('a folder of somebody else is left alone, and so is training', () => {
  mkdirSync(at());
  writeFileSync(join(at(), 'thesis.txt'), 'mine');
  const checkpoint = open();
  checkpoint.journal('fold-1').note(bytes(1));
  checkpoint.remove();
  expect(news).toEqual([`no checkpoint is kept in ${at()} (it holds thesis.txt, which is no part of one)`]);
  expect(readdirSync(at())).toEqual(['thesis.txt']);
});

test('a place that cannot be written to is said once', () => {
  writeFileSync(at(), '');
  const checkpoint = open();
  for (const name of ['a', 'b']) checkpoint.journal(name).note(bytes(1));
  checkpoint.remove();
  expect(news).toEqual([expect.stringMatching(/^no checkpoint is kept in .* \(EEXIST\)$/)]);
  expect(existsSync(at())).toBe(true);
});
