/** Alerts over HTTP: how they are signed, and what becomes of them whatever the server answers. */
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { WebhookConfig } from '../../../serve/sinks/config.ts';
import { openSink } from '../../../serve/sinks/open-sink.ts';
import { alertOf, balance, folder, live, recordOf, rowsOf, until, upTo } from './items.ts';

const SECRET = 'correct horse battery staple';

interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly items: readonly Record<string, unknown>[];
}

type Answer = (response: ServerResponse, request: Request, n: number) => void;
const ok: Answer = (response) => void response.writeHead(204).end();
const status =
  (code: number, headers = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end('what the server says');

/** Answers as the list says, and 204 from then on. */
async function serve(
  ...answers: readonly Answer[]
): Promise<{ url: string; requests: Request[]; ids: () => number[] }> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      const got = { headers: request.headers, body, items: JSON.parse(body).items };
      const n = requests.push(got) - 1;
      (answers[n] ?? ok)(response, got, n);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const ids = () => requests.flatMap(({ items }) => items.map(({ flow_id }) => flow_id as number));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`, requests, ids };
}

function open(url: string, more: Partial<WebhookConfig> = {}) {
  const config: WebhookConfig = { type: 'webhook', url, secretEnv: 'HOOK', batchSeconds: 0, ...more };
  return openSink(config, { ...live, env: { HOOK: SECRET } });
}

test('a request holds alerts, each with an id, and is signed over id, time and body', async () => {
  const { url, requests } = await serve();
  const sink = await open(url, { batchSeconds: 0.05, kinds: ['alert', 'record'], columns: ['flow_id', 'verdict'] });
  sink.offer(rowsOf(9));
  sink.offer(alertOf(1));
  sink.offer(recordOf(2));
  await until(() => requests.length === 1);
  const { headers, body, items } = requests[0]!;
  expect(items).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      alert: 'new',
      before: null,
      held_back: 0,
      flow_id: 1,
      verdict: 'mining',
    },
    { id: expect.stringMatching(/^[0-9a-f]{32}$/), record: 'status', time: '2026-02-03T04:05:06.000Z', n: 2 },
  ]);
  const [id, time] = [headers['webhook-id'], headers['webhook-timestamp']];
  const mac = createHmac('sha256', SECRET).update(`${id}.${time}.${body}`).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${mac}`);
  expect(headers['idempotency-key']).toBe(id);
  expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
  expect(headers['content-type']).toBe('application/json');
  await sink.close();
});

test('a secret of Standard Webhooks is taken as what it stands for', async () => {
  const { url, requests } = await serve();
  const path = join(folder(), 'secret');
  const key = Buffer.from('0123456789abcdef0123456789abcdef');
  writeFileSync(path, `whsec_${key.toString('base64')}\n`);
  const sink = await openSink({ type: 'webhook', url, secretFile: path, batchSeconds: 0 }, live);
  sink.offer(alertOf(1));
  await until(() => requests.length === 1);
  const { headers, body } = requests[0]!;
  const mac = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  expect(headers['webhook-signature']).toBe(`v1,${mac.digest('base64')}`);
  await sink.close();
});

test('after 500 the same batch comes again under the same id, then the rest in order', async () => {
  const { url, requests, ids } = await serve(status(500), status(503));
  const sink = await open(url);
  for (const n of upTo(5)) sink.offer(alertOf(n));
  await sink.drain(2000);
  const [first, second, third] = requests;
  expect([second!.body, third!.body]).toEqual([first!.body, first!.body]);
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect([...new Set(ids())]).toEqual(upTo(5));
  expect(sink.counters).toMatchObject({ accepted: 5, delivered: 5, dropped: 0, retries: 2, trouble: null });
  await sink.close();
});

test.each([408, 425, 429, 502, 301, 302])('%i is tried again', async (code) => {
  const { url, requests } = await serve(status(code, { location: 'http://127.0.0.1:9/elsewhere' }));
  const sink = await open(url);
  sink.offer(alertOf(1));
  await until(() => sink.counters.trouble?.includes(String(code)) === true || sink.counters.delivered === 1);
  await until(() => sink.counters.delivered === 1);
  expect(requests).toHaveLength(2);
  await sink.close();
});

test.each([400, 401, 404, 413, 422])('%i is not, and what it was said of is counted', async (code) => {
  const { url, requests } = await serve(status(code));
  const sink = await open(url);
  sink.offer(alertOf(1));
  await until(() => sink.counters.dropped === 1);
  expect(sink.counters.trouble).toBe(`the server answers ${code}`);
  sink.offer(alertOf(2));
  await until(() => sink.counters.delivered === 1);
  expect(requests).toHaveLength(2);
  expect(sink.counters).toMatchObject({ accepted: 2, dropped: 1, retries: 0, trouble: null });
  await sink.close();
});

test('a server that asks for patience gets it', async () => {
  const { url } = await serve(status(429, { 'retry-after': '1' }));
  const sink = await open(url);
  const before = Date.now();
  sink.offer(alertOf(1));
  await until(() => sink.counters.delivered === 1);
  expect(Date.now() - before).toBeGreaterThan(950);
  await sink.close();
});

test('a server that never answers, or never ends its answer, is given up', async () => {
  const { url } = await serve(
    () => undefined,
    (response) => void response.writeHead(200).write('and'),
  );
  const sink = await open(url, { timeoutSeconds: 0.15 });
  sink.offer(alertOf(1));
  await until(() => sink.counters.trouble === 'no answer within 0.15 s');
  // 200 has been read by then: it is what counts.
  await until(() => sink.counters.delivered === 1);
  expect(sink.counters.retries).toBe(1);
  await sink.close();
});

test('an answer without end is not read to its end', async () => {
  const { url } = await serve((response) => {
    response.writeHead(200);
    const more = () => {
      if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(more));
    };
    more();
  });
  const sink = await open(url, { timeoutSeconds: 5 });
  const before = Date.now();
  sink.offer(alertOf(1));
  await until(() => sink.counters.delivered === 1);
  expect(Date.now() - before).toBeLessThan(1000);
  await sink.close();
});

test('a connection that is cut before the answer is made again', async () => {
  const { url, ids } = await serve((response) => void response.destroy());
  const sink = await open(url);
  for (const n of upTo(3)) sink.offer(alertOf(n));
  await sink.drain(2000);
  expect([...new Set(ids())]).toEqual(upTo(3));
  expect(sink.counters).toMatchObject({ delivered: 3, dropped: 0 });
  await sink.close();
});

test('where nobody listens alerts wait, the oldest make room, and address and secret are not told', async () => {
  const url = 'http://127.0.0.1:9/hooks/T0P-S3CRET-PATH?token=T0P-S3CRET';
  const sink = await open(url, { queueItems: 10, batchItems: 2 });
  for (const n of upTo(100)) sink.offer(alertOf(n));
  await until(() => sink.counters.retries > 1);
  expect(balance(sink.counters)).toBe(0);
  const said = JSON.stringify([sink.name, sink.counters]);
  expect(sink.counters.trouble).toMatch(/^the server cannot be reached/);
  expect(said).not.toMatch(/S3CRET|correct horse/);
  await sink.close();
  expect(sink.counters).toMatchObject({ accepted: 100, delivered: 0, dropped: 100 });
});

test.each([
  ['no secret', { url: 'https://siem.example/S3CRET' }],
  ['two places of a secret', { url: 'https://siem.example/S3CRET', secretFile: '/no/such', secretEnv: 'HOOK' }],
  ['a variable that is not set', { url: 'https://siem.example/S3CRET', secretEnv: 'NONE' }],
  ['a secret that is short', { url: 'https://siem.example/S3CRET', secretEnv: 'SHORT' }],
  ['a secret that stands for a key that is short', { url: 'https://siem.example/S3CRET', secretEnv: 'WHSEC' }],
  ['a file that is not there', { url: 'https://siem.example/S3CRET', secretFile: '/no/such/file' }],
  ['another protocol', { url: 'file:///etc/S3CRET', secretEnv: 'HOOK' }],
  ['no URL', { url: 'S3CRET', secretEnv: 'HOOK' }],
  ['a password', { url: 'https://me:S3CRET@siem.example/', secretEnv: 'HOOK' }],
])('%s is refused, and no address is told', async (_, config) => {
  const env = { HOOK: SECRET, SHORT: 'S3CRET', WHSEC: 'whsec_S3CRETS3CRET' };
  const error: Error = await openSink({ type: 'webhook', ...config }, { ...live, env }).then(
    () => Promise.reject(new Error('was opened')),
    (reason) => reason,
  );
  expect(error).toMatchObject({ name: 'FlowlampError', code: expect.stringMatching(/^(OPTION|KEY)_INVALID$/) });
  expect(`${error.message} ${error.stack}`).not.toContain('S3CRET');
});
