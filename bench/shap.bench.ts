/** Exact Shapley values beside scoring the same rows: `node bench/run.mjs shap`. One thread, distinct rows. */
import { Prng } from '../core/prng.ts';
import { ForestBuilder, Link } from '../models/trees/forest.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { TreeExplainer } from '../models/trees/shap.ts';
import { countCovers } from '../test/oracle/cover.ts';
import { percent, printTable, time } from './harness.ts';

const FEATURES = 80;
const ROWS = 256;

const random = new Prng('rows');
const rows = Float32Array.from({ length: ROWS * FEATURES }, () => (random.chance(0.05) ? Number.NaN : random.normal()));

/** Leaf-wise trees with thresholds where the rows are. */
function makeForest(trees: number, leaves: number) {
  const builder = new ForestBuilder();
  for (let tree = 0; tree < trees; tree++) {
    const open = [builder.addLeaf(0)];
    while (open.length < leaves) {
      const node = open.splice(random.below(open.length), 1)[0]!;
      const children = [builder.addLeaf(random.normal(0, 0.05)), builder.addLeaf(random.normal(0, 0.05))] as const;
      builder.split(node, random.below(FEATURES), Math.fround(random.normal()), random.chance(0.5), ...children);
      open.push(...children);
    }
    builder.endTree(0);
  }
  const head = {
    featureCount: FEATURES,
    classNames: ['no', 'yes'],
    link: Link.Logistic,
    baseValues: new Float32Array(1),
  };
  return countCovers(builder.build(head), rows, ROWS);
}

const table: string[][] = [['forest', 'explain us/row', 'spread', 'score us/row', 'explain / score']];
for (const [trees, leaves] of [
  [50, 15],
  [200, 31],
  [1000, 31],
  [100, 255],
] as const) {
  const forest = makeForest(trees, leaves);
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
