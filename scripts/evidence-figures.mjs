/**
 * What the finders of names, certificates and fingerprints say of recorded flows:
 * `node scripts/evidence-figures.mjs FLOWS.arrow [flows.csv] [--all]`. The table is one of `flowlamp extract`; the list names the
 * mining flows by the file of the capture and both endpoints. Prints counts by weight, and the heaviest findings about
 * flows that are not on the list (`--all`: every different one). Reads dist/, so build first.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { readTable, tableKind } from '../dist/features/files/table-reader.js';
import { rowsOf } from '../dist/index.js';
import { CertificateFinder } from '../dist/serve/evidence/certificate/finder.js';
import { FingerprintFinder } from '../dist/serve/evidence/fingerprint/finder.js';
import { NameFinder } from '../dist/serve/evidence/names/finder.js';
import { shippedNames } from '../dist/serve/evidence/shipped.js';
import { keyOf, miningFlows } from './results/listed-flows.mjs';

const NAMES = ['sni', 'http_host', 'http_connect_target', 'dns_name', 'dns_query', 'cert_subject_cn'];
const SHOWN = 12;
const { values: given, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [table, list] = positionals;
if (table === undefined) {
  console.error('evidence-figures: name a flow table of `flowlamp extract`');
  process.exit(2);
}

const known = shippedNames();
const finders = [new NameFinder(known), new CertificateFinder(known.judge), new FingerprintFinder()];
const mining = list === undefined ? new Set() : await miningFlows(list);
const flows = { mining: 0, other: 0 };
const applies = new Map(finders.map(({ source }) => [source, { mining: 0, other: 0 }]));
const counts = new Map();
const examples = new Map();
const names = new Map();

await readTable(table, tableKind(readFileSync(table).subarray(0, 64)), (batch) => {
  for (const [i, row] of rowsOf(batch).entries()) look(batch, i, row);
});
print();

function look(batch, i, row) {
  const side = mining.has(keyOf(row)) ? 'mining' : 'other';
  flows[side]++;
  if (NAMES.some((name) => row[name] != null)) applies.get('names')[side]++;
  if (row.cert_sha256 != null) applies.get('certificate')[side]++;
  if (row.ja4 != null) applies.get('fingerprint')[side]++;
  for (const finder of finders) {
    const findings = finder.find(batch, i);
    const weight = findings.reduce((sum, one) => sum + one.weight, 0);
    if (findings.length === 0) continue;
    const bin = weight >= 2 ? '2 or more' : weight >= 1 ? '1 to 2' : weight >= 0.5 ? '0.5 to 1' : 'below 0.5';
    const key = `${finder.source} | ${side} | ${bin}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (side === 'other' || given.all) keepExample(finder.source, weight, findings, row);
  }
  if (row.sni != null)
    names.set(
      row.sni,
      finders[0].find(batch, i).some(({ finding }) => finding.includes('made up')),
    );
}

function keepExample(source, weight, findings, row) {
  const text = findings.map(({ finding }) => finding).join(' ');
  const known = examples.get(source + text);
  if (known === undefined)
    examples.set(source + text, {
      source,
      weight,
      text,
      flows: 1,
      capture: basename(row.capture),
      server: `${row.dst_ip} ${row.dst_port}`,
    });
  else known.flows++;
}

function print() {
  console.log(`flows: ${flows.mining} mining, ${flows.other} other`);
  for (const [source, { mining: of, other }] of applies)
    console.log(`${source}: there is something to look at in ${of} mining and ${other} other flows`);
  for (const [key, count] of [...counts].sort()) console.log(`${key} | ${count}`);
  console.log(`server names: ${names.size} different, ${[...names.values()].filter(Boolean).length} look made up`);
  const heaviest = [...examples.values()].sort((a, b) => b.weight - a.weight);
  for (const { source, weight, text, flows: count, capture, server } of given.all
    ? heaviest
    : heaviest.slice(0, SHOWN)) {
    console.log(`${weight.toFixed(2)} ${source}, ${count} flows, ${capture}, ${server}: ${text}`);
  }
}
