/**
 * How like real sessions the lab's are: `node scripts/lab-likeness.mjs FOLDER`, the folder of the captures of real sessions
 * below. Writes docs/lab-likeness.md and docs/lab-likeness.svg. Reads dist/, so build first.
 *
 * Three sessions are few, so each is asked two questions. Is each of its features within what generated sessions of its
 * dialogue and length have? And are its messages as far from those of all generated sessions together (Kolmogorov-Smirnov
 * distance of the samples: the largest difference of their cumulated shares) as a generated session's own are?
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractCapture } from '../dist/features/extract.js';
import { COLUMNS } from '../dist/index.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/lab-likeness.mjs FOLDER');
  process.exit(2);
}

/** The only real sessions that the lab may be fitted to. */
const SESSIONS = [
  { file: 'eth-eu1.nanopool.org.pcapng', title: 'ethproxy, nanopool', dialogue: 'ethproxy' },
  { file: 'pool.eth.pp.ua.pcapng', title: 'getwork of Ethereum over HTTP, pool.eth.pp.ua', dialogue: 'eth-getwork' },
  { file: 'zec-eu1.nanopool.org.pcapng', title: 'Stratum of Zcash, nanopool', dialogue: 'stratum-zcash' },
];
const GENERATED = 200;
const SEED = 7;
/** Within which generated sessions a real one is called alike: all but a fortieth at either end. */
const MIDDLE = 0.95;
/** Where the axes begin: shorter gaps say how TCP cut the bytes, not when something was said. */
const LEAST = 0.001;
const QUANTITIES = [
  { name: 'client message, bytes', of: ({ sizes }) => sizes.filter((size) => size > 0) },
  { name: 'server message, bytes', of: ({ sizes }) => sizes.filter((size) => size < 0).map((size) => -size) },
  { name: 'between client messages, s', of: (session) => gapsOf(session, 1) },
  { name: 'between server messages, s', of: (session) => gapsOf(session, -1) },
];

const features = COLUMNS.filter(
  ({ input, type }) => input && ['bool', 'uint8', 'uint16', 'uint32', 'uint53', 'float64'].includes(type),
);
const results = [];
for (const { file, title, dialogue } of SESSIONS) {
  const real = longest(await sessionsOf(join(folder, file)));
  const generated = await generate(dialogue, real.features.get('duration_us') / 1e6);
  results.push({ title, dialogue, real, generated });
}
writeFileSync('docs/lab-likeness.svg', picture());
writeFileSync('docs/lab-likeness.md', page());

async function sessionsOf(path) {
  const sessions = [];
  const columns = [
    ...features.map(({ name }) => name),
    'duration_us',
    'fwd_packets',
    'payload_sizes',
    'payload_times_us',
  ];
  await extractCapture(path, (table) => sessions.push(...rowsOf(table)), { columns, activeTimeout: 0, idleTimeout: 0 });
  return sessions;
}

function rowsOf({ columns, length }) {
  return Array.from({ length }, (_, row) => ({
    sizes: listOf(columns.get('payload_sizes'), row),
    times: listOf(columns.get('payload_times_us'), row),
    features: new Map(
      [...columns]
        .filter(([name]) => !name.startsWith('payload_sizes') && !name.startsWith('payload_times'))
        .map(([name, { valid, values }]) => [name, valid[row] === 1 ? values[row] : null]),
    ),
  }));
}

function listOf({ offsets, items }, row) {
  return Array.from(items.subarray(offsets[row], offsets[row + 1]));
}

function longest(sessions) {
  return sessions.reduce((best, one) =>
    one.features.get('fwd_packets') > best.features.get('fwd_packets') ? one : best,
  );
}

/** Sessions of the dialogue that last as long, in the clear, from a tap that keeps everything. */
async function generate(dialogue, seconds) {
  const out = mkdtempSync(join(tmpdir(), 'flowlamp-likeness-'));
  try {
    const options = ['--dialogue', dialogue, '--encapsulation', 'plain', '--mining-share', '1', '--clean-taps'];
    const size = ['--flows', String(GENERATED), '--captures', '4', '--hours', String(seconds / 3600)];
    const args = [
      'dist/cli/main.js',
      'dataset',
      'generate',
      '-o',
      out,
      '--seed',
      String(SEED),
      '--quiet',
      ...size,
      ...options,
    ];
    const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
    const captures = readdirSync(out).filter((name) => name.endsWith('.pcap'));
    const sessions = [];
    for (const name of captures.sort()) sessions.push(...(await sessionsOf(join(out, name))));
    // Those that the pool or the miner broke off are no comparison for one that was recorded to its end.
    return sessions.filter((session) => session.features.get('duration_us') > 0.5e6 * seconds);
  } finally {
    rmSync(out, { recursive: true });
  }
}

function gapsOf({ sizes, times }, sign) {
  const own = times.filter((_, i) => Math.sign(sizes[i]) === sign);
  return own.slice(1).map((time, i) => (time - own[i]) / 1e6);
}

/** Share of the values that are at most `x`, for sorted values. */
function shareUpTo(sorted, x) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

function kolmogorovSmirnov(one, other) {
  const [a, b] = [one, other].map((values) => [...values].sort((x, y) => x - y));
  return Math.max(...[...a, ...b].map((x) => Math.abs(shareUpTo(a, x) - shareUpTo(b, x))));
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
}

function distances({ real, generated }, { of }) {
  const samples = generated.map(of).filter((sample) => sample.length > 0);
  const all = samples.flat();
  const own = samples.map((sample) => kolmogorovSmirnov(sample, all)).sort((a, b) => a - b);
  return { real: kolmogorovSmirnov(of(real), all), median: quantile(own, 0.5), most: quantile(own, MIDDLE) };
}

/** Where the real session's feature lies among those of generated ones; null if either has none. */
function placeOf({ real, generated }, name) {
  const value = real.features.get(name);
  const values = generated.map((session) => session.features.get(name)).filter((one) => one !== null);
  if (value === null || values.length < generated.length / 2) return null;
  const sorted = values.sort((a, b) => a - b);
  const [low, high] = [quantile(sorted, (1 - MIDDLE) / 2), quantile(sorted, (1 + MIDDLE) / 2)];
  // The distance of one value from a sample is the larger of the shares below and above it.
  const below = sorted.filter((one) => one < value).length / sorted.length;
  return {
    value,
    low,
    high,
    distance: Math.max(below, 1 - shareUpTo(sorted, value)),
    isInside: value >= low && value <= high,
  };
}

function page() {
  const tables = results.map((result) => {
    const rows = QUANTITIES.map((quantity) => {
      const { real, median, most } = distances(result, quantity);
      return [quantity.name, real.toFixed(2), median.toFixed(2), most.toFixed(2), real <= most ? 'yes' : '**no**'];
    });
    const places = features
      .map(({ name, group }) => ({ name, group, place: placeOf(result, name) }))
      .filter(({ place }) => place !== null);
    const groups = [...new Set(places.map(({ group }) => group))].map((group) => {
      const own = places.filter((one) => one.group === group);
      const mean = own.reduce((sum, { place }) => sum + place.distance, 0) / own.length;
      return [group, String(own.filter(({ place }) => place.isInside).length), String(own.length), mean.toFixed(2)];
    });
    const outside = places
      .filter(({ place }) => !place.isInside)
      .map(({ name, place }) => [
        `\`${name}\``,
        ...[place.value, place.low, place.high].map(short),
        place.distance.toFixed(2),
      ]);
    const inside = places.length - outside.length;
    return `## ${result.title}

Dialogue \`${result.dialogue}\`, ${(result.real.features.get('duration_us') / 1e6).toFixed(0)} s. **${inside} of ${places.length} features are inside** the middle ${100 * MIDDLE} % of ${result.generated.length} generated sessions.

${table(['sample', 'real', 'generated, median', `generated, ${100 * MIDDLE} %`, 'inside'], rows)}

${table(['group of features', 'inside', 'of', 'mean distance'], groups)}

${outside.length === 0 ? 'None is outside.' : `Outside:\n\n${table(['feature', 'real', 'generated from', 'to', 'distance'], outside)}`}`;
  });
  return `# How like real sessions the lab's are

Written by \`node scripts/lab-likeness.mjs FOLDER\`. Three real plain-text sessions, recorded in 2017 by the authors of "Cryptocurrency
mining detection" (Veselý and Žádník, Digital Investigation 2019), are the only ones that the lab was fitted to. Beside each stand
${GENERATED} generated sessions of the same dialogue and length, of many pools and miners. A distance is the Kolmogorov-Smirnov distance, 0 to 1:
of a sample of messages (the first 32) from those of all generated sessions together, beside what generated sessions themselves
have; of a single value from the values of all generated sessions (1: beyond all of them).

![Cumulated shares of message sizes and gaps, real beside generated](lab-likeness.svg)

Line: the real session. Band: generated sessions, their middle ${100 * MIDDLE} %; dark line: their median.

${tables.join('\n\n')}
`;
}

function table(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function short(value) {
  const number = Number(value);
  return Number.isInteger(number) ? number.toLocaleString('en-US') : number.toPrecision(3);
}

/** Small multiples: a row for each session, a column for each quantity, cumulated shares over a logarithmic axis. */
function picture() {
  const [width, height, left, top, gap] = [230, 150, 50, 40, 46];
  const panels = results.flatMap((result, row) =>
    QUANTITIES.map((quantity, column) => {
      const [x, y] = [left + column * (width + gap), top + row * (height + 62)];
      return `<g transform="translate(${x},${y})">${panel(result, quantity, width, height, row === results.length - 1)}</g>`;
    }),
  );
  const titles = results.map(
    ({ title }, row) => `<text x="${left}" y="${top + row * (height + 62) - 14}" font-weight="600">${title}</text>`,
  );
  const [w, h] = [left + QUANTITIES.length * (width + gap), top + results.length * (height + 62)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="system-ui, sans-serif" font-size="11">
<title>Cumulated shares of message sizes and gaps, real beside generated</title>
<style>text{fill:#333}.axis{stroke:#bbb}.band{fill:#56b4e9;opacity:.35}.median{stroke:#0072b2;fill:none}.real{stroke:#d55e00;stroke-width:2;fill:none}@media(prefers-color-scheme:dark){text{fill:#ddd}.axis{stroke:#666}}</style>
${titles.join('\n')}
${panels.join('\n')}
</svg>
`;
}

function panel({ real, generated }, { name, of }, width, height, isLast) {
  const samples = generated
    .map(of)
    .filter((sample) => sample.length > 0)
    .map((sample) => sample.sort((a, b) => a - b));
  const own = of(real).sort((a, b) => a - b);
  const positive = [...samples.flat(), ...own].filter((value) => value > 0).sort((a, b) => a - b);
  const [from, to] = [Math.log10(Math.max(LEAST, quantile(positive, 0.005))) - 0.1, Math.log10(positive.at(-1)) + 0.1];
  const steps = Array.from({ length: 81 }, (_, i) => from + ((to - from) * i) / 80);
  const xOf = (log) => (((log - from) / (to - from)) * width).toFixed(1);
  const yOf = (share) => ((1 - share) * height).toFixed(1);
  const shares = steps.map((log) => samples.map((sample) => shareUpTo(sample, 10 ** log)).sort((a, b) => a - b));
  const line = (of) => steps.map((log, i) => `${xOf(log)},${yOf(of(i))}`).join(' ');
  const upper = line((i) => quantile(shares[i], (1 + MIDDLE) / 2)).split(' ');
  const lower = line((i) => quantile(shares[i], (1 - MIDDLE) / 2)).split(' ');
  const ticks = ticksBetween(from, to);
  return `<line class="axis" x1="0" y1="${height}" x2="${width}" y2="${height}"/><line class="axis" x1="0" y1="0" x2="0" y2="${height}"/>
${['0', '0.5', '1'].map((share) => `<text x="-6" y="${Number(yOf(Number(share))) + 4}" text-anchor="end">${share}</text>`).join('')}
${ticks.map((tick) => `<text x="${xOf(Math.log10(tick))}" y="${height + 14}" text-anchor="middle">${tick}</text>`).join('')}
<polygon class="band" points="${upper.join(' ')} ${lower.reverse().join(' ')}"/><polyline class="median" points="${line((i) => quantile(shares[i], 0.5))}"/><polyline class="real" points="${line((i) => shareUpTo(own, 10 ** steps[i]))}"/>
${isLast ? `<text x="${width / 2}" y="${height + 32}" text-anchor="middle">${name}</text>` : ''}`;
}

/** Powers of ten, and their halves and doubles where there would be few of them. */
function ticksBetween(from, to) {
  const steps = to - from < 2.5 ? [1, 2, 5] : [1];
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, i) => Math.floor(from) + i);
  return decades
    .flatMap((decade) => steps.map((step) => Number((step * 10 ** decade).toPrecision(1))))
    .filter((tick) => Math.log10(tick) >= from && Math.log10(tick) <= to);
}
