import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Labeller } from '../../../datasets/manifest/labeller.ts';
import { captureNamed, loadManifest } from '../../../datasets/manifest/manifest.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-manifest-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['apps/chat/chat-1.pcap', 'apps/chat/chat-2.pcap', 'apps/video/video-1.pcap', 'lone.pcap']) {
  mkdirSync(join(folder, dirname(name)), { recursive: true });
  writeFileSync(join(folder, name), '');
}

function load(text: string, name = 'm.yaml') {
  writeFileSync(join(folder, name), text);
  return loadManifest(join(folder, name));
}

const refused = (text: string, name?: string) => {
  try {
    new Labeller(load(text, name));
  } catch (error) {
    expect(error).toMatchObject({ code: 'MANIFEST_INVALID' });
    expect((error as Error).message).not.toContain('\n');
    return (error as Error).message;
  }
  return 'accepted';
};

test('names in a pattern take the label from the folder, and other groups from the name', () => {
  const { captures } = load('version: 1\ncaptures: [{ glob: "apps/{label}/{label}-{date}.pcap" }]\n');
  expect(captures.map(({ file, label, date }) => [file, label, date])).toEqual([
    ['apps/chat/chat-1.pcap', 'chat', '1'],
    ['apps/chat/chat-2.pcap', 'chat', '2'],
    ['apps/video/video-1.pcap', 'video', '1'],
  ]);
});

test('an entry for a file goes before a pattern that matches it too, and an earlier pattern before a later one', () => {
  const { captures } = load(`version: 1
captures:
  - { glob: "apps/chat/*", label: chat }
  - { glob: "apps/**/*.pcap", label: other }
  - { file: apps/chat/chat-2.pcap, label: special }
`);
  expect(captures.map(({ file, label }) => `${file} ${label}`).sort()).toEqual([
    'apps/chat/chat-1.pcap chat',
    'apps/chat/chat-2.pcap special',
    'apps/video/video-1.pcap other',
  ]);
});

test('names start from the root; what all captures have in common is said once', () => {
  const manifest = load('version: 1\nroot: apps\nlicence: CC0-1.0\nsite: lab\ncaptures: [{ glob: "chat/*" }]\n');
  expect(manifest.captures[0]).toMatchObject({ file: 'chat/chat-1.pcap', licence: 'CC0-1.0', site: 'lab' });
  expect(manifest.captures[0]!.path).toBe(join(folder, 'apps/chat/chat-1.pcap'));
  expect(captureNamed(manifest, '/elsewhere/chat-2.pcap')?.file).toBe('chat/chat-2.pcap');
});

const head = 'version: 1\ncaptures: [{ file: lone.pcap }]\n';

test.each([
  [
    'version: 1\ncaptures:\n  - file: lone.pcap\n    lable: x\n',
    /line 4: captures\[0\] has a member "lable".*perhaps label/,
  ],
  [
    'version: 1\ncaptures:\n  - file: lone.pcap\n    label: 1\n',
    /line 4: captures\[0\]\.label is number; expected text/,
  ],
  ['version: 1\nversion: 1\ncaptures: []\n', /it is no YAML \(Map keys must be unique at line 2/],
  ['version: 1\ncaptures: [\n', /it is no YAML/],
  ['', /the manifest is null/],
  [
    `version: 1\ncaptures: [{ glob: "apps/*/*.pcapng" }]\n`,
    /no file matches apps\/\*\/\*\.pcapng in .*perhaps .*apps\/chat\/chat-1/,
  ],
  [`version: 1\ncaptures: [{ glob: "{name}.pcap" }]\n`, /has \{name\}; expected \{label\}, \{site\}/],
  [
    `version: 1\ncaptures: [{ file: lone.pcap }, { file: ./lone.pcap }]\n`,
    /captures\[1\]\.file names \.\/lone\.pcap once more/,
  ],
  [`${head}default: x\nrest: drop\n`, /a default label and drops the rest/],
  [`${head}labels: [{ flow: { src_ip: 10.0.0.1 } }]\n`, /labels\[0\]\.label is missing/],
  [
    `${head}labels: [{ flow: { src_ip: 10.0.0.256 }, label: x }]\n`,
    /src_ip is "10\.0\.0\.256"; expected an IPv4 or IPv6 address/,
  ],
  [
    `${head}labels: [{ flow: { src_ip: 10.0.0.1, from: yesterday }, label: x }]\n`,
    /from is "yesterday"; expected a time such as/,
  ],
  [`${head}labels: [{ flow: {}, label: x }]\n`, /labels\[0\]\.flow is empty/],
  [`${head}labels: [{ csv: a.csv, where: "a == 1", label: x }]\n`, /more than one of flow, where and csv/],
  [
    `${head}labels: [{ captures: "lome.pcap", label: x }]\n`,
    /none of the captures matches lome\.pcap; expected perhaps lone\.pcap/,
  ],
])('%j is refused in one line', (text, message) => {
  expect(refused(text)).toMatch(message);
});

test('hostile YAML is refused: aliases that multiply, depth without end, keys that mean more than themselves', () => {
  const bomb = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${i === 0 ? '1' : `*a${i - 1}, *a${i - 1}, *a${i - 1}, *a${i - 1}`}]`,
  );
  expect(refused(`${bomb.join('\n')}\n`)).toMatch(/it is no YAML \(Excessive alias count/);
  expect(refused(`version: 1\ncaptures: ${'['.repeat(50_000)}\n`)).toMatch(/it is no YAML|is a list/);
  expect(refused('version: 1\ncaptures: []\n__proto__: { polluted: true }\n')).toMatch(
    /"__proto__" that means nothing/,
  );
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(refused(`version: 1\ncaptures: [{ glob: "${'{label}*'.repeat(9)}" }]\n`)).toMatch(
    /no file matches|too much of a pattern/,
  );
});

test('JSON goes on working, with the same words', () => {
  expect(refused('{"version": 1, "captures": [{"file": "a.pcap", "flows": {}}]}', 'm.json')).toMatch(
    /captures\[0\]\.flows is object; expected a list/,
  );
});
