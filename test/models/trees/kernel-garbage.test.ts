/**
 * The kernel makes no garbage. A process of its own, which nothing else allocates in, runs what `npm run build` made, with
 * so much room for new objects that the collector has no reason to come before all rows are scored: what the heap has grown
 * by is what they allocated.
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const DIST = new URL('../../../dist/', import.meta.url).href;
const ROWS = 250_000;
/** What compiling better may cost; one object for each row would be 3 MB or more. */
const MOST_BYTES = 1_000_000;
const ROOM = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

const SCRIPT = `
  const { loadModelFolder } = await import('${DIST}models/folder.js');
  const { tryForest } = await import('${DIST}models/predictor.js');
  const { ForestKernel } = await import('${DIST}models/trees/kernel.js');
  const [, method, size] = process.argv;
  const batch = Number(size);
  const { onnx } = loadModelFolder('mining');
  const kernel = new ForestKernel(tryForest(onnx), method);
  const rows = Float32Array.from({ length: batch * kernel.featureCount }, (_, i) => (i * 7919) % 1000);
  const out = new Float32Array(batch * kernel.classCount);
  const run = (count) => {
    for (let done = 0; done < count; done += batch) kernel.predict(rows, batch, out);
  };
  run(20_000); // compiled by then
  const before = process.memoryUsage().heapUsed;
  run(${ROWS});
  console.log(process.memoryUsage().heapUsed - before);
`;

test.each([
  ['simd', 256],
  ['simd', 1],
  ['walk', 256],
  ['walk', 1],
])('rows by %s in batches of %i', (method, batch) => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...ROOM, '--input-type=module', '-e', SCRIPT, '--', method, String(batch)],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^-?\d+\n$/);
  expect(Math.abs(Number(stdout))).toBeLessThan(MOST_BYTES);
});
