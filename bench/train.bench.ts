/**
 * Training against scikit-learn's HistGradientBoostingClassifier on the same data: `node bench/run.mjs train [rows]
 * [features] [classes] [rounds]`. CPU seconds of the whole process, binning included; held-out log loss beside them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Prng } from '../core/prng.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { fitGbdt } from '../train/gbdt/boost.ts';
import { type LabelledMatrix, toRowMajor } from '../train/matrix.ts';
import { printTable } from './harness.ts';

const [rows = 200_000, features = 80, classes = 10, rounds = 100] = process.argv.slice(2).map(Number);
const HELD_OUT = 20_000;

/** Classes differ in the signs of products and in sizes over a few columns; 3 % of the labels are wrong, 3 % missing. */
function makeData(count: number, seed: number): LabelledMatrix {
  const shape = new Prng('shape');
  const weights = Array.from({ length: classes }, () => Array.from({ length: 24 }, () => shape.normal()));
  const random = new Prng(seed);
  const columns = Array.from({ length: features }, () => new Float32Array(count));
  const labels = new Int32Array(count);
  const x = new Float64Array(features);
  for (let row = 0; row < count; row++) {
    for (let f = 0; f < features; f++) x[f] = random.normal();
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      let score = random.normal();
      for (let j = 0; j < 12; j++) score += weights[k]![j]! * x[j % features]!;
      for (let j = 12; j < 24; j++) score += weights[k]![j]! * x[j % features]! * x[(j + 5) % features]!;
      if (score > most) {
        most = score;
        best = k;
      }
    }
    labels[row] = random.chance(0.03) ? random.below(classes) : best;
    // A third of the columns are sizes, a third are small counts, as flow features are.
    for (let f = 0; f < features; f++) {
      const value = f % 3 === 0 ? x[f]! : f % 3 === 1 ? Math.exp(2 * x[f]!) : Math.round(10 * x[f]!);
      columns[f]![row] = random.chance(0.03) ? Number.NaN : value;
    }
  }
  const names = columns.map((_, f) => `f${f}`);
  return { matrix: { rows: count, names, columns }, labels, classNames: weights.map((_, k) => `class ${k}`) };
}

function heldOutLoss(probabilities: Float64Array, labels: Int32Array): number {
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    loss -= Math.log(Math.max(1e-15, probabilities[row * classes + labels[row]!]!));
  }
  return loss / labels.length;
}

const YARDSTICK = `
import sys, time, json, numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
d, n, m, f, rounds = sys.argv[1], *map(int, sys.argv[2:])
x = np.fromfile(d + '/x', np.float32).reshape(n, f); y = np.fromfile(d + '/y', np.int32)
xv = np.fromfile(d + '/xv', np.float32).reshape(m, f); yv = np.fromfile(d + '/yv', np.int32)
c, t = time.process_time(), time.time()
g = HistGradientBoostingClassifier(max_iter=rounds, max_leaf_nodes=31, early_stopping=False, l2_regularization=1.0, min_samples_leaf=20).fit(x, y)
c, t = time.process_time() - c, time.time() - t
p = g.predict_proba(xv)
print(json.dumps({'cpu': c, 'wall': t, 'loss': float(-np.log(np.maximum(1e-15, p[np.arange(m), yv])).mean()), 'accuracy': float((p.argmax(1) == yv).mean())}))
`;

interface Result {
  readonly cpu: number;
  readonly wall: number;
  readonly loss: number;
}

function runOurs(train: LabelledMatrix, held: LabelledMatrix): Result {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { forest } = fitGbdt(train, null, { rounds: rounds!, maxLeaves: 31, l2: 1, minRowsPerLeaf: 20 });
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - start) / 1000;
  const probabilities = new Float64Array(HELD_OUT * classes!);
  new ForestKernel(forest).predict(toRowMajor(held.matrix), HELD_OUT, probabilities);
  return { cpu: (user + system) / 1e6, wall, loss: heldOutLoss(probabilities, held.labels) };
}

function runYardstick(train: LabelledMatrix, held: LabelledMatrix): Result | null {
  const folder = mkdtempSync(join(tmpdir(), 'flowlamp-bench-'));
  try {
    writeFileSync(join(folder, 'x'), toRowMajor(train.matrix));
    writeFileSync(join(folder, 'y'), train.labels);
    writeFileSync(join(folder, 'xv'), toRowMajor(held.matrix));
    writeFileSync(join(folder, 'yv'), held.labels);
    const sizes = [rows, HELD_OUT, features, rounds].map(String);
    // One thread: the trainer here has one, and waiting threads would count as work.
    const env = { ...process.env, OMP_NUM_THREADS: '1' };
    const { status, stdout } = spawnSync('/usr/bin/python3', ['-c', YARDSTICK, folder, ...sizes], { env });
    return status === 0 ? JSON.parse(stdout.toString()) : null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const train = makeData(rows, 1);
const held = makeData(HELD_OUT, 2);
console.log(`${rows} rows x ${features} features x ${classes} classes, ${rounds} rounds, 31 leaves; one thread each`);
const ours = runOurs(train, held);
const theirs = runYardstick(train, held);
const line = (name: string, { cpu, wall, loss }: Result) => [name, cpu.toFixed(2), wall.toFixed(2), loss.toFixed(4)];
printTable([
  ['', 'cpu s', 'wall s', 'held-out log loss'],
  line('flowlamp', ours),
  ...(theirs === null ? [] : [line('scikit-learn', theirs)]),
]);
if (theirs === null) console.log('scikit-learn is not installed: no ratio');
else
  console.log(
    `cpu ratio ${(ours.cpu / theirs.cpu).toFixed(2)}, log loss ratio ${(ours.loss / theirs.loss).toFixed(4)}`,
  );
