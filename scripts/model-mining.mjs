/**
 * Builds the shipped model `mining` from the repository alone, and judges it on samples that it did not see:
 * `npm run model:mining [-- --work FOLDER]`. The lab generates what it learns from, 16,000 sessions of minutes to an hour, which
 * takes ten minutes to half an hour on two cores and 6 GB in the work folder; what is there already is not made again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: given } = parseArgs({ options: { work: { type: 'string' } } });
const work = given.work === undefined ? mkdtempSync(join(tmpdir(), 'flowlamp-mining-')) : resolve(given.work);
mkdirSync(work, { recursive: true });

/** Sessions of an hour show a miner's rhythm; those of minutes, how they begin and end. Seeds that nothing else uses. */
const SETS = {
  hour: ['--flows', '10000', '--hours', '1', '--seed', '21'],
  minutes: ['--flows', '6000', '--seed', '22'],
};
/** Flows are judged while they live, so the model learns from what is known of them early. */
const EMITTED = ['end', 'interval:300', 'prefix:20', 'prefix:60'].flatMap((kind) => ['--emit', kind]);
const FOLDER = 'models/zoo/mining';

flowlamp(
  'train',
  ...Object.keys(SETS).map(tableOf),
  '-o',
  FOLDER,
  '--name',
  'mining',
  '--model-version',
  '0.1.0',
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
    ['--origin', 'generated captures (flowlamp dataset generate), 16,000 sessions of minutes to an hour'],
    [
      '--limitation',
      'Trained on generated flows only: simulated dialogues in genuine TLS. It has never seen recorded traffic.',
    ],
    [
      '--limitation',
      'Knows eleven dialects of mining and twenty-six kinds of ordinary dialogue, over TCP; other traffic may get any verdict.',
    ],
    ['--limitation', 'Reads packet sizes, times and TCP flags only: no names, ports, addresses or handshake fields.'],
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
