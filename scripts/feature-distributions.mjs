/**
 * What values each column takes over a folder of captures, as a page: `node scripts/feature-distributions.mjs FOLDER [> PAGE]`.
 * Files that are no captures, or damaged, are left out and counted. Reads dist/, so build first.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { extractCapture } from '../dist/features/extract.js';
import { COLUMNS } from '../dist/index.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/feature-distributions.mjs FOLDER');
  process.exit(2);
}
/** So many values of a column are kept for its quartiles, drawn evenly from all (Vitter, 1985). */
const KEPT = 20_000;
/** Of larger files the first flows say enough. */
const MOST_BYTES = 200e6;
const MOST_NULL = 0.95;
const MOST_ONE = 0.99;
const WILD = 1e4;

let seed = 1;
/** Mulberry32: the same page at each run. */
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

class Distribution {
  rows = 0;
  nulls = 0;
  kept = [];
  counts = new Map();
  min = Infinity;
  max = -Infinity;

  add(value) {
    this.rows++;
    if (value === null) {
      this.nulls++;
      return;
    }
    const seen = this.rows - this.nulls;
    if (this.counts.size < KEPT || this.counts.has(value)) this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    if (typeof value !== 'number') return;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    if (this.kept.length < KEPT) this.kept.push(value);
    else if (random() < KEPT / seen) this.kept[Math.floor(random() * KEPT)] = value;
  }

  get known() {
    return this.rows - this.nulls;
  }

  get nullShare() {
    return this.nulls / this.rows;
  }

  /** Of the most common value, among those that are not null. */
  get topShare() {
    return this.known === 0 ? 0 : Math.max(...this.counts.values()) / this.known;
  }

  quartiles() {
    const sorted = this.kept.sort((a, b) => a - b);
    return [0.25, 0.5, 0.75].map((share) => sorted[Math.round((sorted.length - 1) * share)]);
  }
}

const numeric = COLUMNS.filter(({ type }) => ['bool', 'uint8', 'uint16', 'uint32', 'uint53', 'float64'].includes(type));
const names = numeric.filter(({ group }) => group !== 'identity').map(({ name }) => name);
const distributions = new Map(names.map((name) => [name, new Distribution()]));
let files = 0;
let leftOut = 0;
let rows = 0;
for (const path of filesBelow(folder)) {
  try {
    await extractCapture(path, (table) => take(table), { columns: names });
    files++;
  } catch {
    leftOut++;
  }
}
console.log(page());

function filesBelow(path) {
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name))
    .filter((name) => /\.(pcap|pcapng|cap|dmp)(\.gz)?$/.test(name) && statSync(name).size < MOST_BYTES)
    .sort();
}

function take(table) {
  rows += table.length;
  for (const [name, column] of table.columns) {
    const distribution = distributions.get(name);
    for (let row = 0; row < table.length; row++) {
      distribution.add(column.valid[row] === 1 ? column.values[row] : null);
    }
  }
}

function page() {
  const all = [...distributions];
  const list = (found) => (found.length === 0 ? 'none' : found.map(([name]) => `\`${name}\``).join(', '));
  const constant = all.filter(([, one]) => one.known > 0 && one.counts.size === 1);
  const never = all.filter(([, one]) => one.known === 0);
  const mostlyNull = all.filter(([, one]) => one.known > 0 && one.nullShare > MOST_NULL);
  const nearly = all.filter(([, one]) => one.counts.size > 1 && one.topShare > MOST_ONE);
  const wild = all.filter(([, one]) => {
    const [, median, q3] = one.quartiles();
    return one.known > 0 && one.max > WILD * Math.max(q3, Math.abs(median), 1e-9) && q3 > 0;
  });
  const heads = ['column', 'null', 'min', 'q1', 'median', 'q3', 'max', 'distinct', 'most common'];
  const lines = all.map(([name, one]) => [
    `\`${name}\``,
    percent(one.nullShare),
    ...(one.known === 0 ? ['', '', '', '', ''] : [one.min, ...one.quartiles(), one.max].map(short)),
    one.counts.size >= KEPT ? `${KEPT.toLocaleString('en-US')} or more` : one.counts.size.toLocaleString('en-US'),
    percent(one.topShare),
  ]);
  return `# Distributions of the columns

Written by \`node scripts/feature-distributions.mjs\` over a folder of captures of many origins (mining, applications, devices, the
test captures of other tools, damaged ones): ${rows.toLocaleString('en-US')} rows of ${files.toLocaleString('en-US')} files; ${leftOut.toLocaleString('en-US')} more could not be read. These
are flows as they lie in test suites, not as a network has them; in damaged captures, times are of any size. Quartiles are of an even draw of ${KEPT.toLocaleString('en-US')} values.

- **Never there** (${never.length}): ${list(never)}.
- **Constant** where they are there (${constant.length}): ${list(constant)}.
- **Nearly constant**, one value in over ${percent(MOST_ONE)} (${nearly.length}): ${list(nearly)}.
- **Mostly null**, over ${percent(MOST_NULL)} (${mostlyNull.length}): ${list(mostlyNull)}.
- **Wild**, the largest over ${WILD.toLocaleString('en-US')} times the upper quartile (${wild.length}): ${list(wild)}. Trees do not mind; models
  that are linear in their inputs need these as logarithms.

${[heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

function percent(share) {
  return `${Number((100 * share).toFixed(share > 0.99 && share < 1 ? 2 : 1))} %`;
}

function short(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? String(value) : Number(value.toPrecision(4)).toString();
}
