/** The form of configurations, against a validator that knows all of JSON Schema, and what is said of a mistake. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { addServeOptions, type ServeOptions, sidecarConfig } from '../../../cli/serve-options.ts';
import { readConfig } from '../../../serve/config/read-config.ts';
import { configDocument } from '../../../serve/config/schema.ts';
import { temporaryFolder } from '../../cli/run.ts';

const validate = new Ajv2020({ strictTypes: false }).compile(configDocument());
const repository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folder = temporaryFolder();
afterAll(() => folder.remove());

function read(config: unknown): unknown {
  const path = folder.at('serve.yaml');
  writeFileSync(path, stringify(config));
  return readConfig(path);
}

const SOURCES = [
  { kind: 'interface', interface: 'eth0', filter: 'tcp', program: 'dumpcap', bufferKib: 4096, isImmediate: true },
  { kind: 'cap', interface: 'eth0', bufferKib: 4096 },
  { kind: 'pcap', path: '-', isLive: true },
  { kind: 'pcap-over-ip', address: 'listen:57012' },
  { kind: 'watch', folder: '/ring', journal: '/j', quietSeconds: 1, followLinks: true },
  { kind: 'replay', inputs: ['a.pcap'], speed: 0 },
];

test('docs/serve.schema.json is what the program knows', () => {
  const text = readFileSync(repository('docs/serve.schema.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(configDocument())));
});

test.each(SOURCES)('the schema and the program take %j', (source) => {
  expect([validate({ source }), read({ source })]).toEqual([true, { source }]);
});

describe('neither takes', () => {
  test.each<[unknown, RegExp]>([
    [{}, /source is missing/],
    [{ source: { kind: 'watch' } }, /line 2: source\.folder is missing/],
    [{ source: { kind: 'pcap', folder: '/x', path: '-' } }, /line 3: source has a member "folder" that means nothing/],
    [{ source: { kind: 'pcap', path: 7 } }, /source\.path is number/],
    [{ source: { kind: 'tap' } }, /source\.kind is "tap"/],
    [{ source: { kind: 'pcap', path: '-' }, sink: [] }, /"sink" that means nothing; expected perhaps sinks/],
    [{ source: { kind: 'pcap', path: '-' }, http: { port: 70_000 } }, /http\.port is 70000/],
  ])('%j', (config, said) => {
    expect(validate(config)).toBe(false);
    expect(() => read(config)).toThrow(said);
  });

  test('sinks of a type that there is not, without a target or with foreign options, which openSinks refuses', () => {
    const source = { kind: 'pcap', path: '-' };
    for (const sink of [{ type: 'kafka' }, { type: 'jsonl' }, { type: 'jsonl', path: '-', url: 'http://x' }]) {
      expect(validate({ source, sinks: [sink] }), JSON.stringify(sink)).toBe(false);
    }
  });
});

test('the configurations of the documentation and of the examples fit it', () => {
  const shown = [...readFileSync(repository('docs/serve.md'), 'utf8').matchAll(/^```yaml\n([\s\S]*?)```/gm)];
  const examples = readdirSync(repository('examples/deploy')).filter((name) => /^serve.*\.yaml$/.test(name));
  const texts = [
    ...shown.map((match) => match[1]!),
    ...examples.map((name) => readFileSync(repository(`examples/deploy/${name}`), 'utf8')),
  ];
  expect([shown.length, examples.length]).toEqual([1, 1]);
  for (const text of texts) {
    const config = parse(text) as object;
    expect(validate(config), JSON.stringify(validate.errors)).toBe(true);
    expect(read(config)).toMatchObject({ source: expect.anything() });
  }
});

test('the flags that docs/serve.md shows say what its configuration says', () => {
  const page = readFileSync(repository('docs/serve.md'), 'utf8');
  const config = parse(/^```yaml\n([\s\S]*?)```/m.exec(page)![1]!) as object;
  const flags = /win over the file:\n\n```sh\nflowlamp serve ([\s\S]*?)```/.exec(page)![1]!.replaceAll('\\\n', ' ');
  const command = addServeOptions(new Command('serve'));
  const options = command.parse(flags.trim().split(/\s+/), { from: 'user' }).opts<ServeOptions>();
  expect(sidecarConfig(options)).toEqual(config);
});
