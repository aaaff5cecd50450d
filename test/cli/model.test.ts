/** `flowlamp model` as users run it. */
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SHIPPED_MODEL, SHIPPED_VERSION } from '../support/shipped-model.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, jsonRows, type RunOptions, sample, temporaryFolder } from './run.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const registry = folder.at('registry');
const flowlamp = keptProgram({ FLOWLAMP_MODELS: registry });
const run = (...args: string[]) => flowlamp(args);
const capture = sample('demo.pcap');

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const [key, pub] = [folder.at('team.pem'), folder.at('team.pub.pem')];
writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(pub, publicKey.export({ type: 'spki', format: 'pem' }));

/** What `score` says of the capture, but for the name of the model. */
async function verdicts(model: string, options: RunOptions = {}) {
  const { code, stdout, stderr } = await flowlamp(['score', capture, '-m', model, '--quiet'], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return jsonRows(stdout).map(({ model: _, ...row }) => row);
}

async function expectDone(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

test('a model goes out as bare ONNX with its map, comes back, is filed, and answers as before', async () => {
  await expectDone('model', 'export', 'mining', '-o', folder.at('bare.onnx'));
  const map = folder.at('bare.map.json');
  expect(JSON.parse(readFileSync(map, 'utf8'))).toMatchObject({
    version: 1,
    name: 'mining',
    labels: ['mining', 'other'],
  });
  const taken = await run('model', 'import', folder.at('bare.onnx'), '--map', map);
  expectFailure(taken, 'OPTION_INVALID');
  expect(taken.stderr).toContain('is the name of a model that ships');
  for (const version of ['2', '10']) {
    await expectDone(
      'model',
      'import',
      folder.at('bare.onnx'),
      '--map',
      map,
      '--name',
      'copy',
      '--model-version',
      version,
    );
  }
  expect(readdirSync(join(registry, 'copy')).sort()).toEqual(['10', '2']);
  const before = await verdicts('mining');
  expect(before.length).toBeGreaterThan(10);
  expect(await verdicts('copy@2')).toEqual(before);
  const listed = JSON.parse(await expectDone('model', 'list', '--json')) as { name: string; version: string }[];
  expect(listed.map(({ name, version }) => `${name}@${version}`)).toEqual([SHIPPED_MODEL, 'copy@2', 'copy@10']);
  expect(await expectDone('model', 'show', 'copy')).toMatch(/^model +copy@10\n/);
  expect(await expectDone('model', 'show', SHIPPED_MODEL)).toMatch(new RegExp(`^model +${SHIPPED_MODEL}\\n`));
  expectFailure(await run('score', capture, '-m', 'copy@3'), 'MODEL_NOT_FOUND');
});

test('a model goes through an archive and through a folder, file by file the same', async () => {
  await expectDone('model', 'export', 'mining', '-o', folder.at('mining.tar'));
  await expectDone('model', 'import', folder.at('mining.tar'), '-o', folder.at('from-tar'));
  await expectDone('model', 'export', folder.at('from-tar'), '-o', folder.at('from-folder'));
  for (const name of ['card.json', 'model.onnx']) {
    const original = readFileSync(new URL(`../../models/zoo/mining/${name}`, import.meta.url));
    for (const place of ['from-tar', 'from-folder'])
      expect(readFileSync(join(folder.at(place), name)).equals(original), `${place}/${name}`).toBe(true);
  }
  expectNoRemains(folder.path);
});

test('a version in the registry is never replaced by another model', async () => {
  await expectDone('model', 'export', 'mining', '-o', folder.at('twin.onnx'));
  const twin = [folder.at('twin.onnx'), '--map', folder.at('twin.map.json'), '--name', 'twin'];
  await expectDone('model', 'import', ...twin, '-o', folder.at('twin-a'));
  await expectDone('model', 'import', folder.at('twin-a'));
  const again = await run('model', 'import', folder.at('twin-a'));
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('is in the registry already')]);
  const card = JSON.parse(readFileSync(folder.at('twin-a/card.json'), 'utf8'));
  writeFileSync(folder.at('twin-a/card.json'), JSON.stringify({ ...card, thresholds: { mining: 0.1, other: 0.1 } }));
  const other = await run('model', 'import', folder.at('twin-a'));
  expectFailure(other, 'OPTION_INVALID');
  expect(other.stderr).toContain('is in the registry already, and is another model');
});

test('a signed model is verified, and refused everywhere once anything of it is changed', async () => {
  await expectDone('model', 'export', 'mining', '-o', folder.at('signed'));
  await expectDone('model', 'sign', folder.at('signed'), '--key', key);
  expect(await expectDone('model', 'verify', folder.at('signed'), '--key', pub)).toMatch(
    /sound\n.*signed by [0-9a-f]{32}, the key given\n.*\n.*agree to/,
  );
  expectFailure(await run('model', 'verify', 'mining', '--key', pub), 'MODEL_INVALID');
  // The checksums of a card that somebody changed are right; its signature is not.
  const changes: [string, (place: string) => void][] = [
    [
      'card.json',
      (place) =>
        writeFileSync(place, readFileSync(place, 'utf8').replace('"positive": "mining"', '"positive": "other"')),
    ],
    [
      'model.onnx',
      (place) => writeFileSync(place, readFileSync(place).fill(readFileSync(place)[5000]! ^ 1, 5000, 5001)),
    ],
    ['model.onnx', (place) => rmSync(place)],
    [
      'signature.json',
      (place) => writeFileSync(place, readFileSync(place, 'utf8').replace(/"signature": "./, '"signature": "-')),
    ],
  ];
  for (const [name, change] of changes) {
    rmSync(folder.at('changed'), { recursive: true, force: true });
    cpSync(folder.at('signed'), folder.at('changed'), { recursive: true });
    change(join(folder.at('changed'), name));
    for (const args of [
      ['score', capture, '-m', folder.at('changed')],
      ['model', 'show', folder.at('changed')],
      ['model', 'verify', folder.at('changed')],
      ['model', 'import', folder.at('changed')],
      ['model', 'export', folder.at('changed'), '-o', folder.at('never')],
    ]) {
      expectFailure(await run(...args), 'MODEL_INVALID');
    }
    expect(existsSync(folder.at('never'))).toBe(false);
  }
});

test('under FLOWLAMP_MODEL_KEY only what ships and what that key signed is loaded', async () => {
  await expectDone('model', 'export', 'mining', '-o', folder.at('unsigned'));
  const trusting = { env: { FLOWLAMP_MODEL_KEY: pub } };
  const refused = await flowlamp(['score', capture, '-m', folder.at('unsigned')], trusting);
  expectFailure(refused, 'MODEL_INVALID');
  expect(refused.stderr).toContain('is not signed');
  await expectDone('model', 'sign', folder.at('unsigned'), '--key', key);
  const before = await verdicts('mining', trusting);
  expect(await verdicts(folder.at('unsigned'), trusting)).toEqual(before);
});

test('a damaged model in the registry is listed as such, and the others are still there', async () => {
  const home = folder.at('other-registry');
  await expectDone(
    'model',
    'import',
    folder.at('bare.onnx'),
    '--map',
    folder.at('bare.map.json'),
    '--name',
    'hurt',
    '--registry',
    home,
  );
  writeFileSync(join(home, 'hurt', SHIPPED_VERSION, 'model.onnx'), 'x');
  const { code, stdout, stderr } = await run('model', 'list', '--registry', home);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^mining@0\.2\.0 .* ships$/m);
  expect(stdout).toMatch(new RegExp(`^hurt@${SHIPPED_VERSION} +REFUSED$`, 'm'));
  expect(stderr).toMatch(
    new RegExp(`^flowlamp: warning: hurt@${SHIPPED_VERSION} is refused: .*model\\.onnx has sha256 .*\\n$`),
  );
});

test('what cannot be done is said in one line', async () => {
  expectFailure(await run('model', 'import', folder.at('bare.onnx')), 'OPTION_INVALID');
  expectFailure(
    await run('model', 'import', folder.at('nothing.onnx'), '--map', folder.at('bare.map.json')),
    'FILE_NOT_FOUND',
  );
  expectFailure(await run('model', 'import', folder.at('bare.onnx'), '--map', key), 'MAP_INVALID');
  expectFailure(await run('model', 'show', folder.at('bare.onnx')), 'MODEL_INVALID');
  expectFailure(await run('model', 'sign', 'mining', '--key', key), 'OPTION_INVALID');
  expectFailure(await run('model', 'sign', folder.at('from-tar'), '--key', pub), 'KEY_INVALID');
  expectFailure(await run('model', 'sign', folder.at('from-tar'), '--key', folder.at('no.pem')), 'KEY_INVALID');
  expectFailure(await run('model', 'export', 'mining', '-o', folder.at('mining.zip')), 'FORMAT_UNKNOWN');
  writeFileSync(folder.at('half.tar'), readFileSync(folder.at('mining.tar')).subarray(0, 40_000));
  expectFailure(await run('model', 'import', folder.at('half.tar')), 'MODEL_INVALID');
});
