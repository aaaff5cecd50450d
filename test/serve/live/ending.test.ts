/** How a run ends: stopped in the middle or while the source opens, and captures that are damaged or none. */
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { SourceConfig } from '../../../serve/sources/config.ts';
import { sample } from '../../cli/run.ts';
import { cutBefore, fifo, openHere, rowSet, rowsOf, runHere, runThrough, scored, scratch, soon } from './support.ts';

const demo = readFileSync(sample('demo.pcap'));

/** The facts of the line that is logged at the end. */
function lastWords(text: string): Readonly<Record<string, unknown>> {
  const line = text.split('\n').findLast((one) => one.startsWith('info: stopped '))!;
  return JSON.parse(line.slice('info: stopped '.length));
}

test('a replay that is stopped between packets is not damaged, and no flow lives after it', async () => {
  const out = scratch().at('out.jsonl');
  const { log, stop } = await runHere({
    source: { kind: 'replay', inputs: [sample('demo.pcap')], speed: 300 },
    flows: { emit: ['end', 'prefix:1'] },
    sinks: [{ type: 'jsonl', path: out, kinds: ['rows', 'record'] }],
    statusSeconds: 60,
  });
  await soon(() => rowsOf(out).length).toBeGreaterThan(0);
  await stop();
  expect(log.text()).not.toMatch(/^(warn|error):/m);
  const rows = rowsOf(out);
  expect(rows.filter((row) => row['row_kind'] === 'end').length).toBeGreaterThan(0);
  expect(rows.findLast(({ record }) => record === 'status')).toMatchObject({ liveFlows: 0 });
  expect(lastWords(log.text())).toMatchObject({ source: 'ended', liveFlows: 0 });
});

/** Sources that have brought nothing yet, each in another way. */
const opening: [string, (at: (name: string) => string) => Promise<SourceConfig>][] = [
  ['a FIFO that nobody writes to', async (at) => ({ kind: 'pcap', path: fifo(at('packets')) })],
  [
    'a sensor that accepts and says nothing',
    async () => {
      const server = createServer(() => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      return { kind: 'pcap-over-ip', address: `127.0.0.1:${(server.address() as { port: number }).port}` };
    },
  ],
  ['a port that nobody connects to', async () => ({ kind: 'pcap-over-ip', address: 'listen:127.0.0.1:0' })],
  [
    'a capturing program that does not open its interface',
    async (at) => {
      writeFileSync(at('tcpdump'), '#!/bin/sh\nwhile :; do sleep 0.05; done\n');
      chmodSync(at('tcpdump'), 0o755);
      return { kind: 'interface', interface: 'eth0', program: at('tcpdump') };
    },
  ],
  [
    'a folder without a file',
    async (at) => {
      mkdirSync(at('ring'));
      return { kind: 'watch', folder: at('ring'), journal: at('journal.json') };
    },
  ],
];

test.each(opening)('stopped while it opens, it ends well: %s', async (_, make) => {
  const folder = scratch();
  const { log, stop } = await runHere({
    source: await make(folder.at),
    sinks: [{ type: 'jsonl', path: folder.at('out') }],
  });
  await stop();
  expect(lastWords(log.text())).toMatchObject({ source: 'ended', packets: 0, liveFlows: 0 });
  expect(log.text()).not.toMatch(/^error:/m);
});

test('/readyz: 503 before packets are read, and while no sink takes anything; 200 when one does again', async () => {
  const folder = scratch();
  let isUp = false;
  const server = createHttpServer((_, response) => void response.writeHead(isUp ? 200 : 500).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  writeFileSync(folder.at('secret'), 'k'.repeat(32));
  const path = fifo(folder.at('packets'));
  const feed = openSync(path, 'r+');
  const { sidecar, start } = await openHere({
    source: { kind: 'pcap', path },
    sinks: [
      {
        type: 'webhook',
        url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
        secretFile: folder.at('secret'),
        batchSeconds: 0,
      },
    ],
    http: { port: 0 },
  });
  const ready = async () => {
    const response = await fetch(`${sidecar.url}/readyz`);
    return [response.status, await response.json()];
  };
  const shown = (source: string, alive: boolean) => ({ source, model: true, sinks: [{ name: 'webhook', alive }] });
  expect(await ready()).toEqual([503, { status: 'not ready', ...shown('waiting', true) }]);
  const ended = start();
  await soon(ready).toEqual([200, { status: 'ready', ...shown('running', true) }]);
  for (let at = 0; at < demo.length; ) at += writeSync(feed, demo, at, Math.min(4_096, demo.length - at));
  await soon(ready).toEqual([503, { status: 'not ready', ...shown('running', false) }]);
  isUp = true;
  await soon(ready).toEqual([200, { status: 'ready', ...shown('running', true) }]);
  closeSync(feed);
  await ended;
});

test('a file that is cut, or turns into something else, is judged as far as it goes, with a warning', async () => {
  const [part] = cutBefore(demo, 400) as [Uint8Array];
  const folder = scratch();
  writeFileSync(folder.at('part.pcap'), part);
  const batch = rowSet(await scored(folder.at('part.pcap')));
  const damaged = {
    cut: [demo.subarray(0, part.length + 31), 'cut off in the middle of a record'],
    rubbish: [Buffer.concat([part, Buffer.alloc(4_096, 0xff)]), 'a record with an impossible length'],
  } as const;
  for (const [name, [bytes, words]] of Object.entries(damaged)) {
    const path = folder.at(name);
    writeFileSync(path, bytes);
    const { log } = await runThrough({
      source: { kind: 'pcap', path },
      flows: { emit: ['end'] },
      sinks: [{ type: 'jsonl', path: folder.at(`${name}.jsonl`) }],
    });
    expect(log.text()).toContain(`warn: ${path}: ${words} after 400 packets; read up to there`);
    expect(rowSet(readFileSync(folder.at(`${name}.jsonl`), 'utf8'))).toEqual(batch);
    expect(lastWords(log.text())).toMatchObject({ source: 'ended', packets: 400 });
  }
});
