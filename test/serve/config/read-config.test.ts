/** A configuration file: YAML and JSON say the same, and a mistake is told with its line. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../serve/config/read-config.ts';
import { scratch } from '../sources/support.ts';

const WHOLE = {
  source: { kind: 'watch', folder: '/captures', journal: '/state/journal.json', quietSeconds: 10 },
  model: 'mining',
  flows: { idleTimeout: 60, activeTimeout: 900, maxFlows: 1_000, keyVlan: true, emit: ['end', 'prefix:5'] },
  sinks: [{ type: 'jsonl', path: '/out.jsonl', rotateBytes: '100M' }],
  http: { host: '127.0.0.1', port: 9_999, allowedHosts: ['sensor.example'] },
  alerts: { quietSeconds: 60, minRisk: 5, perDay: 3, suppress: '/rules.yaml' },
  feeds: { sources: ['/feed.csv'], allowLists: ['/allowed.txt'], maxAgeDays: 90, refreshHours: 2, poolList: false },
  logins: { reveal: false, saltFile: '/salt' },
  evidence: { folder: '/evidence', packets: 10, bytes: 1_048_576 },
  hostSeconds: 60,
  driftSeconds: 60,
  statusSeconds: 5,
  feedback: '/feedback.jsonl',
  state: '/state.json',
  log: 'warn',
  drainSeconds: 3,
};

function written(text: string, name = 'serve.yaml'): string {
  const path = scratch().at(name);
  writeFileSync(path, text);
  return path;
}

test('every section, in YAML and in JSON', () => {
  expect(readConfig(written(stringify(WHOLE)))).toEqual(WHOLE);
  expect(readConfig(written(JSON.stringify(WHOLE), 'serve.json'))).toEqual(WHOLE);
  const off = { source: WHOLE.source, http: { enabled: false } };
  expect(readConfig(written(stringify(off))).http).toBe(false);
});

test.each([
  ['source:\n  kind: replay\n  inputs: [a.pcap]\nhttp:\n  port: high\n', 5, 'http.port'],
  ['source:\n  kind: replay\n  inputs: [a.pcap]\nmodle: mining\n', 4, 'modle'],
  [
    'source:\n  kind: replay\n  inputs: [a.pcap]\n  filter: tcp\n',
    4,
    'source has a member "filter" that means nothing',
  ],
  ['source:\n  kind: interface\n', 2, 'source.interface is missing'],
  ['source:\n  kind: telepathy\n', 2, 'source.kind'],
  [
    'source:\n  kind: replay\n  inputs: [a.pcap]\nsinks:\n  - type: jsonl\n    path: x\n  - type: webhook\n    secretEnv: X\n',
    7,
    'sinks[1]: a sink webhook has no url',
  ],
])('a mistake: %j', (text, line, words) => {
  const path = written(text);
  expect(() => readConfig(path)).toThrow(`${path}, line ${line}: `);
  expect(() => readConfig(path)).toThrow(words);
});
