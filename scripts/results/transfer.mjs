/** What the baselines of every report make of a test table, having learnt from the training table alone. */
import { readTable } from '../../dist/features/files/table-reader.js';
import { ForestKernel } from '../../dist/models/trees/kernel.js';
import { runBaselines } from '../../dist/train/baselines/run.js';
import { GBDT } from '../../dist/train/gbdt/learner.js';
import { LabelledRows } from '../../dist/train/labelled-rows.js';
import { takeRows } from '../../dist/train/matrix.js';
import { measure } from '../../dist/train/metrics.js';

/** @returns macro-F1 of each; null where the tables lack what it reads */
export async function transferredBaselines(trainPath, testPath, card) {
  const answers = await baselineAnswers([trainPath], [testPath], card);
  return Object.fromEntries(answers.map(({ name, metrics }) => [name, metrics === null ? null : metrics.macroF1]));
}

/** Two folds, one of them the test tables: what is asked about them was learnt from the others. */
export async function baselineAnswers(trainPaths, testPaths, card) {
  const { rows, learnt } = await collectRows(trainPaths, testPaths, card);
  const folds = rows.data.labels.map((_, row) => (row < learnt ? 1 : 0));
  const { labels, classNames } = rows.data;
  const answers = await runBaselines(rows, { folds, foldCount: 2 }, card.learner.seed);
  const port = { name: 'portOnly', rows: labels.map((_, row) => row), probabilities: await byPort(rows, learnt) };
  return answers.map((answer) => {
    const { name, rows: asked, probabilities } = answer.name === port.name ? port : answer;
    const tested = asked.filter((row) => row >= learnt);
    if (tested.length === 0) return { name, metrics: null };
    const own = new Float32Array(tested.length * classNames.length);
    tested.forEach((row, i) => {
      const from = row * classNames.length;
      own.set(probabilities.subarray(from, from + classNames.length), i * classNames.length);
    });
    const truth = tested.map((row) => labels[row]);
    return { name, metrics: measure(own, truth, classNames) };
  });
}

/** In reports the port's trees stop where the held-out fold says. That is the test here, so they have a fixed number. */
async function byPort({ data, ports }, learnt) {
  const only = { ...data, matrix: { rows: data.matrix.rows, names: ['dst_port'], columns: [ports] } };
  const train = takeRows(
    only,
    Array.from({ length: learnt }, (_, row) => row),
  );
  const { forest } = await GBDT.fit(train, null, { ...GBDT.defaults, rounds: PORT_ROUNDS, patience: 0 });
  const out = new Float32Array(ports.length * data.classNames.length);
  new ForestKernel(forest).predict(ports, ports.length, out);
  return out;
}

const PORT_ROUNDS = 20;

/** The rows of tables as a model of this card takes them; `learnt` of them are of the first tables. */
export async function collectRows(trainPaths, testPaths, card) {
  const collected = new LabelledRows(card.inputs, card.target, 'capture', card.scope, card.labels);
  for (const path of trainPaths) await collect(collected, path);
  const learnt = collected.rows;
  for (const path of testPaths) await collect(collected, path);
  return { rows: collected.finish(), learnt };
}

async function collect(collected, path) {
  await readTable(path, 'arrow', (batch, specs) => collected.add(path, specs, batch));
}
