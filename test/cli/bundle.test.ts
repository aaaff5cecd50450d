/** What scripts/bundle.mjs made of the program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { flowlamp } from './run.ts';

const folder = fileURLToPath(new URL('../../dist/cli', import.meta.url));
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const parts = readdirSync(folder).filter((name) => name.endsWith('.js'));

/** Files of which the code of a part was made. */
function sourcesOf(part: string): string[] {
  return (JSON.parse(read(`${part}.map`)) as { sources: string[] }).sources;
}

function packagesOf(part: string): string[] {
  const names = sourcesOf(part).map((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** A part and all that is loaded together with it. */
function loadedWith(part: string, known = new Set<string>()): Set<string> {
  if (known.has(part)) return known;
  known.add(part);
  for (const [, next] of read(part).matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)) loadedWith(next!, known);
  return known;
}

/** The part that begins with a module that is loaded when it is needed. */
function partOf(module: string): string {
  return parts.find((name) => name.startsWith(`${module}-`))!;
}

test('every package in the bundle has its licence beside it', () => {
  const bundled = [...new Set(parts.flatMap(packagesOf))];
  const licences = read('LICENSES.txt');
  expect(bundled).toEqual(expect.arrayContaining(['apache-arrow', 'commander']));
  expect(bundled.filter((name) => !licences.includes(`\n${name} `))).toEqual([]);
});

test('what is native or optional stays outside', () => {
  const outside = /^(onnxruntime|@tensorflow|@hpcc-js|cap$|fastify|pino|prom-client)/;
  expect(parts.flatMap(packagesOf).filter((name) => outside.test(name))).toEqual([]);
});

test('no command loads Arrow or the zstd reader before it needs them, and the program no command', () => {
  const loaded = [...loadedWith(partOf('program')), 'main.js'].flatMap(sourcesOf);
  expect(
    loaded.filter((source) => /\/(cli\/commands|features\/(?!files\/(?:output|package-files)))/.test(source)),
  ).toEqual([]);
  for (const command of ['extract', 'score', 'inspect']) {
    const packages = [...loadedWith(partOf(command))].flatMap(packagesOf);
    expect(packages, command).toContain('tinyglobby');
    expect(packages.filter((name) => /^(apache-arrow|fzstd|hyparquet)/.test(name))).toEqual([]);
  }
});

test('the reading thread comes as one file', () => {
  // Names are read in the thread, and with them their registrable domains.
  const packages = [...loadedWith('capture-thread.js')].flatMap(packagesOf);
  expect(packages.filter((name) => !name.startsWith('tldts'))).toEqual([]);
  expect(loadedWith('capture-thread.js').size).toBeLessThanOrEqual(2);
});

test('stacks shown under FLOWLAMP_DEBUG name lines of the sources, and no other failure shows one', async () => {
  const args = ['extract', 'no-such.pcap'];
  const { code, stderr } = await flowlamp(args, { env: { FLOWLAMP_DEBUG: '1' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^flowlamp: FILE_NOT_FOUND: [^\n]+\nFlowlampError: /);
  expect(stderr).toMatch(/cli\/commands\/extract\.ts:\d+:\d+\)/);
  expect((await flowlamp(args)).stderr).toMatch(/^flowlamp: FILE_NOT_FOUND: [^\n]+\n$/);
});
