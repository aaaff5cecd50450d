/** Our reading of the manifest's JSON Schema, against a validator that knows all of JSON Schema. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { firstMistake } from '../../../datasets/manifest/check.ts';
import { MANIFEST_SCHEMA } from '../../../datasets/manifest/schema.ts';

const validate = new Ajv2020({ strictTypes: false }).compile(MANIFEST_SCHEMA);
const repository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const flow = { src_ip: '10.0.0.1', src_port: 1, dst_ip: '10.0.0.2', dst_port: 2, protocol: 'tcp', label: 'x' };
const capture = { file: 'a.pcap' };
const withCapture = (change: object) => ({ version: 1, captures: [{ ...capture, ...change }] });
const withRule = (rule: object) => ({ version: 1, captures: [capture], labels: [rule] });

test.each([
  { version: 1, captures: [] },
  withCapture({ label: 'x', role: 'train', flows: [flow, { ...flow, from: 1.5, until: '2024-05-01T00:00:00Z' }] }),
  withRule({ flow: { dst_port: 3333 }, label: 'mining' }),
  withRule({ csv: 'flows.csv', map: { Miner: 'mining' }, columns: { a: 'client' } }),
])('accepted by both: %j', (manifest) => {
  expect([firstMistake(MANIFEST_SCHEMA, manifest), validate(manifest)]).toEqual([null, true]);
});

test.each<[unknown, string, string]>([
  [null, 'the manifest is null', 'an object'],
  [[], 'the manifest is a list', 'an object'],
  [{ version: 2, captures: [] }, 'version is 2', 'version 1'],
  [{ version: 1 }, 'captures is missing', 'a list'],
  [{ version: 1, captures: {} }, 'captures is object', 'a list'],
  [{ version: 1, capures: [] }, 'the manifest has a member "capures" that means nothing', 'perhaps captures'],
  [{ version: 1, captures: [], rest: 'remove' }, 'rest is "remove"', 'keep or drop'],
  [withCapture({ lable: 'x' }), 'captures[0] has a member "lable" that means nothing', 'perhaps label'],
  [withCapture({ glob: '*' }), 'captures[0] has file and glob', 'one of them'],
  [withCapture({ sha256: 'abc' }), 'captures[0].sha256 is "abc"', 'the SHA-256 of the file, 64 hexadecimal digits'],
  [withCapture({ label: 7 }), 'captures[0].label is number', 'text'],
  [withCapture({ label: '' }), 'captures[0].label is empty', 'text'],
  [withCapture({ label: 'x'.repeat(201) }), 'captures[0].label has 201 characters', 'at most 200'],
  [withCapture({ flows: [{ ...flow, dst_port: 1.5 }] }), 'captures[0].flows[0].dst_port is number', 'a port number'],
  [withCapture({ flows: [{ ...flow, dst_port: -1 }] }), 'captures[0].flows[0].dst_port is -1', 'a port number'],
  [withRule({}), 'labels[0] has none of flow, where, csv, captures', 'one of them'],
  [
    withRule({ flow: { port: 1 }, label: 'x' }),
    'labels[0].flow has a member "port" that means nothing',
    'some of src_ip, src_port, dst_ip, dst_port, protocol, from, until',
  ],
])('refused by both: %j', (manifest, happened, expected) => {
  const mistake = firstMistake(MANIFEST_SCHEMA, manifest);
  expect(mistake).toMatchObject({ happened, expected });
  expect(validate(manifest)).toBe(false);
});

test('docs/manifest.schema.json is what the program prints', () => {
  const text = readFileSync(repository('docs/manifest.schema.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(MANIFEST_SCHEMA)));
});

test('manifests of the tests and of the lab fit it', () => {
  const folder = repository('test/datasets/manifests/');
  const manifests = readdirSync(folder).map((name) => parse(readFileSync(`${folder}${name}`, 'utf8')));
  manifests.push(JSON.parse(readFileSync(repository('datasets/samples/manifest.json'), 'utf8')));
  for (const manifest of manifests) expect(validate(manifest), JSON.stringify(validate.errors)).toBe(true);
});
