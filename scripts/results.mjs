/**
 * Measures what docs/results.md shows, on real captures with labels, and prints its tables:
 * `node scripts/results.mjs [--data FOLDER] [--work FOLDER] [--only quic,apps,mining,lab,verdict] [--choose]`.
 * Every figure is of the program's own commands, which are said on standard error. What is in the work folder already
 * is not made again, so a run that was stopped goes on. `--choose` also measures the options that were not taken.
 * Reads dist/, so build first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MODEL_INPUTS } from '../dist/index.js';
import { labResults } from './results/lab.mjs';
import { miningResults } from './results/mining.mjs';
import { interval, print, score } from './results/text.mjs';
import { transferredBaselines } from './results/transfer.mjs';
import { verdictResults } from './results/verdict.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: given } = parseArgs({
  options: {
    data: { type: 'string', default: join(root, '../shared/data/labelled') },
    work: { type: 'string' },
    only: { type: 'string', default: 'quic,apps,mining,lab,verdict' },
    choose: { type: 'boolean', default: false },
  },
});
const data = resolve(given.data);
const work = given.work === undefined ? mkdtempSync(join(tmpdir(), 'flowlamp-results-')) : resolve(given.work);
if (!existsSync(data)) {
  console.error(`results: there is no ${given.data}: the captures are not part of the repository`);
  process.exit(2);
}
mkdirSync(work, { recursive: true });
const begin = Date.now();
const MANIFESTS = join(root, 'test/datasets/manifests');
/** Nothing here takes longer than ten minutes on two cores that other work shares; what does hangs. */
const MOST_MS = 30 * 60e3;

/** What `--choose` compares, by cross-validation within the training side. */
const CANDIDATES = {
  'as they come': [],
  '15 leaves': ['--leaves', '15'],
  '63 leaves': ['--leaves', '63'],
  'rate 0.05': ['--learning-rate', '0.05'],
  'each tree may cut a fifth of the inputs': ['--feature-fraction', '0.2'],
};
/** The candidate of the least log loss by hour. */
const CHOSEN = ['--feature-fraction', '0.2'];
const ALL_LENGTHS = ['--min-payload-packets', '1'];
const RESULT_HEADS = [
  'split',
  'learnt from: n (groups)',
  'judged on: n (groups)',
  'macro-F1',
  'accuracy',
  'macro-F1, cross-validated in training',
  'majority',
  'port',
  'logistic regression',
  'k-NN',
];

const parts = {
  quic: quicResults,
  apps: appResults,
  mining: () => miningResults(tools()),
  lab: () => labResults(tools()),
  verdict: () => verdictResults(tools()),
};
for (const part of given.only.split(',')) await parts[part]();
console.error(`results: ${minutes()} in all; everything is in ${work}`);

function tools() {
  return { data, work, at, flowlamp, build, train, evaluate, say };
}

async function quicResults() {
  const all = build('quic', join(MANIFESTS, 'quic-apps.yaml'));
  split('quic-flow', all, ['--by', 'row', '--i-know']);
  split('quic-hour', all, ['--by', 'capture']);
  const later = laterHours();
  for (const side of ['train', 'test']) {
    mkdirSync(at('quic-later'), { recursive: true });
    build(`quic-later/${side}`, later, ['--role', side]);
  }
  if (given.choose) chooseOptions();
  const rows = [];
  for (const [name, text, group] of [
    ['quic-flow', 'by flow', 'flow_id'],
    ['quic-hour', 'by hour', 'capture'],
    ['quic-later', 'later hours', 'capture'],
  ]) {
    const grouped = ['--group-by', group];
    const learnt = at(`${name}/train.arrow`);
    const judged = at(`${name}/test.arrow`);
    const plain = train(`${name}-plain`, [learnt], [...ALL_LENGTHS, ...grouped]);
    const baselines = await transferredBaselines(learnt, judged, plain.card);
    rows.push(
      resultRow(`${text}, options as they come`, plain, evaluate(`${name}-plain`, [judged], grouped), baselines),
    );
    const chosen = train(name, [learnt], [...ALL_LENGTHS, ...CHOSEN, ...grouped]);
    const report = evaluate(name, [judged], grouped);
    rows.push(resultRow(`${text}, chosen options`, chosen, report, baselines));
    if (name === 'quic-hour') printClasses(report, 'by hour, chosen options');
  }
  print('quic-apps: five classes', RESULT_HEADS, rows);
  print(
    'quic-apps, by hour, with less to go by (options as they come)',
    ['inputs', 'n of inputs', 'macro-F1', 'accuracy'],
    narrowed(),
  );
  firstPackets();
}

/** The same hours, of inputs that say less about how a capture was made, or of one kind. */
function narrowed() {
  const unmarked = MODEL_INPUTS.filter(({ leaks }) => leaks === '');
  const timeless = /_us$|gap|iat|period|minute|burst|active|idle|latency|duration|hurst/;
  const sets = {
    all: MODEL_INPUTS,
    'none that docs/features.md marks as possibly leaking': unmarked,
    'and no times': unmarked.filter(({ name }) => !timeless.test(name)),
    'times only': MODEL_INPUTS.filter(({ name }) => timeless.test(name)),
    'without first payload bytes': MODEL_INPUTS.filter(({ group }) => group !== 'payload'),
  };
  return Object.entries(sets).map(([text, inputs], i) => {
    const names = inputs.map(({ name }) => name).join(',');
    train(`quic-narrow-${i}`, [at('quic-hour/train.arrow')], [...ALL_LENGTHS, '--inputs', names]);
    const { metrics, assessment } = evaluate(`quic-narrow-${i}`, [at('quic-hour/test.arrow')]);
    return [text, inputs.length, interval(metrics.macroF1, assessment.intervals.macroF1), score(metrics.accuracy)];
  });
}

/** What the published classifier of the first ten packets sees, and what others see. */
function firstPackets() {
  const rows = [5, 10, 20, 30].map((packets) => {
    const name = `quic-first-${packets}`;
    mkdirSync(at(name), { recursive: true });
    const prefix = build(`${name}/all`, join(MANIFESTS, 'quic-apps.yaml'), ['--emit', `prefix:${packets}`]);
    split(name, prefix, ['--by', 'capture']);
    train(name, [at(`${name}/train.arrow`)], ALL_LENGTHS);
    const { metrics, assessment } = evaluate(name, [at(`${name}/test.arrow`)]);
    const { macroF1, accuracy } = assessment.intervals;
    return [packets, metrics.rows, interval(metrics.macroF1, macroF1), interval(metrics.accuracy, accuracy)];
  });
  print(
    'quic-apps by hour, of the first packets only (options as they come)',
    ['packets', 'n', 'macro-F1', 'accuracy'],
    rows,
  );
}

/** Of each class the last fifth of the flows, in whole hours, is what is judged. */
function laterHours() {
  const path = at('quic-later.json');
  const captures = readdirSync(join(data, 'quic-apps')).flatMap((label) => {
    const files = readdirSync(join(data, 'quic-apps', label)).sort();
    const from = Math.ceil(files.length * 0.8);
    return files.map((file, i) => ({ file: `${label}/${file}`, label, role: i < from ? 'train' : 'test' }));
  });
  writeFileSync(path, JSON.stringify({ version: 1, root: join(data, 'quic-apps'), captures }));
  return path;
}

function chooseOptions() {
  for (const [name, group] of [
    ['quic-flow', 'flow_id'],
    ['quic-hour', 'capture'],
  ]) {
    const rows = Object.entries(CANDIDATES).map(([text, flags], i) => {
      const table = [at(`${name}/train.arrow`)];
      const model = train(`${name}-choice-${i}`, table, [...ALL_LENGTHS, '--group-by', group, ...flags]);
      const { macroF1, logLoss } = model.held;
      return [text, score(macroF1), logLoss.toFixed(4)];
    });
    print(`${name}: options, cross-validated within the training side`, ['options', 'macro-F1', 'log loss'], rows);
  }
}

/** The apps that were recorded on two versions of Android: learnt on one, judged on the other. */
async function appResults() {
  const APPS = ['cp', 'mujvlak', 'reddit'];
  const sides = { 7.1: ['ma3/android71', 'android71_'], 9: ['ma3/android9', ''] };
  for (const [version, [folder, prefix]] of Object.entries(sides)) {
    const captures = APPS.map((label) => ({ glob: `${folder}/${prefix}${label}_cache*.pcap`, label }));
    const manifest = { version: 1, root: join(data, 'mobile-apps'), captures };
    const path = at(`apps-${version}.json`);
    writeFileSync(path, JSON.stringify(manifest));
    build(`apps-${version}`, path);
  }
  const rows = [];
  for (const least of [5, 1]) {
    for (const [from, to] of [
      ['7.1', '9'],
      ['9', '7.1'],
    ]) {
      const name = `apps-${from}-to-${to}-${least}`;
      const model = train(name, [at(`apps-${from}.arrow`)], ['--min-payload-packets', String(least)]);
      const report = evaluate(name, [at(`apps-${to}.arrow`)]);
      const baselines = await transferredBaselines(at(`apps-${from}.arrow`), at(`apps-${to}.arrow`), model.card);
      const text = `Android ${from} to ${to}, ${least} packets with payload or more`;
      rows.push(resultRow(text, model, report, baselines));
      printClasses(report, text);
    }
  }
  print('mobile-apps: three apps on two versions of Android', RESULT_HEADS, rows);
}

function resultRow(text, { card, held }, { metrics, groups, assessment }, baselines) {
  return [
    text,
    `${card.training.rows} (${card.training.groups})`,
    `${metrics.rows} (${groups})`,
    interval(metrics.macroF1, assessment.intervals.macroF1),
    interval(metrics.accuracy, assessment.intervals.accuracy),
    score(held?.macroF1),
    ...['majority', 'portOnly', 'logistic', 'neighbours'].map((name) => score(baselines[name])),
  ];
}

function printClasses({ metrics, model, verdicts }, text = model) {
  const heads = ['class', 'n', 'precision', 'recall', 'F1', 'verdict given', 'of these right'];
  const rows = metrics.classes.map(({ name, support, precision, recall, f1 }) => {
    const given = verdicts.find(({ label }) => label === name);
    return [name, support, score(precision), score(recall), score(f1), given.claimed, score(given.precision)];
  });
  print(`${text}: classes`, heads, rows);
}

function build(name, manifest, flags = []) {
  const path = at(`${name}.arrow`);
  if (!existsSync(path)) flowlamp('dataset', 'build', manifest, '-o', path, ...flags);
  return path;
}

function split(name, path, flags) {
  if (!existsSync(at(`${name}/split.json`))) flowlamp('dataset', 'split', path, ...flags, '-o', at(name));
}

function train(name, tables, flags) {
  const folder = at(`model-${name}`);
  const made = ['--name', name, '--quick', '--no-audit'];
  if (!existsSync(folder)) flowlamp('train', ...tables, '-o', folder, ...made, ...flags);
  const card = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8'));
  return { folder, card, held: card.metrics.crossValidated };
}

function evaluate(name, tables, flags = []) {
  const path = at(`${name}.report.json`);
  if (!existsSync(path)) flowlamp('evaluate', ...tables, '-m', at(`model-${name}`), '-o', path, '--quick', ...flags);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Runs the program; what it prints is shown where it fails only. */
function flowlamp(...args) {
  const shown = args.map((arg) => (arg.length > 60 && !arg.includes('/') ? `${arg.slice(0, 40)}...` : arg));
  say(`flowlamp ${shown.map((arg) => (arg.startsWith(work) ? `WORK${arg.slice(work.length)}` : arg)).join(' ')}`);
  const run = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: MOST_MS,
    maxBuffer: 1 << 28,
  });
  if (run.status === 0) return run.stdout;
  console.error(run.stderr);
  process.exit(1);
}

function say(text) {
  console.error(`${minutes().padStart(6)}  ${text.replaceAll(data, basename(data))}`);
}

function minutes() {
  const seconds = Math.round((Date.now() - begin) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function at(name) {
  return join(work, name);
}
