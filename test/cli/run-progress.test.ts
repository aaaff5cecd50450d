import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RunProgress } from '../../cli/run-progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-progress-'));
afterAll(() => rmSync(folder, { recursive: true }));
const files = [1, 1, 2].map((megabytes, i) => {
  const path = join(folder, `${i}.pcap`);
  writeFileSync(path, new Uint8Array(megabytes * 1e6));
  return path;
});

/** Progress of a run that began ten seconds ago. */
function tenSecondsOf(inputs: readonly string[], first = 0): RunProgress {
  let now = 0;
  const progress = new RunProgress(inputs, first, () => now);
  now = 10_000;
  return progress;
}

test('says which input is read, how fast, and how long all of them will still take', () => {
  expect(tenSecondsOf(files).capture(1)(1e6)).toBe(`2/3 ${files[1]}: 1.0 MB, 200 kB/s, about 10 s left`);
});

test('inputs that are done already count for neither', () => {
  expect(tenSecondsOf(files, 1).capture(1)(750_000)).toBe(`2/3 ${files[1]}: 750 kB, 75 kB/s, about 30 s left`);
});

test('nobody knows when a pipe ends', () => {
  expect(tenSecondsOf(['-', ...files]).capture(0)(1e6)).toBe('1/4 -: 1.0 MB, 100 kB/s');
});

test('of tables it counts rows', () => {
  let now = 0;
  const progress = new RunProgress(files, 0, () => now);
  const text = progress.table(2);
  now = 10_000;
  expect(text(2e6, 1234)).toBe(`3/3 ${files[2]}: 1,234 rows, 123 rows/s, about 0 s left`);
});
