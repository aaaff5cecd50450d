/** What docs/platforms.md says of the program without packages, and of the packages, is so. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sample, temporaryFolder } from '../cli/run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/platforms.md`, 'utf8');
const own = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** What npm would publish, and no package beside it. */
beforeAll(() => {
  for (const name of ['dist/cli', 'models/zoo', 'models/names/host-names.json', 'serve/lists', 'package.json']) {
    cpSync(`${root}/${name}`, folder.at(name), { recursive: true });
  }
});

function bare(...args: readonly string[]) {
  const main = folder.at('dist/cli/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('without any package a capture is scored', () => {
  const scored = bare('score', sample('demo.pcap'), '--only', 'mining', '-f', 'csv', '--columns', 'verdict', '--quiet');
  expect(scored).toEqual({ status: 0, stdout: `verdict\n${'mining\n'.repeat(5)}`, stderr: '' });
});

test.each([
  ['pino', ['serve', '--replay', sample('demo.pcap')]],
  ['onnxruntime-node', ['score', sample('demo.pcap'), '--runtime', 'onnxruntime']],
])('without %s what needs it says so in one line', (name, args) => {
  const { status, stderr } = bare(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^flowlamp: UNSUPPORTED: [^\\n]*${name}[^\\n]*\\n$`));
});

test('every optional package is told of', () => {
  const table = page.split('## Without optional packages')[1]!;
  const told = [...table.matchAll(/`(@?[\w/*-]+)`/g)].map(([, name]) => name!.replace('*', ''));
  const isTold = (name: string) => told.some((one) => (one.endsWith('-') ? name.startsWith(one) : name === one));
  const optional = Object.keys({ ...own.optionalDependencies, ...own.peerDependencies });
  expect(optional.filter((name) => !isTold(name))).toEqual(['light-my-request']);
});

const binaries = `${root}/node_modules/onnxruntime-node/bin/napi-v6`;

test.skipIf(!existsSync(binaries))('ONNX Runtime has the architectures that are named', () => {
  const names: Readonly<Record<string, string>> = { linux: 'Linux', win32: 'Windows', darwin: 'macOS' };
  expect(page).toContain(`${own.devDependencies['onnxruntime-node']}, the version that is pinned`);
  for (const [system, name] of Object.entries(names)) {
    const architectures = readdirSync(`${binaries}/${system}`).sort().reverse();
    expect(page).toMatch(new RegExp(`${name} ${architectures.join(' and ')}[,.]`));
  }
});
