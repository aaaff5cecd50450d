/** Who may ask: addresses, tokens, certificates, names of the service, and pages of other sites. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkedHttpConfig, isLoopbackHost, readHttpSecrets } from '../../../serve/http/config.ts';
import { clientKey, RateTable } from '../../../serve/http/rate.ts';
import { startHttpServer } from '../../../serve/http/server.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { makeIdentity } from './certificates.ts';
import { MemoryService } from './memory-service.ts';
import { type Bench, dial, startBench, statusOf, TOKEN } from './server.ts';

const pem = { cert: 'CERT', key: 'KEY' };

describe('where it listens', () => {
  test.each([
    ['0.0.0.0'],
    ['::'],
    ['192.0.2.1'],
    ['sensor.example'],
    ['127.evil.example'],
    ['localhost.evil.example'],
    [''],
  ])('%s is refused without a token or client certificates', (host) => {
    expect(() => checkedHttpConfig({ host })).toThrow(/anybody could ask it.*a token, or TLS/);
    expect(() => checkedHttpConfig({ host, tls: { ...pem, ca: null } })).toThrow(/OPTION_INVALID|anybody/);
    expect(checkedHttpConfig({ host, token: TOKEN }).isLoopback).toBe(false);
    expect(checkedHttpConfig({ host, tls: { ...pem, ca: 'CA' } }).isLoopback).toBe(false);
  });

  test('the loopback address and port 9477 are taken where nothing is said', () => {
    expect(checkedHttpConfig({})).toMatchObject({ host: '127.0.0.1', port: 9477, token: null, isLoopback: true });
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])
      expect(isLoopbackHost(host), host).toBe(true);
  });

  test('short or strange tokens, ports and limits are refused', () => {
    for (const token of ['', 'short', 'with blanks in it, long', 'é'.repeat(20), 'x'.repeat(600)])
      expect(() => checkedHttpConfig({ token })).toThrow(/token/);
    for (const port of [-1, 65_536, 1.5, Number.NaN]) expect(() => checkedHttpConfig({ port })).toThrow(/port/);
    expect(() => checkedHttpConfig({ limits: { jsonBytes: -5 } })).toThrow(/jsonBytes/);
    expect(() => checkedHttpConfig({ limits: { scoreMs: Number.POSITIVE_INFINITY } })).toThrow(/scoreMs/);
  });

  test('secrets come from files and the environment', () => {
    const folder = temporaryFolder();
    writeFileSync(folder.at('token'), `${TOKEN}\n`);
    for (const name of ['cert', 'key', 'ca']) writeFileSync(folder.at(name), name);
    expect(readHttpSecrets({ tokenFile: folder.at('token') })).toEqual({ token: TOKEN, tls: null });
    expect(readHttpSecrets({ tokenEnv: 'T' }, { T: TOKEN }).token).toBe(TOKEN);
    expect(() => readHttpSecrets({ tokenEnv: 'T' }, {})).toThrow(/environment has no T/);
    expect(() => readHttpSecrets({ tokenFile: folder.at('none') })).toThrow(/does not exist/);
    expect(() => readHttpSecrets({ certFile: folder.at('cert') })).toThrow(/half set/);
    const [certFile, keyFile, caFile] = ['cert', 'key', 'ca'].map((name) => folder.at(name)) as [
      string,
      string,
      string,
    ];
    expect(readHttpSecrets({ certFile, keyFile, caFile }).tls).toEqual({ cert: 'cert', key: 'key', ca: 'ca' });
    folder.remove();
  });

  test('an address in use is told in one line', async () => {
    const one = await startBench();
    const service = await MemoryService.open();
    await expect(startHttpServer({ port: one.server.port }, service)).rejects.toThrow(
      /cannot be listened on \(EADDRINUSE\)/,
    );
    await service.close();
    await one.close();
  });

  test('without fastify it says what is missing', async () => {
    const service = await MemoryService.open();
    const load = () => Promise.reject(new Error('no such package'));
    await expect(startHttpServer({ port: 0 }, service, null, { load })).rejects.toThrow(
      /needs the package fastify, which is not installed/,
    );
    await service.close();
  });
});

describe('a token', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench({ token: TOKEN });
  });
  afterAll(() => bench.close());

  test.each([
    {},
    { authorization: 'Bearer' },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    { authorization: `Basic ${TOKEN}` },
    { authorization: TOKEN },
    { authorization: `Bearer ${'x'.repeat(5_000)}` },
    { cookie: `token=${TOKEN}` },
  ])('is asked for: %j is not enough', async (headers) => {
    for (const path of ['/v1/model', '/v1/verdicts', '/metrics', '/openapi.json', '/v1/feedback', '/no/such/path']) {
      const answer = await bench.get(path, headers as Record<string, string>);
      expect(answer.status, path).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(await answer.text()).not.toContain(TOKEN);
    }
    expect((await bench.post('/v1/score', 'application/json', '[]', headers as Record<string, string>)).status).toBe(
      401,
    );
    expect(
      (await bench.post('/v1/model/reload', 'application/json', '', headers as Record<string, string>)).status,
    ).toBe(401);
  });

  test('lets in, and is not in the address', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await bench.get('/v1/model', headers)).status).toBe(200);
    expect((await bench.get('/v1/model', { authorization: `bearer ${TOKEN}` })).status).toBe(200);
    expect((await bench.get(`/v1/model?token=${TOKEN}`)).status).toBe(401);
  });

  test('is not needed to see whether the service is alive and ready', async () => {
    expect((await bench.get('/healthz')).status).toBe(200);
    expect((await bench.get('/readyz')).status).toBe(200);
  });

  test('that is wrong counts as many requests', async () => {
    const other = await startBench({ token: TOKEN, limits: { burst: 100, requestsPerSecond: 1 } });
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await other.get('/v1/model')).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    await other.close();
  });
});

describe('names and pages', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench({ allowedHosts: ['Sensor.example'] });
  });
  afterAll(() => bench.close());
  const ask = async (head: string) => {
    const wire = await dial(bench.server.port);
    wire.socket.write(head);
    const status = statusOf(await wire.until((text) => text.includes('\r\n\r\n')));
    wire.socket.destroy();
    return status;
  };
  const named = (host: string, more = '') => ask(`GET /v1/model HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);

  test('a name that points here for a moment is not ours (DNS rebinding)', async () => {
    for (const host of ['127.0.0.1', '127.0.0.1:9477', 'localhost', 'LOCALHOST:80', '[::1]:80', 'sensor.example:9477'])
      expect(await named(host), host).toBe(200);
    for (const host of [
      'evil.example',
      'evil.example:9477',
      '127.0.0.1.evil.example',
      'localhost@evil.example',
      '10.0.0.1',
      '',
    ])
      expect(await named(host), host).toBe(421);
    expect(await ask('GET /v1/model HTTP/1.0\r\n\r\n')).toBe(421);
  });

  test('a page of another site gets nothing done', async () => {
    for (const more of [
      'Origin: https://evil.example\r\n',
      'Origin: null\r\n',
      'Origin: http://localhost:1\r\n',
      'Sec-Fetch-Site: cross-site\r\n',
      'Sec-Fetch-Site: same-site\r\n',
    ])
      expect(await named('localhost', more), more).toBe(403);
    expect(await named('localhost', 'Sec-Fetch-Site: none\r\n')).toBe(200);
    expect(await named('localhost:5', 'Origin: http://localhost:5\r\nSec-Fetch-Site: same-origin\r\n')).toBe(200);
    expect(await ask('OPTIONS /v1/score HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe(405);
  });

  test('no answer lets pages of other sites read it, or is kept', async () => {
    for (const path of ['/v1/model', '/no/such/path', '/v1/verdicts?limit=0']) {
      const { headers } = await bench.get(path);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('TLS with client certificates', () => {
  const authority = makeIdentity('Test Authority');
  const other = makeIdentity('Another Authority');
  const server = makeIdentity('localhost', authority);
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench({ tls: { cert: server.cert, key: server.key, ca: authority.cert } });
  });
  afterAll(() => bench.close());

  const ask = (client: { cert?: string; key?: string }, path = '/v1/model') =>
    new Promise<number | string>((resolve) => {
      const asked = request(
        { host: '127.0.0.1', port: bench.server.port, path, ca: authority.cert, agent: false, ...client },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        },
      );
      asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asked.end();
    });

  test('lets in who has one of the authority, and nobody else', async () => {
    const client = makeIdentity('analyst', authority);
    expect(await ask({ cert: client.cert, key: client.key })).toBe(200);
    const stranger = makeIdentity('analyst', other);
    for (const path of ['/v1/model', '/healthz']) {
      expect(await ask({}, path)).not.toBe(200);
      expect(await ask({ cert: stranger.cert, key: stranger.key }, path)).not.toBe(200);
      expect(await ask({ cert: other.cert, key: other.key }, path)).not.toBe(200);
    }
    expect(bench.url).toMatch(/^https:/);
  });

  test('who speaks no TLS is cut off', async () => {
    const wire = await dial(bench.server.port);
    wire.socket.write('GET /v1/model HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await wire.closed;
    expect(wire.text()).not.toContain('mining');
  });
});

describe('rates', () => {
  test('a bucket fills at its rate', () => {
    const table = new RateTable(10, 5, 100);
    const at = (ms: number) => table.take('10.0.0.1', 1, ms);
    expect([0, 0, 0, 0, 0, 0].map((ms) => at(ms))).toEqual([0, 0, 0, 0, 0, 1]);
    expect([at(100), at(100)]).toEqual([0, 1]);
    expect(table.take('10.0.0.2', 1, 100)).toBe(0);
  });

  test('no more clients are remembered than was said', () => {
    const table = new RateTable(10, 5, 100);
    for (let i = 0; i < 10_000; i++) table.take(`10.${i >> 8}.0.${i & 255}`);
    expect(table.size).toBe(100);
  });

  test('the addresses of one network are one client', () => {
    expect(clientKey('2001:db8:1:2:3:4:5:6')).toBe(clientKey('2001:db8:1:2::9'));
    expect(clientKey('2001:db8:1:2::9')).not.toBe(clientKey('2001:db8:1:3::9'));
    expect(clientKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientKey('fe80::1%eth0')).toBe(clientKey('fe80::2%eth1'));
  });

  test('who asks too often is told when to come again', async () => {
    const bench = await startBench({ limits: { burst: 3, requestsPerSecond: 1 } });
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await bench.get('/healthz'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(answers[4]!.headers.get('retry-after')).toBe('1');
    await bench.close();
  });
});
