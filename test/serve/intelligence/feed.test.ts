/** Feeds from files and from servers that lie. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Feed, type FeedOutcome } from '../../../serve/intelligence/feed.ts';
import { defaultFeedFolder, FeedCache } from '../../../serve/intelligence/feed-cache.ts';
import type { FetchOptions } from '../../../serve/intelligence/fetch-feed.ts';
import { FeedServer } from './feed-server.ts';
import { GUARDED } from './feeds.ts';

const HOUR = 3_600_000;
let server: FeedServer;
let folder: string;
let now: number;

beforeEach(async () => {
  server = await FeedServer.open();
  folder = mkdtempSync(join(tmpdir(), 'flowlamp-feeds-'));
  now = Date.UTC(2024, 0, 1);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const feedOf = (source = server.url(), fetchOptions: FetchOptions = { timeoutMs: 20_000 }) =>
  new Feed(source, {
    cache: new FeedCache(join(folder, 'cache')),
    policy: GUARDED,
    now: () => now,
    freshMs: 6 * HOUR,
    fetchOptions,
  });
const reasonOf = (outcome: FeedOutcome) => (outcome.kind === 'failed' ? outcome.reason : outcome.kind);
const lists = (feed: Feed, name: string) => feed.table?.find('domain', name) != null;
const many = (count: number) => Array.from({ length: count }, (_, i) => `h${i}.example.org`).join('\n');

describe('a feed of a file', () => {
  test.each([
    ['as it is', (text: string) => Buffer.from(text)],
    ['packed by gzip', (text: string) => gzipSync(text)],
  ])('is read %s', async (_, pack) => {
    const path = join(folder, 'pools.txt');
    writeFileSync(path, pack('pool.example.org\n'));
    const feed = feedOf(path);
    expect(await feed.open()).toMatchObject({ kind: 'loaded', counts: { rows: 1, kept: 1 } });
    expect([feed.name, lists(feed, 'pool.example.org')]).toEqual(['pools.txt', true]);
  });

  test('that is not there, is a folder or is a bomb says so', async () => {
    expect(reasonOf(await feedOf(join(folder, 'none')).open())).toBe('does not exist');
    expect(reasonOf(await feedOf(folder).open())).toBe('is a folder');
    const path = join(folder, 'bomb.gz');
    writeFileSync(path, gzipSync(Buffer.alloc(3 << 20)));
    expect(reasonOf(await feedOf(path, { maxBytes: 2 << 20 }).open())).toBe('is larger than 2 MiB, unpacked');
    writeFileSync(path, gzipSync(many(100)).subarray(0, 60));
    expect(reasonOf(await feedOf(path).open())).toBe('is a gzip file that is damaged');
    writeFileSync(path, Buffer.alloc((2 << 20) + 1, 'a'));
    expect(reasonOf(await feedOf(path, { maxBytes: 2 << 20 }).open())).toBe('is larger than 2 MiB, unpacked');
  });

  test('of MISP is a manifest beside its events; names that lead elsewhere are left out', async () => {
    const uuid = '5f3c1e8a-0000-4000-8000-000000000001';
    const outside = join(folder, 'outside.json');
    writeFileSync(outside, '{"Event":{"Attribute":[{"type":"domain","value":"outside.example.org","to_ids":true}]}}');
    mkdirSync(join(folder, 'misp'));
    writeFileSync(
      join(folder, 'misp', 'manifest.json'),
      JSON.stringify({ [uuid]: { timestamp: '1' }, '../outside': { timestamp: '2' } }),
    );
    const event = { Event: { info: 'x', Attribute: [{ type: 'domain', value: 'pool.example.org', to_ids: true }] } };
    writeFileSync(join(folder, 'misp', `${uuid}.json`), JSON.stringify(event, null, 2));
    const feed = feedOf(join(folder, 'misp', 'manifest.json'));
    expect(await feed.open()).toMatchObject({ kind: 'loaded', counts: { rows: 1 } });
    expect([lists(feed, 'pool.example.org'), lists(feed, 'outside.example.org')]).toEqual([true, false]);
  });
});

describe('a feed of a server', () => {
  test('is asked again with what the server said of the copy, and kept where nothing has changed', async () => {
    server.gives('pool.example.org\n', { etag: '"v1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' });
    const feed = feedOf();
    expect((await feed.open()).kind).toBe('loaded');
    server.gives('', {}, 304);
    now += HOUR;
    expect((await feed.refresh()).kind).toBe('unchanged');
    expect(server.requests[1]?.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT',
    });
    expect([lists(feed, 'pool.example.org'), feed.fetchedAt]).toEqual([true, now]);
  });

  test('is not asked while the copy is fresh, by the next run either; a copy of tomorrow is not fresh', async () => {
    server.gives('pool.example.org\n');
    await feedOf().open();
    now += 6 * HOUR - 1;
    const later = feedOf();
    expect(await later.open()).toEqual({ kind: 'unchanged' });
    expect([server.requests.length, lists(later, 'pool.example.org')]).toEqual([1, true]);
    now += 1;
    await feedOf().open();
    expect(server.requests.length).toBe(2);
    now -= 24 * HOUR;
    await feedOf().open();
    expect(server.requests.length).toBe(3);
  });

  test('that cannot be had, or holds nothing good any more, is served from the last good copy', async () => {
    server.gives(many(200), { etag: '"good"' });
    await feedOf().open();
    now += 7 * HOUR;
    for (const [text, status, reason] of [
      ['', 500, 'answers 500'],
      ['<html>moved</html>', 200, 'holds no indicator that can be used (1 row)'],
      ['', 200, 'is empty'],
      [many(19), 200, 'has shrunk from 200 to 19 indicators at once'],
      [many(2001), 200, 'has grown from 200 to 2001 indicators at once'],
    ] as const) {
      server.gives(text, {}, status);
      const feed = feedOf();
      expect(await feed.open()).toMatchObject({ kind: 'failed', reason, isServing: true });
      expect(lists(feed, 'h150.example.org')).toBe(true);
    }
    // The good copy is on the disk as it was, with its mark.
    server.gives('', {}, 304);
    expect((await feedOf().open()).kind).toBe('unchanged');
    expect(server.requests.at(-1)?.headers['if-none-match']).toBe('"good"');
  });

  test('that answers 304 although there is no copy has none', async () => {
    server.gives('', {}, 304);
    expect(await feedOf().open()).toEqual({
      kind: 'failed',
      reason: 'answers 304, although no copy is at hand',
      isRefused: false,
      isServing: false,
    });
  });

  test('that is slow, endless, cut off or absent fails in bounded time and bytes', async () => {
    server.answer = (_, response) => void response.writeHead(200).write('pool.example.org\n');
    expect(reasonOf(await feedOf(server.url(), { timeoutMs: 150 }).open())).toBe('is not there after 0.15 s');
    server.answer = () => {};
    expect(reasonOf(await feedOf(server.url(), { timeoutMs: 150 }).open())).toBe('is not there after 0.15 s');
    let isOpen = true;
    server.answer = (_, response) => {
      response.on('close', () => (isOpen = false));
      const more = () => {
        while (isOpen && response.write('a.example.org\n'.repeat(4096)));
        if (isOpen) response.once('drain', more);
      };
      more();
    };
    expect(reasonOf(await feedOf(server.url(), { maxBytes: 1 << 20 }).open())).toBe('is larger than 1 MiB, unpacked');
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('pool.example.org\n');
      setTimeout(() => response.destroy(), 20);
    };
    expect(reasonOf(await feedOf().open())).toMatch(/^cannot be fetched \(/);
    const gone = server.url();
    await server.close();
    expect(reasonOf(await feedOf(gone).open())).toMatch(/^cannot be fetched \(/);
    server = await FeedServer.open();
  });

  test('whose body unpacks to more than there is room for is refused, packed by the server or as a file', async () => {
    const bomb = gzipSync(Buffer.alloc(4 << 20, 'a'));
    server.gives(bomb, { 'content-encoding': 'gzip' });
    expect(reasonOf(await feedOf(server.url(), { maxBytes: 1 << 20 }).open())).toBe('is larger than 1 MiB, unpacked');
    server.gives(bomb);
    expect(reasonOf(await feedOf(server.url(), { maxBytes: 1 << 20 }).open())).toBe('is larger than 1 MiB, unpacked');
    server.gives(gzipSync('pool.example.org\n'), { 'content-encoding': 'gzip' });
    expect((await feedOf().open()).kind).toBe('loaded');
  });

  test('may send on to the same host, three times', async () => {
    server.answer = (request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 3) response.end('pool.example.org\n');
      else response.writeHead(302, { location: `/${hop + 1}` }).end();
    };
    expect((await feedOf(server.url('/0')).open()).kind).toBe('loaded');
    expect(reasonOf(await feedOf(server.url('/-1')).open())).toBe('sends on more than 3 times');
    server.answer = (_, response) => void response.writeHead(301, { location: '/feed.txt' }).end();
    expect(reasonOf(await feedOf().open())).toBe('sends on more than 3 times');
    for (const location of [`http://localhost:${server.port}/`, 'file:///etc/passwd', 'http://[']) {
      server.answer = (_, response) => void response.writeHead(302, { location }).end();
      expect(reasonOf(await feedOf().open()), location).toBe('sends to another host, or away from HTTPS');
    }
  });

  test('of MISP is a manifest and its events, the newest first', async () => {
    const uuids = [1, 2].map((n) => `5f3c1e8a-0000-4000-8000-00000000000${n}`);
    server.answer = (request, response) => {
      if (request.url?.endsWith('manifest.json'))
        response.end(JSON.stringify({ [uuids[0]!]: { timestamp: '5' }, [uuids[1]!]: { timestamp: '9' } }));
      else
        response.end(
          `{"Event":{"Attribute":[\n{"type":"domain","value":"p${request.url?.at(-6)}.example.org","to_ids":true}]}}`,
        );
    };
    const feed = feedOf(server.url('/misp/manifest.json'));
    expect(await feed.open()).toMatchObject({ kind: 'loaded', counts: { rows: 2, kept: 2 } });
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/misp/manifest.json',
      ...uuids.toReversed().map((uuid) => `/misp/${uuid}.json`),
    ]);
  });

  test('has neither its query nor a password in its name', async () => {
    expect(feedOf('https://feeds.example.org/list?key=secret').name).toBe('feeds.example.org/list');
    expect(reasonOf(await feedOf('http://user:secret@127.0.0.1/').open())).toMatch(/^has a user name or password/);
    expect(reasonOf(await feedOf('http://[').open())).toBe('has an address that is no URL');
  });
});

describe('copies', () => {
  test('are for their owner alone, and nothing half-written stays', async () => {
    server.gives('pool.example.org\n');
    await feedOf().open();
    const [name, ...more] = readdirSync(join(folder, 'cache'));
    expect(more).toEqual([]);
    expect(statSync(join(folder, 'cache', name!)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'cache')).mode & 0o777).toBe(0o700);
  });

  test('that were changed, cut or are of another feed are none', async () => {
    server.gives('pool.example.org\n');
    await feedOf().open();
    const path = join(folder, 'cache', readdirSync(join(folder, 'cache'))[0]!);
    const good = readFileSync(path);
    const cache = new FeedCache(join(folder, 'cache'));
    expect(cache.load(server.url())).toMatchObject({ kept: 1, fetchedAt: now });
    for (const bad of [
      good.subarray(0, good.length - 1),
      Buffer.concat([good, Buffer.from('x')]),
      Buffer.from('{}\n'),
      Buffer.from('no json'),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, bad);
      expect(cache.load(server.url())).toBeNull();
    }
    writeFileSync(path, good.toString().replace('"source":"', '"source":"other'));
    expect(cache.load(server.url())).toBeNull();
  });

  test('that cannot be written are done without', async () => {
    writeFileSync(join(folder, 'cache'), 'a file where the folder should be');
    server.gives('pool.example.org\n');
    expect((await feedOf().open()).kind).toBe('loaded');
  });

  test('lie in the cache folder of the user', () => {
    expect(defaultFeedFolder({ XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/flowlamp/feeds');
    expect(defaultFeedFolder({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/flowlamp\/feeds$/);
  });
});
