/** Exact Shapley values beside scoring the same rows: `node bench/run.mjs shap`. One thread, distinct rows. */
import { Prng } from '../core/prng.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { TreeExplainer } from '../models/trees/shap.ts';
import { countCovers } from '../test/oracle/cover.ts';
import { makeForest } from './forests.ts';
import { percent, printTable, time } from './harness.ts';

const FEATURES = 80;
const ROWS = 256;

const random = new Prng('rows');
const rows = Float32Array.from({ length: ROWS * FEATURES }, () => (random.chance(0.05) ? Number.NaN : random.normal()));

const table: string[][] = [['forest', 'explain us/row', 'spread', 'score us/row', 'explain / score']];
for (const [trees, leaves] of [
  [50, 15],
  [200, 31],
  [1000, 31],
  [100, 255],
] as const) {
  const forest = countCovers(makeForest(random, FEATURES, trees, leaves), rows, ROWS);
  const explainer = new TreeExplainer(forest);
  const kernel = new ForestKernel(forest);
  const values = new Float64Array(ROWS * FEATURES);
  const probabilities = new Float32Array(ROWS * 2);
  const explained = await time(() => explainer.explain(rows, ROWS, values), { runs: 7 });
  const scored = await time(() => kernel.predict(rows, ROWS, probabilities), { runs: 7 });
  const perRow = (ms: number) => ((ms * 1000) / ROWS).toFixed(1);
  table.push([
    `${trees} x ${leaves}`,
    perRow(explained.median),
    percent(explained.spread),
    perRow(scored.median),
    (explained.median / scored.median).toFixed(0),
  ]);
}
console.log(`${FEATURES} features; median of 7 runs of ${ROWS} rows`);
printTable(table);
