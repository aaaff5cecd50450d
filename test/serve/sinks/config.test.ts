/** What sinks are configured with: shorthand of the command line, objects, and what is said of those that are wrong. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { checkSinkConfig } from '../../../serve/sinks/check-config.ts';
import type { SinkConfig } from '../../../serve/sinks/config.ts';
import { openSink, openSinks } from '../../../serve/sinks/open-sink.ts';
import { SINK_OPTIONS, sinkSchema } from '../../../serve/sinks/options.ts';
import { parseSinkUrl } from '../../../serve/sinks/sink-url.ts';
import { folder, live } from './items.ts';

test.each<[string, SinkConfig]>([
  ['jsonl:/var/log/v.jsonl', { type: 'jsonl', path: '/var/log/v.jsonl' }],
  ['jsonl:-', { type: 'jsonl', path: '-' }],
  [
    'jsonl:v.jsonl?rotate-bytes=100M&rotate-seconds=1h&keep=3&gzip=true&kinds=rows,alert&columns=flow_id,verdict',
    {
      type: 'jsonl',
      path: 'v.jsonl',
      rotateBytes: 104_857_600,
      rotateSeconds: 3600,
      keep: 3,
      gzip: true,
      kinds: ['rows', 'alert'],
      columns: ['flow_id', 'verdict'],
    },
  ],
  ['eve:/var/log/eve.json', { type: 'eve', path: '/var/log/eve.json' }],
  ['eve:unix:/run/suricata/x.sock', { type: 'eve', socket: '/run/suricata/x.sock' }],
  [
    'webhook:https://siem.example:8443/a/b?secret-env=HOOK&batch-seconds=500ms&timeout-seconds=3',
    { type: 'webhook', url: 'https://siem.example:8443/a/b', secretEnv: 'HOOK', batchSeconds: 0.5, timeoutSeconds: 3 },
  ],
  ['syslog:udp://127.0.0.1:514', { type: 'syslog', address: 'udp://127.0.0.1:514' }],
  ['syslog:unix:/dev/x?framing=newline', { type: 'syslog', address: 'unix:/dev/x', framing: 'newline' }],
  ['arrow:/dir', { type: 'arrow', folder: '/dir' }],
  [
    'parquet:/dir?policy=spill&spill-folder=%2Fvar%2Fspool&spill-bytes=1G&queue-items=5&queue-bytes=1M',
    {
      type: 'parquet',
      folder: '/dir',
      policy: 'spill',
      spillFolder: '/var/spool',
      spillBytes: 1_073_741_824,
      queueItems: 5,
      queueBytes: 1_048_576,
    },
  ],
])('%s', (text, config) => {
  expect(parseSinkUrl(text)).toEqual(config);
});

test.each([
  ['', 'names no sink'],
  ['/var/log/x', 'names no sink'],
  ['kafka:x', 'there is no sink kafka; expected one of jsonl, eve, webhook, syslog, arrow, parquet'],
  ['jsonl:', 'names no target'],
  ['jsonl:x?rotate-byte=1', 'has no option rotate-byte; expected some of name, policy, queue-items'],
  ['jsonl:x?keep=1&keep=2', 'says an option twice'],
  ['jsonl:x?path=y', 'says its target twice'],
  ['jsonl:x?type=eve', 'says its target twice'],
  ['jsonl:x?__proto__=1', 'has no option'],
  ['jsonl:x?keep=-1', 'keep of a sink jsonl is no number that is possible; expected 0 to 100000'],
  ['jsonl:x?keep=1.5', 'is no number that is possible'],
  ['jsonl:x?rotate-bytes=10X', 'is no number that is possible'],
  ['jsonl:x?gzip=yes', 'is neither true nor false'],
  ['jsonl:x?policy=wait', 'expected one of drop-oldest, spill, block'],
  ['jsonl:x?policy=spill', 'has no spillFolder'],
  ['jsonl:x?spill-folder=y', 'has a spillFolder, and another policy'],
  ['jsonl:x?kinds=rows,packets', 'names one that there is not; expected some of rows, alert, record'],
  ['eve:x?kinds=record', 'expected some of rows, alert'],
  ['eve:x?socket=/y', 'says an option twice|not exactly one place'],
  ['arrow:x?kinds=rows,alert', 'more than one kind'],
  ['arrow:x?prefix=../y', 'no beginning of a file name'],
  ['jsonl:x?name=a%20b', 'the name of a sink is none'],
  ['jsonl:x?columns=', 'is no list'],
])('%s is refused: %s', (text, said) => {
  let error: unknown;
  try {
    parseSinkUrl(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(said) });
});

test('a target that is a secret is in no error', () => {
  for (const text of [
    'webhook:https://hooks.example/S3CRET?secrte-env=X',
    'webhook:https://hooks.example/S3CRET?a=S3CRET',
    'S3CRET',
  ]) {
    expect(() => parseSinkUrl(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('S3CRET') }),
    );
  }
});

test('an object is what a file of YAML holds, with units where there are some', () => {
  expect(
    checkSinkConfig({ type: 'jsonl', path: 'x', rotateBytes: '1G', timeoutSeconds: '250ms', gzip: false }),
  ).toEqual({
    type: 'jsonl',
    path: 'x',
    rotateBytes: 1_073_741_824,
    timeoutSeconds: 0.25,
    gzip: false,
  });
  for (const value of [null, 5, 'jsonl', [], {}, { type: 'jsonl' }, { type: 'jsonl', path: 5 }, { type: 'toString' }]) {
    expect(() => checkSinkConfig(value)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
});

test('the schema takes what is taken, and refuses what is refused', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(sinkSchema());
  for (const text of [
    'jsonl:x?keep=3&gzip=true&kinds=rows',
    'eve:unix:/x',
    'webhook:http://x?secret-env=H',
    'arrow:/x?compress=zstd',
  ])
    expect(validate(parseSinkUrl(text)), text).toBe(true);
  expect(validate({ type: 'jsonl', path: 'x', rotateBytes: '64M', rotateSeconds: '5m' })).toBe(true);
  for (const value of [{}, { type: 'jsonl' }, { type: 'jsonl', path: 'x', keep: -1 }, { type: 'arrow', path: 'x' }])
    expect(validate(value)).toBe(false);
});

test('policy block is for sources that can wait', async () => {
  const config: SinkConfig = { type: 'syslog', address: 'udp://127.0.0.1:9', policy: 'block' };
  await expect(openSink(config, live)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await (await openSink(config, { ...live, sourceIsLive: false })).close();
});

test('sinks without a name are called after their type, and none twice', async () => {
  const config: SinkConfig = { type: 'syslog', address: 'udp://127.0.0.1:9' };
  const sinks = await openSinks([config, { ...config, name: 'syslog-2' }, config, config], live);
  expect(sinks.map(({ name }) => name)).toEqual(['syslog', 'syslog-2', 'syslog-3', 'syslog-4']);
  for (const sink of sinks) await sink.close();
  const twice = openSinks(
    [
      { ...config, name: 'a' },
      { ...config, name: 'a' },
    ],
    live,
  );
  await expect(twice).rejects.toThrow('two sinks are called a');
});

test('where one sink cannot be opened, those before it are closed', async () => {
  const path = folder();
  const configs: SinkConfig[] = [
    { type: 'arrow', folder: path },
    { type: 'jsonl', path: '/no/such/folder/x' },
  ];
  await expect(openSinks(configs, live)).rejects.toMatchObject({
    code: 'OUTPUT_UNWRITABLE',
    message: expect.stringContaining('sink 2 of 2 (jsonl): '),
  });
  await (await openSink({ type: 'arrow', folder: path }, live)).close();
});

test('every option of every type is one of the table', () => {
  expect(Object.keys(SINK_OPTIONS)).toEqual(['jsonl', 'eve', 'webhook', 'syslog', 'arrow', 'parquet']);
  for (const specs of Object.values(SINK_OPTIONS)) {
    for (const [name, { about }] of Object.entries(specs)) expect([name, about.length > 5]).toEqual([name, true]);
  }
});

test('docs/sinks.md names every option, as it is written on the command line', () => {
  const page = readFileSync(new URL('../../../docs/sinks.md', import.meta.url), 'utf8');
  const names = Object.values(SINK_OPTIONS).flatMap((specs) => Object.keys(specs));
  const targets = new Set(['path', 'socket', 'url', 'address', 'folder']);
  const missing = names
    .filter((name) => !targets.has(name))
    .map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    .filter((name) => !page.includes(`\`${name}`));
  expect(missing).toEqual([]);
});
