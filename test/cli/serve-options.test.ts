/** What flags come to, alone and over a configuration file. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addServeOptions, type ServeOptions, sidecarConfig } from '../../cli/serve-options.ts';
import { scratch } from '../serve/sources/support.ts';

function configOf(...args: readonly string[]) {
  const command = addServeOptions(new Command('serve').exitOverride());
  command.parse([...args], { from: 'user' });
  return sidecarConfig(command.opts<ServeOptions>());
}

test.each([
  [
    ['--interface', 'eth0', '--bpf', 'tcp', '--buffer-mib', '2'],
    { kind: 'interface', filter: 'tcp', bufferKib: 2_048 },
  ],
  [['--interface', 'eth0', '--capture', 'cap'], { kind: 'cap', interface: 'eth0' }],
  [['--pcap', '-'], { kind: 'pcap', path: '-' }],
  [['--pcap-over-ip', 'h:1'], { kind: 'pcap-over-ip', address: 'h:1' }],
  [['--watch', '/d'], { kind: 'watch', folder: '/d' }],
  [['--replay', 'a', '--replay', 'b', '--speed', '0'], { kind: 'replay', inputs: ['a', 'b'], speed: 0 }],
])('%j is a source', (args, source) => {
  expect(configOf(...args).source).toMatchObject(source);
});

test('without sinks alerts and records go to standard output; a service is there, but for a replay', () => {
  const { sinks, http } = configOf('--pcap', '-');
  expect(sinks).toEqual([{ type: 'jsonl', path: '-', kinds: ['alert', 'record'] }]);
  expect(http).toEqual({});
  expect(configOf('--replay', 'a').http).toBe(false);
  expect(configOf('--replay', 'a', '--http', '[::1]:80').http).toEqual({ host: '::1', port: 80 });
  expect(configOf('--pcap', '-', '--no-http').http).toBe(false);
});

test('flags win over the file, member by member', () => {
  const path = scratch().at('serve.yaml');
  writeFileSync(
    path,
    'source: { kind: watch, folder: /d }\nflows: { idleTimeout: 60, maxFlows: 9 }\nalerts: { minRisk: 3 }\nhttp: { port: 1 }\nmodel: a\nlog: warn\n',
  );
  const config = configOf('--config', path, '--idle-timeout', '5', '--quiet-period', '7', '--model', 'b', '--quiet');
  expect(config).toMatchObject({
    source: { kind: 'watch', folder: '/d' },
    flows: { idleTimeout: 5, maxFlows: 9 },
    alerts: { minRisk: 3, quietSeconds: 7 },
    http: { port: 1 },
    model: 'b',
    log: 'error',
  });
  expect(configOf('--config', path, '--pcap', '-').source).toEqual({ kind: 'pcap', path: '-' });
});

test.each([
  [[], 'told of no packets'],
  [['--pcap', '-', '--watch', '/d'], 'several sources'],
  [['--pcap', '-', '--speed', '2'], '--speed does nothing here'],
  [['--watch', '/d', '--bpf', 'tcp'], '--bpf does nothing here'],
  [['--pcap', '-', '--http', '9477'], '--http is 9477'],
  [['--pcap', '-', '--sink', 'jsonl:/x?no-such=1'], 'no-such'],
  [['--pcap', '-', '--sink', 'carrier-pigeon:/x'], 'sink'],
])('%j is refused', (args, words) => {
  expect(() => configOf(...args)).toThrow(words);
});

test('of several sinks it is said which one is refused', () => {
  const refused = () => configOf('--replay', 'a', '--sink', 'jsonl:x', '--sink', 'webhook:https://h/S3CRET?a=1');
  expect(refused).toThrow('--sink number 2: a sink webhook has no option a');
  expect(refused).not.toThrow('S3CRET');
});
