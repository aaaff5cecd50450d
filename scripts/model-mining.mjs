/** Builds the shipped model `mining` from the samples in the repository, and judges it on those it did not see. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MANIFEST = 'datasets/samples/manifest.json';
const FOLDER = 'models/zoo/mining';

flowlamp(
  'train',
  MANIFEST,
  '-o',
  FOLDER,
  '--name',
  'mining',
  '--model-version',
  '0.1.0',
  '--generated',
  ...[
    ['--origin', 'the generated captures in datasets/samples (flowlamp dataset generate)'],
    [
      '--limitation',
      'Trained on some 1,700 generated flows: simulated dialogues in genuine TLS. It has never seen recorded traffic.',
    ],
    [
      '--limitation',
      'Knows eleven dialects of mining and twenty-six kinds of ordinary dialogue, over TCP; other traffic may get any verdict.',
    ],
    ['--limitation', 'Reads packet sizes, times and TCP flags only: no names, ports, addresses or handshake fields.'],
  ].flat(),
);
flowlamp('evaluate', MANIFEST, '-m', FOLDER);

function flowlamp(...args) {
  const { status } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
