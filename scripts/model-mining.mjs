/**
 * Builds the shipped model `mining` from the repository alone, and judges it on samples that it did not see:
 * `npm run model:mining [-- --work FOLDER]`. The lab generates what it learns from, 61,000 sessions of seconds to an hour, which
 * takes a quarter of an hour to an hour on two cores and 10 GB in the work folder; what is there already is not made again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MODEL_INPUTS } from '../dist/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: given } = parseArgs({ options: { work: { type: 'string' } } });
const work = given.work === undefined ? mkdtempSync(join(tmpdir(), 'flowlamp-mining-')) : resolve(given.work);
mkdirSync(work, { recursive: true });

/**
 * Sessions of an hour show a miner's rhythm; those of minutes, how they begin and end. More than half are of formats drawn per
 * site: from them a model learns what mining is, where the named dialects alone teach it a dozen programs. Seeds that nothing else uses.
 */
const DRAWN = ['--dialogue', 'drawn-pool', '--dialogue', 'drawn-service', '--captures', '128'];
const SETS = {
  hour: ['--flows', '5000', '--hours', '1', '--seed', '21'],
  minutes: ['--flows', '6000', '--seed', '22'],
  quarter: ['--flows', '8000', '--captures', '128', '--hours', '0.25', '--seed', '23'],
  'drawn-quarter': [...DRAWN, '--flows', '12800', '--hours', '0.25', '--seed', '24'],
  'drawn-minutes': [...DRAWN, '--flows', '10240', '--seed', '25'],
  // Most connections of a network are over in seconds and hardly any of those mines: without them the model thinks that every other does.
  'brief-10s': ['--flows', '12800', '--captures', '128', '--hours', '0.003', '--mining-share', '0.02', '--seed', '26'],
  'brief-40s': ['--flows', '6400', '--captures', '64', '--hours', '0.011', '--mining-share', '0.05', '--seed', '27'],
};
/** Flows are judged while they live, so the model learns from what is known of them early. */
const EMITTED = ['end', 'interval:300', 'prefix:20', 'prefix:60'].flatMap((kind) => ['--emit', kind]);
const FOLDER = 'models/zoo/mining';
/**
 * Sizes of packets, bytes and histograms of them tell one dialect or wrapping from another, so the model does without: with them it
 * finds fewer miners whose dialect it never saw (docs/results.md). What it knows of sizes are the medians and ratios of roles.
 */
const SIZED = /size|bytes|hist|payload_ratio|first_/;
const INPUTS = MODEL_INPUTS.filter(({ name, group }) => group === 'roles' || !SIZED.test(name)).map(({ name }) => name);

flowlamp(
  'train',
  ...Object.keys(SETS).map(tableOf),
  '-o',
  FOLDER,
  '--name',
  'mining',
  '--model-version',
  '0.2.0',
  '--inputs',
  INPUTS.join(','),
  '--false-alarm-rate',
  '0.001',
  '--rounds',
  '600',
  '--feature-fraction',
  '0.3',
  '--quick',
  '--no-audit',
  '--generated',
  ...[
    ['--origin', 'generated captures (flowlamp dataset generate), 61,000 sessions of seconds to an hour'],
    [
      '--limitation',
      'Trained on generated flows only: simulated dialogues in genuine TLS. It has never seen recorded traffic.',
    ],
    [
      '--limitation',
      'Knows eleven dialects of mining, twenty-six kinds of ordinary dialogue and some thousand formats drawn at random, over TCP; other traffic may get any verdict.',
    ],
    [
      '--limitation',
      'Reads times, TCP flags and who asks, answers and pushes: no names, ports, addresses, handshake fields or sizes of packets.',
    ],
  ].flat(),
);
flowlamp('evaluate', 'datasets/samples/manifest.json', '-m', FOLDER);

/** The labelled table of a set that is generated where it is not there yet. */
function tableOf(set) {
  const folder = join(work, set);
  const table = `${folder}.arrow`;
  if (existsSync(table)) return table;
  const manifest = join(folder, 'manifest.json');
  // The manifest is written last: captures without it are of a run that was stopped.
  if (!existsSync(manifest)) flowlamp('dataset', 'generate', '-o', folder, '--force', ...SETS[set]);
  flowlamp('dataset', 'build', manifest, '-o', table, ...EMITTED);
  return table;
}

function flowlamp(...args) {
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
