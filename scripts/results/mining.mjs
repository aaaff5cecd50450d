/** Mining against everything else: learnt from the traffic lab alone, judged on recorded traffic. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMisses } from './misses.mjs';
import { alarmBound, print, score } from './text.mjs';
import { baselineAnswers } from './transfer.mjs';

const FLOWS = ['--flows', '4000'];
const HOURS = ['--hours', '1', '--seed', '7'];
const SETS = {
  'lab-short': [],
  'lab-hour': HOURS,
  'lab-plain': ['--encapsulation', 'plain'],
  'lab-tls': ['--encapsulation', 'tls12', '--encapsulation', 'tls13'],
};
/** The first is the one that is reported; the others show what its parts give. */
const TRAININGS = {
  'minutes and hours': ['lab-short', 'lab-hour'],
  'minutes only': ['lab-short'],
  'hours only': ['lab-hour'],
  'minutes, plain only': ['lab-plain'],
  'minutes, TLS only': ['lab-tls'],
};

/** Captures that the lab may be fitted to: no test of it. */
const FITTED = ['eth-eu1.nanopool.org', 'pool.eth.pp.ua', 'zec-eu1.nanopool.org'];
const NESFIT = ['cgminer.g0', 'cgminer.s0', 'cgminer.s1', 'cgminer.s2'];
const CAPTURES = {
  real: [
    ...NESFIT.map((name) => `nesfit/${name}.pcapng`),
    'zeek-cryptomining/*.pcap',
    'coiniumserv/*.pcapng',
    'ifip119-headers-only/*.pcap',
    '../../oracle/ndpi/pcap/mining.pcapng',
  ],
  fitted: FITTED.map((name) => `nesfit/${name}.pcapng`),
};
const ORDINARY = {
  'alexa-voice': '*.pcap',
  'iot-lifecycle': '**/*.pcap',
  'periodic-c2': '**/*.pcap',
  'mobile-apps': '**/*.pcap*',
  'quic-apps': '**/*.pcap.gz',
};
const BACKGROUND = 'background';
const LONG = 20;
const MINUTE_US = 60e6;

export async function miningResults(tools) {
  const { at, train } = tools;
  const tables = recorded(tools);
  const models = [];
  for (const [text, sets] of Object.entries(TRAININGS)) {
    const from = sets.map((set) => generated(set, tools));
    const name = `lab-${sets.join('-')}`;
    const model = train(name, from, ['--generated', '--positive', 'mining']);
    const rows = Object.keys(tables).flatMap((table) => scored(name, table, tools));
    models.push({ text, from, model, rows });
  }
  print('What each training set gives', SET_HEADS, models.map(setRow));
  const [{ model, rows, from }] = models;
  console.log(`\nThreshold of mining: ${score(model.card.thresholds.mining)}`);
  print('Real mining sessions, by dialect', SESSION_HEADS, sessionRows(rows));
  print('Everything else: false alarms', ALARM_HEADS, alarmRows(rows));
  print('Mining hidden in TLS: probability of mining (verdict)', ['training', ...tlsNames(rows)], models.map(tlsRow));
  const tests = [at('real-truth.arrow'), ...Object.keys(ORDINARY).map((name) => at(`${name}.arrow`))];
  await printBaselines(from, tests, model.card, rows);
  await describeMisses(model, from, rows.filter(isMissed));
}

function generated(set, { at, flowlamp, build }) {
  const folder = at(set);
  if (!existsSync(join(folder, 'manifest.json'))) flowlamp('dataset', 'generate', '-o', folder, ...FLOWS, ...SETS[set]);
  return build(set, join(folder, 'manifest.json'));
}

/** Builds the tables of recorded traffic. `real` and `fitted` have the dialect as label, `real-truth` mining or other. */
function recorded({ data, at, build }) {
  const paths = {};
  const make = (name, manifest) => {
    const path = at(`${name}.json`);
    writeFileSync(path, JSON.stringify({ version: 1, ...manifest }));
    return build(name, path);
  };
  const root = join(data, 'mining');
  const rest = { default: BACKGROUND };
  for (const [name, globs] of Object.entries(CAPTURES)) {
    const captures = globs.map((glob) => ({ glob }));
    const dialects = [{ csv: join(root, 'flows.csv'), columns: { label: 'dialect' } }];
    paths[name] = make(name, { root, captures, labels: dialects, ...rest });
    if (name === 'real')
      make(`${name}-truth`, { root, captures, labels: [{ csv: join(root, 'flows.csv') }], default: 'other' });
  }
  for (const [name, glob] of Object.entries(ORDINARY)) {
    paths[name] = make(name, { root: join(data, name), captures: [{ glob, label: 'other' }] });
  }
  return paths;
}

/** A row for each flow, with what is asked of it here. */
function scored(name, table, { at, flowlamp }) {
  const path = at(`${name}.${table}.scores.jsonl`);
  if (!existsSync(path)) {
    flowlamp('score', at(`${table}.arrow`), '-m', at(`model-${name}`), '-f', 'jsonl', '-o', path);
  }
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const row = JSON.parse(line);
    const isKnown = row.fwd_payload_packets + row.bwd_payload_packets >= 5 && row.protocol === 'tcp';
    const isMining = ['real', 'fitted'].includes(table) && row.label !== BACKGROUND;
    const probability = row.predicted === 'mining' ? row.score : 1 - row.score;
    const packets = row.fwd_packets + row.bwd_packets;
    const pair = [row.src_ip, row.dst_ip].sort().join(' ');
    return { ...row, table, isKnown, isMining, probability, packets, pair, isTls: row.capture.includes('ifip119') };
  });
}

const isTest = ({ table }) => table !== 'fitted';
const isJudged = (row) => isTest(row) && row.isMining && row.isKnown;
const isLasting = ({ duration_us }) => duration_us >= MINUTE_US;
const isAlarm = ({ verdict }) => verdict === 'mining';
const isMissed = (row) => isJudged(row) && !isAlarm(row);

const SET_HEADS = [
  'learnt from',
  'flows (captures)',
  'lab, cross-validated: macro-F1',
  'mining found',
  `of ${LONG} packets or more`,
  'of these, a minute or longer',
  'false alarms',
  'ROC-AUC on real flows',
];

function setRow({ text, model: { card, held }, rows }) {
  const mining = rows.filter(isJudged);
  const long = mining.filter(({ packets }) => packets >= LONG);
  const other = rows.filter((row) => isTest(row) && !row.isMining && row.isKnown);
  return [
    text,
    `${card.training.rows} (${card.training.captures})`,
    score(held.macroF1),
    found(mining),
    found(long),
    found(long.filter(isLasting)),
    found(other),
    score(rocAuc(mining, other)),
  ];
}

function found(rows) {
  return `${rows.filter(isAlarm).length} of ${rows.length}`;
}

/** The chance that a mining flow has a higher probability than another one. */
function rocAuc(mining, other) {
  let wins = 0;
  for (const { probability: a } of mining) {
    for (const { probability: b } of other) wins += a > b ? 1 : a === b ? 0.5 : 0;
  }
  return wins / (mining.length * other.length);
}

const SESSION_HEADS = [
  'dialect',
  'captures',
  'flows',
  'too short to be judged',
  'found',
  'unknown',
  'called other',
  'median probability',
  `found, of ${LONG} packets or more`,
  'of these, a minute or longer',
];

function sessionRows(rows) {
  const mining = rows.filter(({ isMining }) => isMining);
  const kinds = new Map();
  for (const row of mining) {
    const kind = row.table === 'fitted' ? `${row.label}, that the lab may be fitted to` : row.label;
    const name = row.isTls ? `${row.label} in TLS` : kind;
    kinds.set(name, [...(kinds.get(name) ?? []), row]);
  }
  const lines = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => sessionRow(name, of));
  return [...lines, sessionRow('all that are tests', mining.filter(isTest))];
}

function sessionRow(name, rows) {
  const known = rows.filter(({ isKnown }) => isKnown);
  const long = known.filter(({ packets }) => packets >= LONG);
  const verdicts = (verdict) => known.filter((row) => row.verdict === verdict).length;
  const sorted = known.map(({ probability }) => probability).sort((a, b) => a - b);
  return [
    name,
    new Set(rows.map(({ capture }) => capture)).size,
    rows.length,
    rows.length - known.length,
    found(known),
    verdicts('unknown'),
    verdicts('other'),
    score(sorted[sorted.length >> 1]),
    found(long),
    found(long.filter(isLasting)),
  ];
}

const ALARM_HEADS = ['folder', 'flows', 'judged', 'false alarms', 'pairs of hosts', 'pairs with one', 'at most (95 %)'];

function alarmRows(rows) {
  const other = rows.filter((row) => isTest(row) && !row.isMining);
  const lines = [...grouped(other)].map(([name, of]) =>
    alarmRow(name === 'real' ? 'mining captures, the rest' : name, of),
  );
  return [...lines, alarmRow('all', other)];
}

function grouped(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.table, [...(groups.get(row.table) ?? []), row]);
  return groups;
}

function alarmRow(name, rows) {
  const known = rows.filter(({ isKnown }) => isKnown);
  const alarms = known.filter(isAlarm);
  const pairs = new Set(known.map(({ pair }) => pair)).size;
  const alarmed = new Set(alarms.map(({ pair }) => pair)).size;
  const most = pairs === 0 ? '-' : `${(100 * alarmBound(alarmed, pairs)).toFixed(2)} % of pairs`;
  return [name, rows.length, known.length, alarms.length, pairs, alarmed, most];
}

function tlsNames(rows) {
  return rows.filter((row) => row.isMining && row.isTls).map(({ capture }) => capture.split('/').at(-1));
}

function tlsRow({ text, rows }) {
  const runs = rows.filter((row) => row.isMining && row.isTls);
  return [text, ...runs.map(({ probability, verdict }) => `${score(probability)} (${verdict})`)];
}

/** At the most probable class; the model's own row too, so that like is compared with like. */
async function printBaselines(from, tests, card, rows) {
  const answers = await baselineAnswers(from, tests, card);
  const mining = (metrics) => metrics.classes.find(({ name }) => name === 'mining');
  const lines = answers.map(({ name, metrics }) => [
    name,
    ...(metrics === null
      ? ['-', '-', '-', '-']
      : [score(metrics.macroF1), ...['recall', 'precision', 'rocAuc'].map((what) => score(mining(metrics)[what]))]),
  ]);
  const judged = rows.filter((row) => isTest(row) && row.isKnown);
  const called = judged.filter(({ predicted }) => predicted === 'mining');
  const right = called.filter(({ isMining }) => isMining).length;
  const truly = judged.filter(({ isMining }) => isMining);
  const others = judged.filter(({ isMining }) => !isMining);
  const f1 = (hits, claimed, real) => (2 * hits) / (claimed + real);
  const passed = others.length - (called.length - right);
  const macro = (f1(right, called.length, truly.length) + f1(passed, judged.length - called.length, others.length)) / 2;
  lines.unshift([
    'the model',
    score(macro),
    score(right / truly.length),
    score(right / called.length),
    score(rocAuc(truly, others)),
  ]);
  print('Baselines that learnt from the same', ['', 'macro-F1', 'found', 'of alarms right', 'ROC-AUC'], lines);
}
