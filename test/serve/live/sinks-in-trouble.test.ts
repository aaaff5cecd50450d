/** A sink in trouble takes nothing from the others, nor from the capture, and what it lost is told. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SinkConfig } from '../../../serve/sinks/config.ts';
import { jsonRows, sample } from '../../cli/run.ts';
import { pcap } from '../../support/captures.ts';
import { udp } from '../../support/frames.ts';
import { rowSet, rowsOf, runHere, runThrough, scored, scratch } from './support.ts';

const demo = sample('demo.pcap');
const source = { kind: 'replay', inputs: [demo], speed: 0 } as const;

/** Listens until the test is over. */
async function listening(server: Server, place: string | null = null): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    if (place === null) server.listen(0, '127.0.0.1', resolve);
    else server.listen(place, resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return place === null ? (server.address() as { port: number }).port : 0;
}

/** The line that is logged at the end. */
function lastWords(text: string): Record<'lostBySinks' | 'rowsLostBySinks' | 'scored', Record<string, number>> {
  return JSON.parse(
    text
      .split('\n')
      .findLast((line) => line.startsWith('info: stopped'))!
      .slice('info: stopped '.length),
  );
}

test('a sink that is in no trouble loses nothing, though rows come faster than it has room for', async () => {
  const folder = scratch();
  const flows = Array.from({ length: 20_000 }, (_, i) => ({
    at: i / 1_000,
    bytes: udp(`10.${i >> 12}.${(i >> 4) & 0xff}.${i & 15}:5000`, '10.99.0.1:53', new Uint8Array(20)),
  }));
  writeFileSync(folder.at('many.pcap'), pcap(flows));
  const { log } = await runThrough({
    source: { kind: 'replay', inputs: [folder.at('many.pcap')], speed: 0 },
    sinks: [{ type: 'jsonl', path: folder.at('rows'), queueItems: 8, columns: ['flow_id'] }],
  });
  expect(lastWords(log.text()).lostBySinks).toEqual({ jsonl: 0 });
  expect(rowsOf(folder.at('rows'))).toHaveLength(20_000);
});

describe('sinks that hang, refuse, or answer 500', () => {
  test('capture and the other sinks go on, and all that was lost is counted', async () => {
    const folder = scratch();
    const secretFile = folder.at('secret');
    writeFileSync(secretFile, 'k'.repeat(32));
    const deaf = await listening(createServer(() => undefined));
    const broken = await listening(createServer((_, response) => void response.writeHead(500).end()));
    await listening(createSocketServer({ pauseOnConnect: true }), folder.at('never-reads.sock'));
    const gone = createSocketServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port: refusing } = gone.address() as { port: number };
    await new Promise((resolve) => gone.close(resolve));
    const common = { timeoutSeconds: 0.3, queueItems: 2 };
    const sinks: SinkConfig[] = [
      { type: 'webhook', name: 'hangs', url: `http://127.0.0.1:${deaf}/`, secretFile, ...common },
      { type: 'webhook', name: 'fails', url: `http://127.0.0.1:${broken}/`, secretFile, ...common },
      { type: 'eve', name: 'never-reads', socket: folder.at('never-reads.sock'), ...common },
      { type: 'syslog', name: 'refuses', address: `tcp://127.0.0.1:${refusing}`, ...common },
      { type: 'jsonl', name: 'good', path: folder.at('good.jsonl'), policy: 'block' },
      { type: 'jsonl', name: 'told', path: folder.at('told.jsonl'), kinds: ['alert', 'record'] },
    ];
    const began = performance.now();
    const { log } = await runThrough({
      source,
      sinks,
      flows: { emit: ['end', 'prefix:5'] },
      drainSeconds: 1,
      statusSeconds: 60,
    });
    expect(performance.now() - began).toBeLessThan(15_000);

    const batch = rowSet(await scored(demo, '--emit', 'end', '--emit', 'prefix:5'));
    expect(rowSet(readFileSync(folder.at('good.jsonl'), 'utf8'))).toEqual(batch);
    const told = rowsOf(folder.at('told.jsonl'));
    const alerts = told.filter(({ alert }) => alert !== undefined).length;
    expect(alerts).toBeGreaterThan(2);
    const { lostBySinks, rowsLostBySinks, scored: judged } = lastWords(log.text());
    expect(lostBySinks).toMatchObject({ hangs: alerts, fails: alerts, refuses: alerts, good: 0, told: 0 });
    expect(Object.values(judged).reduce((sum, count) => sum + count)).toBe(batch.length);
    // An item of rows is a table: how many verdicts were lost is said beside.
    expect(rowsLostBySinks).toMatchObject({ hangs: alerts, good: 0 });
    expect(rowsLostBySinks['never-reads']! - lostBySinks['never-reads']!).toBeGreaterThan(0);
    // Each that was in trouble is told of, once when it began and once with what it cost.
    for (const name of ['hangs', 'fails', 'refuses']) {
      expect(log.text().match(new RegExp(`warn: a sink is in trouble {"sink":"${name}"`, 'g')), name).toHaveLength(1);
      expect(log.text()).toContain(`warn: the trouble of a sink is over {"sink":"${name}"`);
    }
    expect(log.text()).toContain('"reason":"the server answers 500"');
    expect(log.text()).not.toContain('"sink":"good"');
    // While it ran: queues of two had lost the older ones already.
    const status = told.findLast(({ record }) => record === 'status')!;
    expect((status['lostBySinks'] as Record<string, number>)['refuses']).toBeGreaterThan(0);
  });

  test('a sink with policy block that is slow holds a replay up, and loses nothing', async () => {
    const folder = scratch();
    const bodies: string[] = [];
    const secretFile = folder.at('secret');
    writeFileSync(secretFile, 'k'.repeat(32));
    const slow = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        bodies.push(body);
        setTimeout(() => response.end(), 50);
      });
    });
    const url = `http://127.0.0.1:${await listening(slow)}/`;
    const sink = { type: 'webhook', url, secretFile, policy: 'block', queueItems: 1, batchItems: 1, batchSeconds: 0 };
    const { log } = await runThrough({ source, sinks: [sink as SinkConfig] });
    expect(lastWords(log.text()).lostBySinks).toEqual({ webhook: 0 });
    expect(bodies.length).toBeGreaterThan(2);
  });
});

test('a sink with policy block that hangs holds a replay up until it is stopped, and then no longer than it may', async () => {
  const secretFile = scratch().at('secret');
  writeFileSync(secretFile, 'k'.repeat(32));
  const url = `http://127.0.0.1:${await listening(createServer(() => undefined))}/`;
  const sink = { type: 'webhook', url, secretFile, policy: 'block', queueItems: 1, batchItems: 1, batchSeconds: 0 };
  const { stop, log, ended } = await runHere({ source, sinks: [sink as SinkConfig], drainSeconds: 0.3 });
  expect(await Promise.race([ended, pause(2_000, 'held up')])).toBe('held up');
  const asked = performance.now();
  await stop();
  expect(performance.now() - asked).toBeLessThan(8_000);
  expect(lastWords(log.text()).lostBySinks['webhook']).toBeGreaterThan(3);
});

describe('a disk that is full', () => {
  const isRoot = process.getuid?.() === 0;

  test.skipIf(!isRoot)(
    'lines are whole, what is lost is counted, and the other sink has everything',
    async (context) => {
      const folder = scratch();
      const disk = folder.at('disk');
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk], { stdio: 'ignore' });
      } catch {
        context.skip('no file system can be mounted here');
      }
      onTestFinished(() => void execFileSync('umount', ['-l', disk]));
      const { log } = await runThrough({
        source,
        sinks: [
          { type: 'jsonl', name: 'full', path: `${disk}/rows.jsonl`, queueItems: 1 },
          { type: 'jsonl', name: 'good', path: folder.at('good.jsonl') },
        ],
        drainSeconds: 1,
      });
      const { lostBySinks } = lastWords(log.text());
      expect(lostBySinks['full']).toBeGreaterThan(0);
      expect(lostBySinks['good']).toBe(0);
      const good = rowSet(readFileSync(folder.at('good.jsonl'), 'utf8'));
      const kept = readFileSync(`${disk}/rows.jsonl`, 'utf8');
      expect(kept.endsWith('\n') || kept === '').toBe(true);
      expect(jsonRows(kept).length).toBeLessThan(good.length);
      expect(good).toEqual(expect.arrayContaining(rowSet(kept)));
    },
  );
});
