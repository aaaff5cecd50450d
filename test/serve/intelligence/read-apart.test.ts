/** Threads run compiled code: these tests run what `npm run build` made, as users do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { readFeedApart } from '../../../serve/intelligence/read-apart.ts';
import { bytesOf, feedOf, GUARDED } from './feeds.ts';

const DIST = new URL('../../../dist/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'flowlamp-feed-thread-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Longer than what is read where it is. */
const ROWS = [
  'indicator of no kind',
  '51.15.0.0/16',
  '2a01:4f8:c17::/48',
  'www.google.com',
  'domain,pool.example.org,90,xmrig,2024-05-01T00:00:00Z',
  ...Array.from({ length: 20_000 }, (_, i) => `domain,h${i}.evil${i % 7}.example.net,${i % 100},family ${i % 50}`),
];
const LONG = bytesOf(ROWS.join('\n'));

/** A program for a thread. */
function threadOf(text: string): URL {
  const path = join(folder, `${Math.random()}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path);
}

describe.each([
  ['of the library', new URL('serve/intelligence/feed-thread.js', DIST)],
  ['of the program', new URL('cli/feed-thread.js', DIST)],
])('a long feed in a thread %s', (_, file) => {
  test('is what it is here', async () => {
    const [here, there] = [feedOf(LONG), await readFeedApart(LONG, GUARDED, file)];
    expect(there.counts).toEqual(here.counts);
    expect(there.table.count).toBe(here.table.count);
    expect(there.table.kinds).toEqual(here.table.kinds);
    expect([there.table.prefixes4, there.table.prefixes6]).toEqual([new Set([16]), new Set([48])]);
    expect(there.table.findNetwork(Uint8Array.of(51, 15, 0, 0), 16)).not.toBeNull();
    for (const name of ['pool.example.org', 'h0.evil0.example.net', 'h19999.evil0.example.net', 'h1.example.net']) {
      expect(there.table.find('domain', name), name).toEqual(here.table.find('domain', name));
    }
    expect(there.table.find('domain', 'pool.example.org')).toMatchObject({ risk: 90, malware: 'xmrig' });
  });

  test('grows on: what is added afterwards is found beside the rest', async () => {
    const { table } = await readFeedApart(LONG, GUARDED, file);
    const facts = { risk: 1, malware: 'family 3', lastSeen: null, validUntil: null };
    for (let i = 0; i < 20_000; i++) table.add({ kind: 'domain', value: `more${i}.example.com` }, facts);
    expect(table.find('domain', 'more19999.example.com')).toEqual(facts);
    expect(table.find('domain', 'h7.evil0.example.net')).toMatchObject({ risk: 7, malware: 'family 7' });
  });

  test('is refused with the same words', async () => {
    const poisoned = bytesOf(`${'com\n'.repeat(70_000)}`);
    await expect(readFeedApart(poisoned, GUARDED, file)).rejects.toMatchObject({
      name: 'FeedRefused',
      message: 'holds no indicator that can be used (70000 rows)',
    });
    await expect(readFeedApart(bytesOf('['.repeat(300_000)), GUARDED, file)).rejects.toThrow('nests deeper than 64');
  });

  test('does not keep others waiting', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await readFeedApart(LONG, GUARDED, file);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});

test.each([
  ['throws', "throw new Error('out of memory')", 'cannot be read (out of memory)'],
  ['ends without a word', '', 'cannot be read (its thread ended with 0)'],
])('a thread that %s is a feed that is refused', async (_, text, message) => {
  await expect(readFeedApart(LONG, GUARDED, threadOf(text))).rejects.toMatchObject({ name: 'FeedRefused', message });
});

test('a short feed, and sources that have not been compiled, need no thread', async () => {
  const broken = threadOf("throw new Error('not this way')");
  expect((await readFeedApart(bytesOf('pool.example.org\n'), GUARDED, broken)).table.count).toBe(1);
  expect((await readFeedApart(LONG, GUARDED, new URL('file:///nowhere.js'))).table.count).toBe(
    feedOf(LONG).table.count,
  );
});
