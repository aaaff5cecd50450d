import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packagePath } from '../../../features/files/package-files.ts';
import { NameFinder } from '../../../serve/evidence/names/finder.ts';
import { covers } from '../../../serve/evidence/names/fit.ts';
import { enclosing, hostOf } from '../../../serve/evidence/names/host.ts';
import { isOneSlip, skeletonOf } from '../../../serve/evidence/names/look-alike.ts';
import { parsePoolList, poolOf } from '../../../serve/evidence/names/pool-list.ts';
import { miningWords } from '../../../serve/evidence/names/words.ts';
import { shippedNames, shippedPoolList } from '../../../serve/evidence/shipped.ts';
import { extractRows } from '../../support/rows.ts';
import { hasSharedData, sharedPath } from '../../support/shared-data.ts';
import { findingsOf, flowTable, weightOf } from './rows.ts';

const finder = new NameFinder(shippedNames());
const said = (sni: string, more: Record<string, unknown> = {}) => findingsOf(finder, { sni, dst_port: 3333, ...more });
const words = (name: string) => miningWords(hostOf(name)!);

describe('host names', () => {
  test.each([
    ['WWW.Example.COM.', 'www.example.com'],
    ['example.com:3333', 'example.com'],
    ['*.example.com', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['ＳupportXMR。com', 'supportxmr.com'],
  ])('%s is %s in its one form', (written, name) => expect(hostOf(written)?.name).toBe(name));

  test.each([
    '192.0.2.1',
    '[2001:db8::1]:443',
    'a b',
    'evil\u001b[31m.com',
    '',
    '.',
    '-a.com',
    'a..b',
    `${'a'.repeat(64)}.com`,
    'a.'.repeat(200),
  ])('%j is none', (written) => expect(hostOf(written)).toBeNull());

  test('a name lies in all that follows one of its dots, and in nothing else', () => {
    expect([...enclosing('eu.pool.example.com')]).toEqual([
      'eu.pool.example.com',
      'pool.example.com',
      'example.com',
      'com',
    ]);
  });
});

describe('mining words', () => {
  test.each(
    'minecraft.net www.minecraft.net carpool.example.com minerva.example.com mineral.example.org xmrvbeauty.com whirlpool.com visitliverpool.com poolside.example.com ethernet.example.com ethan.example.com determine.example.com undermine.example.com pool.ntp.org 2.debian.pool.ntp.org coinbase.com cryptography.example.org examiner.com'.split(
      ' ',
    ),
  )('%s has none', (name) => expect(words(name)).toBeNull());

  test.each([
    ['xmr-eu1.example.org', ['xmr'], 1.5],
    ['eth-pool.example.org', ['eth', 'pool'], 2],
    ['xmrpool.example.org', ['xmrpool'], 2],
    ['stratum.example.org', ['stratum'], 1.2],
    ['pool.example.org', ['pool'], 0.6],
    ['thepool.pool.example.org', ['pool'], 0.3],
    ['monero.example.org', ['monero'], 1.2],
    ['eth.example.org', ['eth'], 0.3],
    ['XMR.EXAMPLE.org', ['xmr'], 1.5],
  ])('%s has %j, of weight %d', (name, found, weight) => expect(words(name)).toEqual({ words: found, weight }));

  test('of well-known sites, none is taken for a pool, and none is said to be made up or to look like one', () => {
    const text = readFileSync(packagePath('serve', 'lists', 'popular.txt'), 'utf8');
    const names = text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .flatMap((line) => line.split(/\s+/))
      .filter((name) => name !== '');
    expect(names.length).toBeGreaterThan(900);
    expect(names.filter((name) => weightOf(said(`www.${name}`)) > 0.61)).toEqual([]);
    // The model learnt from most of these; test/train/names has the figures of those that it did not.
    expect(names.filter((name) => said(name).length > 0).length).toBeLessThan(8);
  });
});

describe('pools', () => {
  test('a pool is named with the date of the list', () => {
    const [finding] = said('pool.supportxmr.com');
    expect(finding).toEqual({
      source: 'names',
      finding: `The server name pool.supportxmr.com is a host of the mining pool supportxmr.com (list of ${shippedPoolList().date}).`,
      weight: 2.5,
    });
  });

  test('a host for miners says more than the web site of the same pool', () => {
    const weight = (sni: string, dst_port: number) => weightOf(said(sni, { dst_port }));
    expect(weight('gulf.moneroocean.stream', 10_128)).toBe(2.5);
    expect(weight('gulf.moneroocean.stream', 443)).toBe(1.8);
    expect(weight('moneroocean.stream', 443)).toBe(0.8);
    expect(weight('www.moneroocean.stream', 443)).toBe(0.3);
    expect(weight('api.moneroocean.stream', 443)).toBe(0.3);
    expect(weight('moneroocean.stream', 3333)).toBe(2.5);
  });

  test.each(['SupportXMR.com.', 'a.b.supportxmr.com', 'supportxmr.com:443'])('%s is in supportxmr.com', (name) =>
    expect(poolOf(shippedPoolList(), hostOf(name)!.name)).toBe('supportxmr.com'),
  );

  test.each(['evilsupportxmr.com', 'supportxmr.com.example.org', 'supportxmr.co'])('%s is not', (name) =>
    expect(poolOf(shippedPoolList(), hostOf(name)!.name)).toBeNull(),
  );

  test.each([
    ['dns_name', 2.25],
    ['http_host', 2.5],
    ['http_connect_target', 2.5],
    ['cert_subject_cn', 2],
    ['dns_query', 0.75],
  ])('its name in %s weighs %d', (column, weight) => {
    expect(weightOf(findingsOf(finder, { [column]: 'pool.supportxmr.com', dst_port: 3333 }))).toBe(weight);
  });

  test('among the names of a certificate and of answers, pools and what looks like one are named, and nothing else', () => {
    const of = (column: string, names: readonly string[]) =>
      weightOf(findingsOf(finder, { [column]: names, dst_port: 443 }));
    expect(of('cert_dns_names', ['example.com', '*.hashvault.pro', 'hashvault.pro'])).toBe(0.64);
    expect(of('dns_answers', ['192.0.2.1', 'pool.supportxmr.com'])).toBe(0.54);
    expect(of('cert_dns_names', ['supportxmr.net'])).toBe(1.2);
    expect(of('cert_dns_names', ['eth-pool.example.org', 'qxzvkwjhrtpl.com'])).toBe(0);
  });

  test('the same name in two columns is said once, where it says more', () => {
    const findings = said('pool.supportxmr.com', { dns_name: 'pool.supportxmr.com' });
    expect(findings.map(({ weight }) => weight)).toEqual([2.5]);
  });

  test('the list that ships holds registrable domains, each once', () => {
    const { domains, date } = shippedPoolList();
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(domains.size).toBeGreaterThan(150);
    expect([...domains].filter((name) => hostOf(name)?.domain !== name)).toEqual([]);
  });
});

describe('look-alikes', () => {
  test.each([
    ['supportxmr.net', 'the same name under another ending'],
    ['suppоrtxmr.com', 'letters that look like its own'],
    ['xn--supprtxmr-32h.com', 'letters that look like its own'],
    ['supp0rtxmr.com', 'letters that look like its own'],
    ['suportxmr.com', 'one letter is different'],
    ['supportxrm.com', 'one letter is different'],
    ['supportxmr.com.example.org', 'its name within another domain'],
    ['supportxmr-eu.example.org', 'its name within another domain'],
  ])('%s: %s', (name, how) => {
    const finding = said(name).find((one) => one.finding.includes('looks like'));
    expect(finding?.finding).toContain(`looks like the mining pool supportxmr.com: ${how}.`);
  });

  test.each([
    'determine.com',
    'btc.example.org',
    'ocean.example.org',
    'brains.com',
    'nanapool.org.example.net',
    'hash.com',
  ])('%s looks like none', (name) =>
    expect(said(name).filter(({ finding }) => finding.includes('looks like'))).toEqual([]),
  );

  test('a slip is one letter more, less, other, or two exchanged', () => {
    expect(['abcde', 'abde', 'abcxd', 'abxd', 'abdc', 'bacd'].map((other) => isOneSlip('abcd', other))).toEqual([
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(isOneSlip('abcd', 'abcd')).toBe(false);
    expect(isOneSlip('abcd', 'cdab')).toBe(false);
    expect(skeletonOf('Моnегo'.toLowerCase())).toBe('monero');
  });
});

describe('generated names', () => {
  test.each(['qxzvkwjhrtpl.com', 'a8f3e91c07bd4e22.net', 'www.kq3v9z7x1m4b8.info'])('%s looks made up', (name) => {
    expect(said(name)).toMatchObject([{ weight: 0.6 }]);
    expect(said(name)[0]?.finding).toMatch(/looks made up by a program \(\d+(\.\d)? %\)\.$/);
  });

  // Names below a registrable domain are made up everywhere: those of machines of content networks.
  test.each(['d1a2b3c4e5f6g7.cloudfront.net', 'r3---sn-4g5e6n7k.googlevideo.com', 'xxxxxxxxxx.com', 'example.com'])(
    '%s does not',
    (name) => expect(said(name)).toEqual([]),
  );
});

describe('a name that does not fit', () => {
  const misfit = (sni: string, names: readonly string[], more: Record<string, unknown> = {}) =>
    findingsOf(finder, { sni, cert_dns_names: names, dst_port: 443, ...more });

  test('is noted as weak where the certificate is for others', () => {
    expect(misfit('shop.example.org', ['example.com', '*.example.com'])).toEqual([
      {
        source: 'names',
        finding: 'The server name does not fit its server: the certificate is for 2 other names.',
        weight: 0.3,
      },
    ]);
    expect(misfit('shop.example.org', [], { cert_subject_cn: 'example.com' })).toHaveLength(1);
    expect(misfit('shop.example.org', ['shop.example.org'])).toEqual([]);
    expect(misfit('Shop.Example.org', ['*.example.ORG'])).toEqual([]);
  });

  test('is not where it cannot be told', () => {
    expect(misfit('192.0.2.1', ['example.com'])).toEqual([]);
    expect(misfit('shop.example.org', [])).toEqual([]);
    expect(
      misfit(
        'shop.example.org',
        Array.from({ length: 32 }, (_, i) => `a${i}.example.com`),
      ),
    ).toEqual([]);
  });

  test('is noted where a proxy was asked for another domain', () => {
    expect(said('a.example.org', { http_connect_target: 'b.example.com:443' })).toHaveLength(1);
    expect(said('a.example.org', { http_connect_target: 'b.example.org:443' })).toEqual([]);
  });

  test('a wildcard stands for one label, the leftmost', () => {
    expect(['a.example.com', 'example.com', 'a.b.example.com'].map((name) => covers('*.example.com', name))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('whatever names say', () => {
  test('it weighs 3 at the most', () => {
    const findings = said('xmr.pool.hashvault.pro', {
      dns_name: 'xmr-pool.qxzvkwjhrtpl.com',
      http_host: 'eth-pool.example.org',
      cert_dns_names: ['other.example.com'],
    });
    expect(findings.length).toBeGreaterThan(2);
    expect(weightOf(findings)).toBeCloseTo(3, 2);
    expect(findings.map(({ weight }) => weight)).toEqual(
      findings.map(({ weight }) => weight).toSorted((a, b) => b - a),
    );
  });

  test('a flow without names has the same empty list each time, made for no row', () => {
    const table = flowTable({ dst_port: 443, sni: null }, { dst_port: 80, sni: 'example.com' });
    expect(finder.find(table, 0)).toBe(finder.find(table, 1));
  });

  test('a table without columns of names gives nothing', () => expect(findingsOf(finder, { dst_port: 1 })).toEqual([]));

  test('control characters never reach a sentence', () => {
    for (const name of [
      'pool\u001b[31m.supportxmr.com',
      'pool.supportxmr.com\n',
      'xmr\u202e.example.org',
      'xmr\u0000.org',
    ]) {
      for (const { finding } of said(name)) expect(finding).not.toMatch(/[\p{C}\n]/u);
    }
  });

  test('an allow-list silences a name, and the list that ships can be left out', () => {
    const quiet = new NameFinder({ ...shippedNames(), isAllowed: (name) => name.endsWith('supportxmr.com') });
    expect(findingsOf(quiet, { sni: 'pool.supportxmr.com', dst_port: 3333 })).toEqual([]);
    const without = new NameFinder({
      ...shippedNames(),
      pools: parsePoolList('# date: 2020-01-01\nhash.example.org # mine\n'),
    });
    expect(findingsOf(without, { sni: 'a.hash.example.org', dst_port: 3333 })[0]?.finding).toContain(
      '(list of 2020-01-01)',
    );
  });
});

test.skipIf(!hasSharedData)(
  'real sessions with a listed pool are named, and the other flows of the capture are not',
  () => {
    const capture = readFileSync(sharedPath('labelled/mining/zeek-cryptomining/coinhive-stratum.pcap'));
    const { rows } = extractRows(capture);
    const names = rows
      .filter((row) => weightOf(findingsOf(finder, row)) >= 2)
      .map((row) => [row['dns_name'], row['dst_port']]);
    expect(names).toEqual(Array.from({ length: 3 }, () => ['la01.supportxmr.com', 3333]));
  },
);
