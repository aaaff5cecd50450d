/** Clients that send too much, too slowly, or without end. Memory is that of this process, in which the server runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Admission } from '../../../serve/http/admission.ts';
import { HTTP_LIMITS } from '../../../serve/http/limits.ts';
import { heldBytes } from '../../support/heap.ts';
import { type Bench, demo, demoRows, dial, startBench, statusOf, type Wire } from './server.ts';

const PCAP = 'application/vnd.tcpdump.pcap';
const wires: Wire[] = [];
const connect = async (bench: Bench) => {
  const wire = await dial(bench.server.port);
  wires.push(wire);
  return wire;
};
afterEach(() => {
  for (const { socket } of wires.splice(0)) socket.destroy();
});
const isWhole = (text: string) => text.includes('\r\n\r\n') && text.endsWith('}');
const post = (type: string, more: string) =>
  `POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n${more}\r\n\r\n`;

describe('too much', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench.close());

  test('a gigabyte that is announced is refused before it is sent', async () => {
    const types = [PCAP, 'application/json', 'application/x-ndjson', 'application/vnd.apache.arrow.stream'];
    await Promise.all(
      types.map(async (type) => {
        const wire = await connect(bench);
        wire.socket.write(post(type, 'Content-Length: 1073741824'));
        const text = await wire.until(isWhole);
        expect(statusOf(text), type).toBe(413);
        expect(text).toContain('LIMIT_EXCEEDED');
        // What comes nevertheless is thrown away for a moment; then the line is cut.
        await wire.closed;
      }),
    );
  });

  test.each([
    ['application/json', '[{"a":"', 9_000_000],
    ['application/x-ndjson', '{"a":"', 9_000_000],
    [PCAP, '', 68_000_000],
  ] as const)('a gigabyte of %s in chunks is refused once it is too much, and not held', async (type, start, most) => {
    const wire = await connect(bench);
    const piece = Buffer.alloc(1 << 16, 'x');
    // A capture that goes on: a packet record of zeros is a packet without bytes.
    const fill = type === PCAP ? Buffer.alloc(1 << 16) : piece;
    const chunk = (bytes: Uint8Array) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    wire.socket.write(post(type, 'Transfer-Encoding: chunked'));
    if (type === PCAP) wire.socket.write(chunk(demo.subarray(0, 24)));
    else wire.socket.write(chunk(Buffer.from(start)));
    const before = process.memoryUsage().rss;
    let sent = 0;
    let highest = 0;
    const one = chunk(fill);
    while (!isWhole(wire.text()) && !wire.socket.destroyed && sent < 1 << 30) {
      if (!wire.socket.write(one))
        await Promise.race([new Promise((done) => wire.socket.once('drain', done)), wire.closed]);
      sent += fill.length;
      if (sent % (1 << 20) === 0) await sleep(0);
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    expect(statusOf(wire.text())).toBe(413);
    expect(sent).toBeLessThan(most + 20_000_000);
    expect(highest - before).toBeLessThan(250_000_000);
    expect(bench.service.leases).toBe(0);
  });

  test('headers', async () => {
    const wire = await connect(bench);
    wire.socket.write(
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${`X-Junk: ${'y'.repeat(1_000)}\r\n`.repeat(50)}\r\n`,
    );
    const text = await wire.until((found) => found.includes('}'));
    expect(statusOf(text)).toBe(431);
    expect(text).toContain('application/problem+json');
  });

  test('junk in their place', async () => {
    const junk = [
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /healthz HTTP/1.1\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
      'GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      post('application/json', 'Content-Length: -5'),
      post('application/json', 'Content-Length: 5x'),
      post('application/json', 'Content-Length: 5\r\nContent-Length: 6'),
      `${post('application/json', 'Transfer-Encoding: chunked\r\nContent-Length: 5')}0\r\n\r\n`,
      `${post('application/json', 'Transfer-Encoding: chunked')}zz\r\n`,
      `${post('application/json', 'Transfer-Encoding: gzip, identity')}`,
    ];
    for (const head of junk) {
      const wire = await connect(bench);
      wire.socket.write(head, 'latin1');
      const text = await wire.until((found) => found.includes('\r\n\r\n'));
      expect(statusOf(text), JSON.stringify(head)).toBeGreaterThanOrEqual(400);
      expect(statusOf(text), JSON.stringify(head)).toBeLessThan(500);
      expect(text, JSON.stringify(head)).not.toMatch(/\.ts|node:|at \w+ \(/);
      wire.socket.destroy();
    }
    expect((await bench.get('/healthz')).status).toBe(200);
  });

  test.each([
    '/../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/v1/../../../etc/passwd',
    '/v1/model/..%00',
    '/v1/model;/../x',
    '/v1/feedback/feedback.jsonl',
    'file:///etc/passwd',
    'http://evil.example/etc/passwd',
  ])('the path %s reads nothing', async (path) => {
    const wire = await connect(bench);
    wire.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await wire.closed;
    expect([400, 404]).toContain(statusOf(wire.text()));
    expect(wire.text()).not.toContain('root:');
  });
});

describe('too slowly', () => {
  let bench: Bench;
  const limits = { headersMs: 500, requestMs: 3_000, pauseMs: 500, silenceMs: 60_000 };
  beforeAll(async () => {
    bench = await startBench({ limits });
  });
  afterAll(() => bench.close());

  test('headers that trickle in are not waited for, and others are answered meanwhile', async () => {
    const slow = await Promise.all(Array.from({ length: 50 }, () => connect(bench)));
    for (const { socket } of slow) socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => {
      for (const { socket } of slow) if (!socket.destroyed) socket.write('X: y\r\n');
    }, 100);
    expect((await bench.get('/healthz')).status).toBe(200);
    await Promise.all(slow.map(({ closed }) => closed));
    clearInterval(drip);
    for (const wire of slow) expect(statusOf(wire.text())).toBe(408);
  });

  test('a connection on which nothing comes is closed', async () => {
    const wire = await connect(bench);
    await wire.closed;
    expect([0, 408]).toContain(statusOf(wire.text()));
  });

  test('a body that pauses is not waited for', async () => {
    const wire = await connect(bench);
    wire.socket.write(post('application/json', 'Content-Length: 100'));
    wire.socket.write('[');
    expect(statusOf(await wire.until(isWhole))).toBe(408);
    await wire.closed;
    expect(bench.service.leases).toBe(0);
  });

  test('nor one that trickles in', async () => {
    const wire = await connect(bench);
    wire.socket.write(post(PCAP, 'Content-Length: 1000000'));
    const drip = setInterval(() => !wire.socket.destroyed && wire.socket.write('x'), 100);
    await wire.closed;
    clearInterval(drip);
    // What the client still sends when the server closes may cost it the answer (RFC 9112, 9.6).
    if (wire.text() !== '') expect(statusOf(wire.text())).toBeGreaterThanOrEqual(400);
    expect(bench.service.leases).toBe(0);
  });

  test('a client that goes away in the middle leaves nothing behind', async () => {
    for (let i = 0; i < 20; i++) {
      const wire = await connect(bench);
      wire.socket.write(post(PCAP, 'Content-Length: 1000000'));
      wire.socket.write(demo.subarray(0, 5_000));
      await sleep(5);
      wire.socket.destroy();
    }
    await expect.poll(() => bench.service.leases, { timeout: 20_000 }).toBe(0);
    expect((await bench.post('/v1/score', PCAP, demo)).status).toBe(200);
  });

  test('one that does not read its answer does not keep the model', async () => {
    const other = await startBench({ limits: { scoreMs: 1_500 } });
    const rows = await demoRows();
    const body = JSON.stringify(Array.from({ length: 600 }, (_, i) => rows[i % rows.length]!));
    const wire = await connect(other);
    wire.socket.pause();
    wire.socket.write(post('application/json', `Content-Length: ${Buffer.byteLength(body)}`));
    wire.socket.write(body);
    await expect.poll(() => other.service.leases, { interval: 5, timeout: 20_000 }).toBeGreaterThan(0);
    await expect.poll(() => other.service.leases, { timeout: 20_000 }).toBe(0);
    await other.close();
  });
});

describe('too many', () => {
  test('connections beyond those allowed are closed', async () => {
    const bench = await startBench({ limits: { connections: 5 } });
    const all = await Promise.all(Array.from({ length: 12 }, () => connect(bench)));
    await expect.poll(() => all.filter(({ socket }) => socket.destroyed).length, { timeout: 20_000 }).toBe(7);
    for (const { socket } of all) socket.destroy();
    await bench.close();
  });

  test('requests wait for room in memory, first come first served, but not for ever', async () => {
    const limits = { ...HTTP_LIMITS, admittedBytes: 100, admittedRequests: 3, waitingRequests: 2, waitMs: 100 };
    const admission = new Admission(limits);
    const leave = await admission.enter(90);
    const order: string[] = [];
    const large = admission.enter(1_000).then((done) => {
      order.push('large');
      done();
    });
    const small = admission.enter(5).then((done) => {
      order.push('small');
      done();
    });
    await expect(admission.enter(1)).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    leave();
    leave();
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    expect(admission.running).toBe(0);
    const all = await admission.enter(100);
    await expect(admission.enter(1)).rejects.toMatchObject({ status: 503 });
    all();
    (await admission.enter(100))();
  });

  /** All 100,000 with FLOWLAMP_MANY_REQUESTS=100000, which takes minutes. */
  const many = Number(process.env['FLOWLAMP_MANY_REQUESTS'] ?? 1_000);
  test(`${many} tiny requests leave the memory as it was`, async () => {
    const bench = await startBench({ limits: { requestsPerSecond: 0 } });
    const row = JSON.stringify((await demoRows()).slice(0, 1));
    const ask = async (count: number) => {
      let left = count;
      const worker = async () => {
        while (left-- > 0) {
          const { statusCode } = await bench.server.app.inject({
            method: 'POST',
            url: '/v1/score',
            headers: { host: 'localhost', 'content-type': 'application/json' },
            payload: row,
          });
          if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
        }
      };
      await Promise.all(Array.from({ length: 32 }, worker));
    };
    await ask(300);
    const before = heldBytes();
    await ask(many);
    expect(heldBytes() - before).toBeLessThan(30_000_000);
    expect(bench.service.leases).toBe(0);
    await bench.close();
  }, 600_000);
});
