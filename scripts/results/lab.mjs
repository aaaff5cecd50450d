/** What the lab says of behaviour: groups that were never learnt from, and evasions by strength. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { print, score } from './text.mjs';

const SETS = { 'lab-hour': ['--flows', '4000', '--hours', '1', '--seed', '7'], 'lab-short': ['--flows', '4000'] };
/** Whose flows stand together on one side. Ordinary flows are grouped by their sites, unless what is left out is theirs too. */
const LEFT_OUT = {
  'capture: networks, pools and sites of their own': null,
  'mining dialogue': ({ label, dialogue, group }) => (label === 'mining' ? dialogue : group),
  encapsulation: ({ encapsulation }) => encapsulation,
  'dialogue, mining and ordinary': ({ dialogue }) => dialogue,
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
    const { held } = train(`left-out-${i}`, tables, ['--generated', '--feature-fraction', '0.3', ...by]);
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
  const { thresholds } = JSON.parse(
    readFileSync(new URL('../../models/zoo/mining/card.json', import.meta.url), 'utf8'),
  );
  const least = Math.log(thresholds.mining / (1 - thresholds.mining));
  const found = spoken.filter(
    ({ evidence }) => evidence.find(({ source }) => source === 'behaviour').weight >= least - 1e-3,
  );
  return `${score(found.length / spoken.length)} (n ${spoken.length})`;
}
