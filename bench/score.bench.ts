/** The packed kernel against onnxruntime-node on equal bytes: `node bench/run.mjs score`. One thread, distinct rows. */
import { Prng } from '../core/prng.ts';
import { encodeForest } from '../models/onnx/tree-ensemble.ts';
import { createSession } from '../models/session.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { makeForest } from './forests.ts';
import { percent, printTable, time } from './harness.ts';

const FEATURES = 80;
/** Rows to cycle through, so that the branch predictor of the yardstick meets no row twice in a run. */
const POOL = 16_384;
const ROWS_PER_RUN = 4096;

const random = new Prng('rows');
const rows = Float32Array.from({ length: POOL * FEATURES }, () => (random.chance(0.05) ? Number.NaN : random.normal()));
const table: string[][] = [['forest', 'batch', 'kernel us/row', 'spread', 'ORT us/row', 'spread', 'ORT / kernel']];
for (const [trees, leaves] of [
  [1000, 31],
  [50, 15],
] as const) {
  const forest = makeForest(new Prng('forest'), FEATURES, trees, leaves);
  const kernel = new ForestKernel(forest);
  const session = await createSession(encodeForest(forest, { producer: 'bench' }));
  for (const batch of [1, 256, 4096]) {
    const batches = ROWS_PER_RUN / batch;
    const out = new Float32Array(batch * 2);
    let at = 0;
    const next = () => {
      at = (at + batch) % POOL;
      return rows.subarray(at * FEATURES, (at + batch) * FEATURES);
    };
    const ours = await time(() => {
      for (let i = 0; i < batches; i++) kernel.predict(next(), batch, out);
    });
    const theirs = await time(async () => {
      for (let i = 0; i < batches; i++) await session.predict(next(), batch);
    });
    const perRow = (ms: number) => ((ms * 1000) / ROWS_PER_RUN).toFixed(2);
    table.push([
      `${trees} x ${leaves}`,
      String(batch),
      perRow(ours.median),
      percent(ours.spread),
      perRow(theirs.median),
      percent(theirs.spread),
      (theirs.median / ours.median).toFixed(2),
    ]);
  }
  await session.release();
}
console.log(`${FEATURES} features; median of 15 runs of ${ROWS_PER_RUN} rows`);
printTable(table);
