/**
 * What the host view finds in recorded or generated flows: `node scripts/host-figures.mjs SCORED.arrow [flows.csv] [--all]`. The table
 * is one of `flowlamp score`, each capture of it a network of its own. Mining pairs are those with a flow that the list names
 * (file and both endpoints), or that the column `label` calls mining. Prints how many pairs, clients and captures have each
 * finding; `--all` prints the findings, too. Reads dist/, so build first.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { takeTableRows } from '../dist/core/table.js';
import { readTable, tableKind } from '../dist/features/files/table-reader.js';
import { rowsOf } from '../dist/index.js';
import { HostView } from '../dist/serve/hosts/host-view.js';
import { keyOf, miningFlows } from './results/listed-flows.mjs';

const KINDS = {
  pushes: /^Pushes/,
  'pushes, job-like': /^Pushes.*as a pool sends jobs, and a ticker/,
  'pushes, mining-like': /^Pushes.*behaves as mining/,
  storm: /^Reconnect storm/,
  'around the clock': /^Around the clock/,
  'outside working hours': /^Outside working/,
  port: /^Talks to port/,
  scan: /^Scanning/,
};
const MODEL = { name: 'mining', version: '0', labels: ['mining', 'other'], positive: 'mining' };
const { values: given, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [table, list] = positionals;
if (table === undefined) {
  console.error('host-figures: name a table of `flowlamp score`');
  process.exit(2);
}

const listed = list === undefined ? new Set() : await miningFlows(list);
const views = new Map();
const miningPairs = new Set();
await readTable(table, tableKind(readFileSync(table).subarray(0, 64)), take);
print();

function take(batch) {
  const rows = new Map();
  for (const [i, row] of rowsOf(batch).entries()) {
    if (rows.has(row.capture)) rows.get(row.capture).push(i);
    else rows.set(row.capture, [i]);
    if (row.label === 'mining' || listed.has(keyOf(row))) {
      miningPairs.add(`${row.capture} ${row.src_ip} ${row.dst_ip}`);
      miningPairs.add(`${row.capture} ${row.src_ip} null`);
    }
  }
  for (const [capture, of] of rows) {
    if (!views.has(capture)) views.set(capture, new HostView(MODEL));
    views.get(capture).add(takeTableRows(batch, of));
  }
}

function print() {
  const totals = { pair: [0, 0], client: [0, 0] };
  const counts = new Map(
    Object.keys(KINDS).map((kind) => [kind, { pair: [0, 0], client: [0, 0], captures: new Set() }]),
  );
  const raised = [0, 0];
  let comparisons = 0;
  let compared = 0;
  for (const [capture, view] of views) {
    comparisons += view.counters.comparisons;
    if (view.counters.comparisons > 0) compared++;
    for (const host of rowsOf(view.snapshot())) {
      const side = miningPairs.has(`${capture} ${host.client} ${host.server}`) ? 0 : 1;
      totals[host.host_kind][side]++;
      const own = host.evidence.filter(({ source }) => source === 'host');
      if (own.some(({ weight }) => weight >= 1)) raised[side]++;
      for (const [kind, text] of Object.entries(KINDS)) {
        if (!own.some(({ finding }) => text.test(finding))) continue;
        counts.get(kind)[host.host_kind][side]++;
        counts.get(kind).captures.add(capture);
      }
      if (given.all && host.host_kind === 'pair' ? own.length > 0 : host.scans.length > 0)
        for (const { finding, weight } of own)
          console.log(
            `${side === 0 ? 'mining' : 'other '} ${basename(capture)} ${host.client} risk ${host.risk} ${weight}: ${finding}`,
          );
    }
  }
  const text = ([mining, other]) => `${mining} mining, ${other} other`;
  console.log(`${views.size} captures; pairs: ${text(totals.pair)}; clients: ${text(totals.client)}`);
  console.log(`pushes of ${comparisons} pairs of flows compared, in ${compared} captures`);
  for (const [kind, { pair, client, captures }] of counts)
    console.log(`${kind}: pairs ${text(pair)}; clients ${text(client)}; ${captures.size} captures`);
  console.log(`rows with a finding of weight 1 or more: ${text(raised)}`);
}
