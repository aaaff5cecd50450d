/** What the lab says of behaviour: groups that were never learnt from, and evasions by strength. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { print, score } from './text.mjs';

const DRAWN = ['--dialogue', 'drawn-pool', '--dialogue', 'drawn-service', '--captures', '128'];
/** As those that the shipped model learns from (scripts/model-mining.mjs), of other seeds. */
const SETS = {
  'left-hour': ['--flows', '5000', '--hours', '1', '--seed', '7'],
  'left-short': ['--flows', '6000'],
  'left-quarter': ['--flows', '8000', '--captures', '128', '--hours', '0.25', '--seed', '103'],
  'left-drawn': [...DRAWN, '--flows', '12800', '--hours', '0.25', '--seed', '101'],
};
/** A site that draws its format is a program of its own. */
const programOf = ({ dialogue, group }) => (dialogue.startsWith('drawn-') ? group : dialogue);
/** Whose flows stand together on one side. Ordinary flows are grouped by their sites, unless what is left out is theirs too. */
const LEFT_OUT = {
  'capture: networks, pools and sites of their own': null,
  'mining dialogue': (flow) => (flow.label === 'mining' ? programOf(flow) : flow.group),
  encapsulation: ({ encapsulation }) => encapsulation,
  'dialogue, mining and ordinary': programOf,
};
const RATES = [0.01, 0.001, 0.0001];
const EVASIONS = [
  'padding',
  'jitter',
  'coalescing',
  'dummy-traffic',
  'raised-difficulty',
  'short-sessions',
  'random-names',
  'no-sni',
];
const STRENGTHS = ['0', '0.25', '0.5', '1'];

const CARD = JSON.parse(readFileSync(new URL('../../models/zoo/mining/card.json', import.meta.url), 'utf8'));
/** As the shipped model learns. */
const LEARNING = ['--generated', '--feature-fraction', '0.3', '--rounds', '300'];

export function labResults(tools) {
  leftOut(tools);
  evasions(tools);
}

function leftOut({ at, flowlamp, build, train }) {
  const manifests = Object.entries(SETS).map(([set, flags]) => {
    if (!existsSync(at(`${set}/manifest.json`))) flowlamp('dataset', 'generate', '-o', at(set), ...flags);
    return at(`${set}/manifest.json`);
  });
  const rows = Object.entries(LEFT_OUT).map(([text, groupOf], i) => {
    const tables = manifests.map((manifest, n) => build(`left-out-${i}-${n}`, regrouped(manifest, i, groupOf, at)));
    const by = groupOf === null ? [] : ['--group-by', 'site', '--folds', '10'];
    const inputs = ['--inputs', CARD.inputs.map(({ name }) => name).join(',')];
    const { held } = train(`left-out-${i}`, tables, [...LEARNING, ...inputs, ...by]);
    const { support, rocAuc, tprAtFpr } = held.classes.find(({ name }) => name === 'mining');
    const at1 = (rate) => tprAtFpr.find(({ maxFpr }) => maxFpr === rate)?.point?.tpr;
    return [text, held.groups, `${support} of ${held.rows}`, score(rocAuc), ...RATES.map((rate) => score(at1(rate)))];
  });
  const heads = [
    'never learnt from',
    'groups',
    'n mining of all',
    'ROC-AUC',
    ...RATES.map((rate) => `TPR at FPR ${rate}`),
  ];
  print('Lab: what was never learnt from', heads, rows);
}

/** The manifest with other groups, beside the captures. */
function regrouped(path, i, groupOf, at) {
  if (groupOf === null) return path;
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  for (const { flows } of manifest.captures) for (const flow of flows) flow.group = groupOf(flow);
  const written = at(join(path.split('/').at(-2), `by-${i}.json`));
  writeFileSync(written, JSON.stringify(manifest));
  return written;
}

function evasions({ at, flowlamp }) {
  const rows = EVASIONS.map((name) => [
    name,
    ...STRENGTHS.map((strength) => {
      const set = at(`evasion-${name}-${strength}`);
      const flags = ['--evasion', name, '--evasion-share', '1', '--evasion-strength', strength];
      const length = name === 'short-sessions' ? [] : ['--hours', '0.25'];
      if (!existsSync(join(set, 'manifest.json')))
        flowlamp(
          'dataset',
          'generate',
          '-o',
          set,
          '--flows',
          '400',
          '--mining-share',
          '1',
          '--seed',
          '31',
          ...flags,
          ...length,
        );
      const path = `${set}.jsonl`;
      if (!existsSync(path))
        flowlamp('score', set, '-o', path, '--columns', 'protocol,fwd_payload_packets,bwd_payload_packets,evidence');
      return share(
        readFileSync(path, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    }),
  ]);
  print('Lab: mining found by behaviour alone, every session evading, by strength', ['evasion', ...STRENGTHS], rows);
}

/** Of the flows that the model speaks of, those that it calls mining by itself. */
function share(rows) {
  const spoken = rows.filter(({ fwd_payload_packets: fwd, bwd_payload_packets: bwd }) => fwd + bwd >= 5);
  const { mining } = CARD.thresholds;
  const least = Math.log(mining / (1 - mining));
  const found = spoken.filter(
    ({ evidence }) => evidence.find(({ source }) => source === 'behaviour').weight >= least - 1e-3,
  );
  return `${score(found.length / spoken.length)} (n ${spoken.length})`;
}
