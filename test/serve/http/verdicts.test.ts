/** GET /v1/verdicts: lists, and events that go on where a reader left off and never wait for one that is slow. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgedRows } from './memory-service.ts';
import { type Bench, dial, startBench, statusOf, type Wire } from './server.ts';

interface Listed {
  readonly verdicts: readonly Record<string, unknown>[];
  readonly newest: number;
  readonly oldest: number;
  readonly next: number | null;
}
const ring = { firstSequence: 1, rows: 2_000 };

describe('a list', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench({}, { ring });
    bench.service.recent.push(judgedRows(300));
  });
  afterAll(() => bench.close());
  const list = async (query: string) => (await (await bench.get(`/v1/verdicts${query}`)).json()) as Listed;
  const numbers = ({ verdicts }: Listed) => verdicts.map(({ sequence }) => sequence);

  test('is of a hundred rows, newest first, and can be gone through', async () => {
    const first = await list('');
    expect(numbers(first)).toEqual(Array.from({ length: 100 }, (_, i) => 300 - i));
    expect(first).toMatchObject({ newest: 300, oldest: 1, next: 201 });
    const seen = [];
    for (let next: number | null = 301; next !== null; ) {
      const page: Listed = await list(`?limit=70&before=${next}`);
      seen.push(...numbers(page));
      next = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => 300 - i));
  });

  test('is of those that fit', async () => {
    expect(numbers(await list('?verdict=mining&limit=2'))).toEqual([298, 295]);
    expect(numbers(await list('?min_risk=10&min_score=0.9&since=290'))).toEqual([298, 295, 292]);
    expect(numbers(await list('?host=10.0.1.1'))).toEqual([258]);
    expect(await list('?host=nobody')).toMatchObject({ verdicts: [], next: null });
    expect(numbers(await list('?kind=alert'))).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=1001',
    'limit=1e9',
    'limit=NaN',
    'limit=1&limit=2',
    'min_score=2',
    'min_risk=-1',
    'since=-1',
    'since=0x10',
    'since=99999999999999999999',
    'kind=both',
    'host=',
    `host=${'a'.repeat(300)}`,
    'host=%00',
    'path=../../etc/passwd',
    '__proto__=1',
    'constructor=1',
  ])('refuses ?%s', async (query) => {
    const answer = await bench.get(`/v1/verdicts?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'OPTION_INVALID', status: 400 });
  });

  test.each(['host=../../etc/passwd', 'verdict=/etc/passwd', 'host=file:///etc/passwd'])(
    '?%s is a text',
    async (query) => {
      expect(await list(`?${query}`)).toMatchObject({ verdicts: [] });
    },
  );
});

describe('events', () => {
  let bench: Bench;
  const limits = { heartbeatMs: 50, subscribers: 3, subscriberStallMs: 400 };
  beforeAll(async () => {
    bench = await startBench({ limits }, { ring });
  });
  afterAll(() => bench.close());

  const ask = async (query = '', headers = ''): Promise<Wire> => {
    const wire = await dial(bench.server.port);
    wire.socket.write(
      `GET /v1/verdicts${query} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${headers}\r\n`,
    );
    return wire;
  };
  const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const gone = async () => {
    while (bench.server.app.server.listening && (await open()) > 0) await new Promise((done) => setTimeout(done, 10));
  };
  const open = () => new Promise<number>((done) => bench.server.app.server.getConnections((_, count) => done(count)));

  test('come as rows are judged, with numbers, and heartbeats between them', async () => {
    const wire = await ask();
    await wire.until((text) => text.includes(': hello'));
    expect(wire.text()).toMatch(/content-type: text\/event-stream/i);
    expect(wire.text()).toMatch(/x-content-type-options: nosniff/i);
    const { newest } = bench.service.recent;
    bench.service.recent.push(judgedRows(3));
    await wire.until((text) => ids(text).length === 3);
    expect(ids(wire.text())).toEqual([newest + 1, newest + 2, newest + 3]);
    const data = /^data: (.*)$/m.exec(wire.text())![1]!;
    expect(JSON.parse(data)).toMatchObject({ sequence: newest + 1, flow_id: 1_000 });
    await wire.until((text) => text.split(': still here').length > 3);
    wire.socket.destroy();
    await gone();
  });

  test('go on where the reader left off', async () => {
    bench.service.recent.push(judgedRows(1_200));
    const { newest } = bench.service.recent;
    const wire = await ask('?verdict=mining', `Last-Event-ID: ${newest - 1_000}\r\n`);
    await wire.until((text) => ids(text).length >= 333);
    wire.socket.destroy();
    const found = ids(wire.text());
    expect(found[0]).toBeGreaterThan(newest - 1_000);
    expect(new Set(found).size).toBe(found.length);
    expect(wire.text()).not.toContain('event: gap');
    await gone();
  });

  test('say where something is missing', async () => {
    for (let i = 0; i < 3; i++) bench.service.recent.push(judgedRows(1_000));
    const { oldest } = bench.service.recent;
    const wire = await ask('', 'Last-Event-ID: 7\r\n');
    await wire.until((text) => ids(text).length > 0);
    expect(wire.text()).toContain(`event: gap\ndata: {"after":7,"oldest":${oldest}}\n\n`);
    expect(ids(wire.text())[0]).toBe(oldest);
    wire.socket.destroy();
    await gone();
  });

  test('of a number that is yet to come begin with the next', async () => {
    const wire = await ask(`?since=${Number.MAX_SAFE_INTEGER}`);
    await wire.until((text) => text.includes(': hello'));
    bench.service.recent.push(judgedRows(1));
    await wire.until((text) => ids(text).length === 1);
    wire.socket.destroy();
    await gone();
  });

  test('a reader that takes nothing is disconnected, and holds up nobody', async () => {
    const slow = await ask();
    await slow.until((text) => text.includes(': hello'));
    slow.socket.pause();
    const quick = await ask('?verdict=mining&min_risk=10');
    await quick.until((text) => text.includes(': hello'));
    const { newest } = bench.service.recent;
    const before = process.memoryUsage().rss;
    // 20,000 rows take some 20 MB as text: more than the kernel and the bound of a reader hold together.
    for (let i = 0; i < 20; i++) {
      bench.service.recent.push(judgedRows(1_000, i));
      await quick.until((text) => (ids(text).at(-1) ?? 0) > newest + 1_000 * (i + 1) - 3);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
    expect(ids(quick.text())).toHaveLength(Math.round(20_000 / 3));
    // It would end by itself once it is read again: the line is cut.
    await new Promise((done) => setTimeout(done, 600));
    slow.socket.resume();
    await slow.closed;
    quick.socket.destroy();
    await gone();
  });

  test('are for so many readers only', async () => {
    const wires = await Promise.all([ask(), ask(), ask()]);
    for (const wire of wires) await wire.until((text) => text.includes(': hello'));
    const one = await ask();
    expect(statusOf(await one.until((text) => text.includes('}')))).toBe(503);
    for (const { socket } of [...wires, one]) socket.destroy();
    await gone();
  });

  test.each([
    ['', 'Last-Event-ID: abc\r\n'],
    ['', 'Last-Event-ID: 1e3\r\n'],
    ['?limit=5', ''],
    ['?before=5', ''],
  ])('refuses %s %j', async (query, headers) => {
    const wire = await ask(query, headers);
    expect(statusOf(await wire.until((text) => text.includes('}')))).toBe(400);
    wire.socket.destroy();
    await gone();
  });

  test('end with the service', async () => {
    const other = await startBench({}, { ring });
    const wire = await dial(other.server.port);
    wire.socket.write('GET /v1/verdicts HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    await wire.until((text) => text.includes(': hello'));
    await other.close();
    await wire.closed;
  });
});
