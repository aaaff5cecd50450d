/** The options that hand feeds to a command, on a command of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Console } from '../../cli/console.ts';
import { addIntelligenceOptions, type IntelligenceOptions, openIntelligence } from '../../cli/intelligence-options.ts';
import { findingsOf } from '../serve/evidence/rows.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowlamp-options-'));
  writeFileSync(join(folder, 'a.txt'), 'pool.example.org\n');
  writeFileSync(join(folder, 'b.txt'), '51.15.54.102\n');
  writeFileSync(join(folder, 'ours.txt'), 'supportxmr.com\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

function optionsOf(...words: string[]): IntelligenceOptions {
  const command = addIntelligenceOptions(new Command('score'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(words, { from: 'user' }).opts<IntelligenceOptions>();
}

async function sourcesOf(options: IntelligenceOptions, cells: Record<string, unknown>): Promise<string[]> {
  const { finders } = await openIntelligence(options, new Console(true));
  return finders.flatMap((finder) => findingsOf(finder, cells)).map(({ source }) => source);
}

const POOL = { sni: 'gulf.supportxmr.com', dst_port: 3333, dst_ip: '51.15.54.102' };

describe('the options of intelligence', () => {
  test('are none by default: no feed, the list of pools that ships', async () => {
    const options = optionsOf();
    expect(options).toEqual({ feedRefresh: 6, poolList: true });
    const { finders, intelligence } = await openIntelligence(options, new Console(true));
    expect([intelligence, finders.map(({ source }) => source)]).toEqual([
      null,
      ['protocol', 'names', 'certificate', 'fingerprint'],
    ]);
    expect(await sourcesOf(options, POOL)).toEqual(['names']);
  });

  test('name several feeds, and allow-lists that silence names too', async () => {
    const feeds = ['--feed', join(folder, 'a.txt'), '--feed', join(folder, 'b.txt')];
    expect(await sourcesOf(optionsOf(...feeds), POOL)).toEqual(['intelligence', 'names']);
    expect(await sourcesOf(optionsOf(...feeds, '--allow-list', join(folder, 'ours.txt')), POOL)).toEqual([
      'intelligence',
    ]);
    expect(await sourcesOf(optionsOf('--allow-list', join(folder, 'ours.txt')), POOL)).toEqual([]);
    const listed = optionsOf('--feed', join(folder, 'a.txt'), '--allow-list', join(folder, 'ours.txt'));
    expect(await sourcesOf(listed, { ...POOL, http_host: 'pool.example.org' })).toEqual(['intelligence', 'names']);
  });

  test('--no-pool-list leaves out the list, not the words', async () => {
    expect(await sourcesOf(optionsOf('--no-pool-list'), { sni: 'gulf.moneroocean.stream', dst_port: 3333 })).toEqual(
      [],
    );
    expect(await sourcesOf(optionsOf('--no-pool-list'), { sni: 'xmr-eu1.example.org', dst_port: 3333 })).toEqual([
      'names',
    ]);
  });

  test.each([
    ['--feed-refresh', '24'],
    ['--feed-refresh', '0'],
    ['--feed-refresh', 'soon'],
    ['--feed-max-age', '0'],
    ['--feed-max-age', '-1'],
    ['--feed-max-age', ''],
  ])('%s %j is refused', (option, value) => expect(() => optionsOf(option, value)).toThrow(CommanderError));

  test('a feed that is not there is one clear error', async () => {
    await expect(
      openIntelligence(optionsOf('--feed', join(folder, 'none.txt')), new Console(true)),
    ).rejects.toMatchObject({
      code: 'FEED_UNREADABLE',
      happened: 'the feed none.txt does not exist',
    });
  });
});
