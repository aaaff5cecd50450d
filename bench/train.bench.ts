/**
 * Training beside scikit-learn's HistGradientBoostingClassifier and XGBoost's hist on the same data, turn about:
 *
 *     node bench/run.mjs train [rows] [features] [classes] [rounds] [--runs N] [--threads 1,2] [--alone]
 *
 * CPU seconds of the whole process, binning included, and of its busiest thread, which on free cores would be nearly the
 * time it takes; held-out log loss beside them. `--alone` leaves the others out, for
 * a look at memory.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Prng } from '../core/prng.ts';
import { ForestKernel } from '../models/trees/kernel.ts';
import { fitGbdt } from '../train/gbdt/boost.ts';
import { type LabelledMatrix, toRowMajor } from '../train/matrix.ts';
import { median } from './extract-process.ts';
import { printTable } from './harness.ts';
import { type TrainingRun, YARDSTICKS, YardstickData } from './train-yardsticks.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1,2' },
    alone: { type: 'boolean', default: false },
  },
});
const [rows = 200_000, features = 80, classes = 10, rounds = 100] = positionals.map(Number);
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

/** CPU seconds of each thread of this process by its id (Linux; fields 14 and 15 of stat in proc(5)). */
function secondsByThread(): Map<string, number> {
  if (process.platform !== 'linux') return new Map();
  const seconds = (id: string) => {
    const fields = readFileSync(`/proc/self/task/${id}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  };
  return new Map(readdirSync('/proc/self/task').map((id) => [id, seconds(id)]));
}

const TICKS_PER_SECOND = 100;

async function runOurs(threads: number): Promise<TrainingRun> {
  const cpu = process.cpuUsage();
  const before = secondsByThread();
  let after = before;
  const start = performance.now();
  const options = { rounds: rounds!, maxLeaves: 31, l2: 1, minRowsPerLeaf: 20, threads };
  const { forest } = await fitGbdt(train, null, options, () => {
    after = secondsByThread();
  });
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - start) / 1000;
  const busiest = Math.max(0, ...[...after].map(([id, seconds]) => seconds - (before.get(id) ?? 0)));
  const probabilities = new Float64Array(HELD_OUT * classes!);
  new ForestKernel(forest).predict(heldRows, HELD_OUT, probabilities);
  return { cpu: (user + system) / 1e6, busiest, wall, loss: heldOutLoss(probabilities, held.labels) };
}

const train = makeData(rows, 1);
const held = makeData(HELD_OUT, 2);
const heldRows = toRowMajor(held.matrix);
const counts = flags.threads.split(',').map(Number);
const data = flags.alone ? null : new YardstickData(train, held);
const trainers = new Map<string, () => TrainingRun | null | Promise<TrainingRun>>([
  ...counts.map((count) => [`flowlamp, ${count} thread${count > 1 ? 's' : ''}`, () => runOurs(count)] as const),
  ...(data === null ? [] : YARDSTICKS.map((name) => [name, () => data.run(name, rounds)] as const)),
]);
const first = [...trainers.keys()][0]!;
const results = new Map<string, TrainingRun[]>([...trainers.keys()].map((name) => [name, []]));
for (let run = 0; run < Number(flags.runs); run++) {
  for (const [name, work] of trainers) {
    const result = await work();
    if (result !== null) results.get(name)!.push(result);
    console.error(
      `run ${run + 1}: ${name} ${result === null ? 'not installed' : `${result.cpu.toFixed(2)} s of CPU, ${result.wall.toFixed(2)} s, loss ${result.loss.toFixed(4)}`}`,
    );
  }
}
data?.remove();

/** Median and extremes. */
function spread(values: readonly number[]): string {
  if (values.length < 2) return values.map((value) => value.toFixed(2)).join();
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)})`;
}

console.log(
  `${rows} rows x ${features} features x ${classes} classes, ${rounds} rounds, 31 leaves; ${flags.runs} runs, turn about`,
);
const ours = results.get(first)!;
printTable([
  ['', 'cpu s', 'of its busiest thread', 'wall s', 'log loss', `cpu of ${first} / this`],
  ...[...results]
    .filter(([, runs]) => runs.length > 0)
    .map(([name, runs]) => [
      name,
      spread(runs.map(({ cpu }) => cpu)),
      spread(runs.map(({ cpu, busiest = cpu }) => busiest)),
      spread(runs.map(({ wall }) => wall)),
      runs[0]!.loss.toFixed(4),
      spread(runs.map(({ cpu }, run) => ours[run]!.cpu / cpu)),
    ]),
]);
for (const [name, runs] of results) if (runs.length === 0) console.log(`${name} is not installed`);
console.log(`peak memory of this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
