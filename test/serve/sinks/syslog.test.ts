/** Messages on their way: UDP, TCP, TLS and unix sockets, with whoever is there or not. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { alertOf, balance, folder, live, until, upTo } from './items.ts';

/** The messages in octet counting (RFC 6587 3.4.1), as far as they are whole. */
function counted(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(' ', at);
    const length = Number(bytes.toString('latin1', at, blank));
    if (blank < 0 || blank + 1 + length > bytes.length) break;
    messages.push(bytes.toString('utf8', blank + 1, blank + 1 + length));
    at = blank + 1 + length;
  }
  return messages;
}

const ids = (messages: readonly string[]) => messages.map((message) => Number(/flow_id="(\d+)"/.exec(message)![1]));

interface Listening {
  readonly port: number;
  readonly bytes: () => Buffer;
  close(): Promise<void>;
}

async function listening(server: Server, place: string | number): Promise<Listening> {
  const pieces: Buffer[] = [];
  const sockets: Socket[] = [];
  const take = (socket: Socket) => {
    sockets.push(socket);
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => undefined);
  };
  server.on('secureConnection', take);
  if (!('setSecureContext' in server)) server.on('connection', take);
  await new Promise<void>((resolve) =>
    typeof place === 'number' ? server.listen(place, '127.0.0.1', resolve) : server.listen(place, resolve),
  );
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  return { port: (server.address() as { port: number }).port, bytes: () => Buffer.concat(pieces), close };
}

test('over TCP each message stands behind its length', async () => {
  const { port, bytes } = await listening(createServer(), 0);
  const sink = await openSink({ type: 'syslog', address: `tcp://127.0.0.1:${port}` }, live);
  for (const n of upTo(20)) sink.offer(alertOf(n, { sni: 'Ümläut' }));
  await sink.drain(1000);
  await sink.close();
  await until(() => counted(bytes()).length === 20);
  expect(ids(counted(bytes()))).toEqual(upTo(20));
  expect(sink.counters).toMatchObject({ delivered: 20, trouble: null });
});

test('over a unix socket, and with line ends where asked for', async () => {
  const path = join(folder(), 'log.sock');
  const { bytes } = await listening(createServer(), path);
  const sink = await openSink({ type: 'syslog', address: `unix:${path}`, framing: 'newline' }, live);
  for (const n of upTo(3)) sink.offer(alertOf(n, { sni: 'line\nfeed' }));
  await sink.drain(1000);
  await sink.close();
  await until(() => bytes().toString().split('\n').length === 4);
  expect(ids(bytes().toString().trimEnd().split('\n'))).toEqual(upTo(3));
});

test('over UDP each message is a datagram', async () => {
  const server = createSocket('udp4');
  const messages: string[] = [];
  server.on('message', (message) => messages.push(message.toString()));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const sink = await openSink({ type: 'syslog', address: `udp://127.0.0.1:${server.address().port}` }, live);
  for (const n of upTo(10)) sink.offer(alertOf(n));
  await sink.drain(1000);
  await sink.close();
  await until(() => messages.length === 10);
  expect(ids(messages)).toEqual(upTo(10));
});

test.skipIf(process.platform !== 'linux')(
  'over UDP it is noticed that nobody listens on the machine, though not at once',
  async () => {
    const server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const sink = await openSink({ type: 'syslog', address: `udp://127.0.0.1:${port}` }, live);
    for (let n = 0; sink.counters.retries === 0 && n < 200; n++) {
      sink.offer(alertOf(n));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(sink.counters.retries).toBeGreaterThan(0);
    expect(balance(sink.counters)).toBe(0);
    await sink.close();
  },
);

test('a server that refuses connections, and then takes them, gets everything', async () => {
  const { port, close } = await listening(createServer(), 0);
  await close();
  const sink = await openSink({ type: 'syslog', address: `tcp://127.0.0.1:${port}` }, live);
  for (const n of upTo(4)) sink.offer(alertOf(n));
  await until(() => sink.counters.trouble === 'connect: ECONNREFUSED');
  const { bytes } = await listening(createServer(), port);
  await until(() => counted(bytes()).length === 4);
  expect(ids(counted(bytes()))).toEqual(upTo(4));
  await until(() => sink.counters.delivered === 4);
  await sink.close();
});

test('a server that comes again after it has gone gets what comes then', async () => {
  const first = await listening(createServer(), 0);
  const sink = await openSink({ type: 'syslog', address: `tcp://127.0.0.1:${first.port}` }, live);
  sink.offer(alertOf(0));
  await until(() => counted(first.bytes()).length === 1);
  await first.close();
  // What is written before the end of the connection has come is lost: syslog has no answer.
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const n of [1, 2]) sink.offer(alertOf(n));
  await until(() => sink.counters.retries > 0);
  const second = await listening(createServer(), first.port);
  await until(() => counted(second.bytes()).length === 2);
  expect(ids(counted(second.bytes()))).toEqual([1, 2]);
  await sink.close();
});

function certificate(): { key: Buffer; cert: Buffer; certFile: string } {
  const path = folder();
  const [key, cert] = [join(path, 'key.pem'), join(path, 'cert.pem')];
  const subject = ['-subj', '/CN=collector.example', '-addext', 'subjectAltName=DNS:collector.example,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key), cert: readFileSync(cert), certFile: cert };
}

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)('over TLS, to a server whose certificate is right, and to no other', async () => {
  const { key, cert, certFile } = certificate();
  const { port, bytes } = await listening(createTlsServer({ key, cert }), 0);
  const address = `tls://127.0.0.1:${port}`;
  const stranger = await openSink({ type: 'syslog', address }, live);
  const wrong = await openSink({ type: 'syslog', address, caFile: certFile, serverName: 'other.example' }, live);
  const byAddress = await openSink({ type: 'syslog', address, caFile: certFile }, live);
  const byName = await openSink({ type: 'syslog', address, caFile: certFile, serverName: 'collector.example' }, live);
  for (const [n, sink] of [stranger, wrong, byAddress, byName].entries()) sink.offer(alertOf(n));
  await until(() => byAddress.counters.delivered === 1 && byName.counters.delivered === 1);
  await until(() => stranger.counters.retries > 0 && wrong.counters.retries > 0);
  expect(stranger.counters.trouble).toMatch(/self-signed certificate|SELF_SIGNED/);
  expect(wrong.counters.trouble).toMatch(/does not match certificate/);
  for (const sink of [stranger, wrong, byAddress, byName]) await sink.close();
  expect(ids(counted(bytes())).sort()).toEqual([2, 3]);
});

test.each(['localhost:514', 'http://x', 'udp://', 'udp://host:99999', 'udp://host:0', 'unix:relative', 'tcp://a b'])(
  'the address %s is refused',
  async (address) => {
    await expect(openSink({ type: 'syslog', address }, live)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  },
);
