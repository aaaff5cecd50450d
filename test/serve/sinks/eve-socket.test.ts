/** EVE to a unix stream socket: whoever listens may go and come. */
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { parseSinkUrl } from '../../../serve/sinks/sink-url.ts';
import { balance, folder, live, rowsOf, until, upTo } from './items.ts';

interface Listener {
  readonly texts: string[];
  readonly sockets: Socket[];
  /** Ids of the flows of all whole lines of all connections. */
  readonly ids: () => number[];
  close(): Promise<void>;
}

async function listen(path: string, onSocket: (socket: Socket) => void = () => undefined): Promise<Listener> {
  const [texts, sockets]: [string[], Socket[]] = [[], []];
  const server = createServer((socket) => {
    const n = sockets.push(socket) - 1;
    texts[n] = '';
    socket.on('data', (piece) => {
      texts[n] += piece.toString();
    });
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  const ids = () => texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line).flow_id);
  return { texts, sockets, ids, close };
}

test('records go to whoever listens, from when somebody does', async () => {
  const path = join(folder(), 'eve.sock');
  const sink = await openSink(parseSinkUrl(`eve:unix:${path}`), live);
  for (const n of upTo(20)) sink.offer(rowsOf(n));
  await until(() => sink.counters.trouble === 'connect: ENOENT');
  const listener = await listen(path);
  await until(() => listener.ids().length === 20);
  expect(listener.ids()).toEqual(upTo(20));
  expect(sink.counters).toMatchObject({ delivered: 20, dropped: 0, trouble: null });
  await sink.close();
});

test('a listener that goes and comes again gets what comes then, and nothing of what it had not taken is lost', async () => {
  const path = join(folder(), 'eve.sock');
  const sink = await openSink({ type: 'eve', socket: path }, live);
  const first = await listen(path);
  sink.offer(rowsOf(1));
  await until(() => first.ids().length === 1);
  await first.close();
  for (const n of [2, 3, 4]) sink.offer(rowsOf(n));
  await until(() => sink.counters.retries > 0);
  const second = await listen(path);
  await until(() => second.ids().includes(4));
  expect(second.ids()).toEqual([2, 3, 4]);
  expect(sink.counters).toMatchObject({ delivered: 4, dropped: 0 });
  await sink.close();
});

test('a connection that is cut in the middle of many records is made anew, and what was cut is sent again', async () => {
  const path = join(folder(), 'eve.sock');
  let connections = 0;
  const listener = await listen(path, (socket) => {
    if (connections++ > 0) return;
    let bytes = 0;
    socket.on('data', ({ length }) => {
      bytes += length;
      if (bytes > 100_000) socket.destroy();
    });
  });
  const sink = await openSink({ type: 'eve', socket: path }, live);
  // More than the buffers of a socket hold: the kernel has not taken all of it when the connection is cut.
  sink.offer(rowsOf(...upTo(2000)));
  await until(() => sink.counters.delivered === 1);
  await until(() => new Set(listener.ids()).size === 2000);
  expect(connections).toBe(2);
  expect(sink.counters.retries).toBe(1);
  // A line that was cut ends with its connection: the second begins with a whole one.
  expect(() => JSON.parse(listener.texts[1]!.split('\n')[0]!)).not.toThrow();
  await sink.close();
});

test('a listener that does not read is given up after a while, and tried again', async () => {
  const path = join(folder(), 'eve.sock');
  const listener = await listen(path, (socket) => socket.pause());
  const sink = await openSink({ type: 'eve', socket: path, timeoutSeconds: 0.1, queueItems: 5 }, live);
  for (const n of upTo(60)) sink.offer(rowsOf(...upTo(100).map((i) => n * 100 + i)));
  await until(() => sink.counters.trouble === 'no answer within 0.1 s');
  await until(() => listener.sockets.length > 1);
  expect(balance(sink.counters)).toBe(0);
  await sink.drain(10);
  expect(sink.counters.waiting).toBe(0);
  expect(balance(sink.counters)).toBe(0);
  await sink.close();
});
