/** The whole sidecar, killed with SIGKILL in the middle of its work, and the next one over the same folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { readTable } from '../../../features/files/table-reader.ts';
import { sample } from '../../cli/run.ts';
import { cutBefore, rowSet, rowsOf, scored, scratch, serveApart, soon } from './support.ts';

const demo = readFileSync(sample('demo.pcap'));

/** Flows of all files of a folder of tables. */
async function flowsIn(folder: string): Promise<Set<unknown>> {
  const flows = new Set<unknown>();
  for (const name of readdirSync(folder).filter((one) => /\.arrow$/.test(one))) {
    const path = join(folder, name);
    await readTable(path, 'arrow', ({ columns, length }) => {
      const { values } = columns.get('flow_id') as { values: Float64Array };
      for (let row = 0; row < length; row++) flows.add(values[row]);
    });
  }
  return flows;
}

test.each([0, 120])(
  'killed %i ms after its first row: the next covers all flows, and no line is broken',
  async (ms) => {
    const folder = scratch();
    const ring = folder.at('ring');
    mkdirSync(ring);
    const received: string[] = [];
    let isUp = false;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        if (isUp) received.push(body);
        response.writeHead(isUp ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const secret = folder.at('secret');
    writeFileSync(secret, 'k'.repeat(32));
    const config = folder.at('serve.json');
    const rows = folder.at('rows.jsonl');
    const tables = folder.at('tables');
    const sinks = [
      { type: 'jsonl', path: rows },
      { type: 'arrow', folder: tables, batchSeconds: 0 },
      {
        ...{ type: 'webhook', url: `http://127.0.0.1:${port}/`, secretFile: secret, columns: ['flow_id'] },
        ...{ policy: 'spill', spillFolder: folder.at('spill'), queueItems: 100, batchSeconds: 0 },
      },
      { type: 'jsonl', name: 'alerts', path: folder.at('alerts.jsonl'), kinds: ['alert'] },
    ];
    const source = { kind: 'watch', folder: ring, journal: folder.at('journal.json'), pollSeconds: 0.05 };
    writeFileSync(
      config,
      JSON.stringify({ source, sinks, flows: { emit: ['end', 'prefix:5'] }, http: { enabled: false } }),
    );
    const parts = cutBefore(demo, 500, 1_000, 1_600);
    const add = (i: number) =>
      writeFileSync(join(ring, `${i}.pcap`), i === 0 ? parts[0]! : Buffer.concat([demo.subarray(0, 24), parts[i]!]));

    const first = serveApart('--config', config);
    add(0);
    add(1);
    await soon(() => rowsOf(rows).length).toBeGreaterThan(0);
    await wait(ms);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    isUp = true;
    const second = serveApart('--config', config, '--status-every', '0.1');
    add(2);
    add(3);
    const batch = rowSet(await scored(sample('demo.pcap'), '--emit', 'end', '--emit', 'prefix:5'));
    // Whichever are still open at the end of the last file are judged when it drains.
    await soon(
      () => new Set(rowSet(readFileSync(rows, 'utf8')).filter((row) => batch.includes(row))).size,
    ).toBeGreaterThan(batch.length - 8);
    await wait(300);
    second.child.kill('SIGTERM');
    expect(await second.ended, second.said()).toBe(0);

    const lines = readFileSync(rows, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
    expect(batch.filter((row) => !rowSet(lines.join('\n')).includes(row))).toEqual([]);
    const flows = new Set(rowsOf(rows).map((row) => row['flow_id']));
    expect(await flowsIn(tables)).toEqual(flows);
    const told = new Set(rowsOf(folder.at('alerts.jsonl')).map((row) => row['flow_id']));
    const webhook = new Set([...received.join('\n').matchAll(/"flow_id":(\d+)/g)].map(([, id]) => Number(id)));
    expect(webhook).toEqual(told);
    expect(existsSync(folder.at('journal.json'))).toBe(true);
  },
);

/** A webhook that answers what it is told to, and keeps the ids of what it took. */
async function hook(): Promise<{ readonly url: string; readonly ids: string[]; isUp: boolean }> {
  const state = { url: '', ids: [] as string[], isUp: false };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      if (state.isUp) state.ids.push(...JSON.parse(body).items.map(({ id }: { id: string }) => id));
      response.writeHead(state.isUp ? 200 : 500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  state.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
  return state;
}

interface SinkStatus {
  readonly accepted: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly spilled: number;
  readonly waiting: number;
}

test('killed while a webhook spills: the next run delivers what was on disk, and the counters say what is missing', async () => {
  const folder = scratch();
  const server = await hook();
  const [secretFile, told, config] = [folder.at('secret'), folder.at('told.jsonl'), folder.at('serve.json')];
  writeFileSync(secretFile, 'k'.repeat(32));
  const spill = { policy: 'spill', spillFolder: folder.at('spill'), queueItems: 2, batchItems: 1, batchSeconds: 0 };
  const sinks = [
    { type: 'webhook', url: server.url, secretFile, ...spill },
    { type: 'jsonl', path: told, kinds: ['alert', 'record'] },
  ];
  const rest = { statusSeconds: 0.1, http: { enabled: false }, alerts: { quietSeconds: 0 } };
  writeFileSync(config, JSON.stringify({ source: { kind: 'pcap', path: '-' }, sinks, ...rest }));
  const status = () => rowsOf(told).findLast(({ record }) => record === 'status');
  const ofHook = () => (status()?.['sinks'] as Record<string, SinkStatus> | undefined)?.['webhook'];

  // Standard input stays open, and is not read again by the next run.
  const first = serveApart('--config', config);
  first.child.stdin!.write(demo);
  await soon(() => status()?.['packets']).toBe(2_245);
  await soon(() => ofHook()?.spilled).toBeGreaterThan(0);
  await wait(300);
  first.child.kill('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  const before = ofHook()!;
  const alerts = rowsOf(told).filter(({ alert }) => alert !== undefined).length;
  // Every alert is somewhere: half of the queue is before the disk, and what waits there dies with the process.
  expect(before.accepted).toBe(alerts);
  expect(before).toMatchObject({ accepted: before.dropped + before.spilled + before.waiting, delivered: 0 });
  expect(before.waiting).toBeLessThanOrEqual(3);

  server.isUp = true;
  const second = serveApart('--config', config);
  second.child.stdin!.end(demo.subarray(0, 24));
  expect(await second.ended, second.said()).toBe(0);
  const missing = alerts - new Set(server.ids).size;
  expect(missing).toBe(before.dropped + before.waiting);
  expect(new Set(server.ids).size).toBe(before.spilled);
});
