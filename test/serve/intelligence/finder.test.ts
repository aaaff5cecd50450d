import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FEATURES } from '../../../features/vector/schema.ts';
import { IntelligenceFinder, type IntelligenceOptions } from '../../../serve/intelligence/finder.ts';
import { ALLOW_LIST } from '../../../serve/intelligence/indicator.ts';
import { Intelligence, type IntelligenceSettings } from '../../../serve/intelligence/intelligence.ts';
import { isMiningFamily, weightOf as weigh } from '../../../serve/intelligence/weigh.ts';
import { findingsOf, flowTable, weightOf } from '../evidence/rows.ts';
import { FeedServer } from './feed-server.ts';
import { feedOf } from './feeds.ts';

const finderOf = (text: string, options: Partial<IntelligenceOptions> = {}) =>
  new IntelligenceFinder([{ name: 'list', table: feedOf(text).table }], { maxAgeDays: null, allowed: [], ...options });
const FLOW = {
  dst_ip: '51.15.54.102',
  dst_port: 3333,
  src_ip: '10.0.0.1',
  src_port: 50_000,
  last_seen: '2024-06-01T00:00:00.000000000Z',
};
const found = (text: string, cells: Record<string, unknown>, options: Partial<IntelligenceOptions> = {}) =>
  findingsOf(finderOf(text, options), { ...FLOW, ...cells });

describe('what is listed is found in its column', () => {
  test.each([
    ['pool.example.org', { sni: 'EU.pool.example.org.' }, 2.8],
    ['pool.example.org', { http_host: 'pool.example.org:80' }, 2.8],
    ['pool.example.org', { http_connect_target: 'pool.example.org:3333' }, 2.8],
    ['pool.example.org', { dns_name: 'pool.example.org' }, 2.52],
    ['pool.example.org', { dns_query: 'pool.example.org' }, 0.84],
    ['pool.example.org', { cert_subject_cn: 'pool.example.org' }, 2.24],
    ['pool.example.org', { cert_dns_names: ['www.example.com', '*.pool.example.org'] }, 2.24],
    ['pool.example.org', { dns_answers: ['51.15.54.102', 'eu.pool.example.org'] }, 0.84],
    ['51.15.54.102', {}, 2.1],
    ['51.15.0.0/16', {}, 1.05],
    ['51.15.54.102:3333', {}, 3.15],
    ['2a01:4f8::/32', { dst_ip: '2a01:4f8:c17::1' }, 1.05],
    ['2A01:04F8:c17:0::1', { dst_ip: '2a01:4f8:c17::1' }, 2.1],
    ['51.15.54.102', { src_ip: '51.15.54.102', dst_ip: '10.0.0.1' }, 2.1],
    ['port,3333', {}, 0.35],
    ['c12b4ccd5320bbb380ca1a9df90f771d', { ja3: 'c12b4ccd5320bbb380ca1a9df90f771d' }, 0.7],
    ['t13i311000_e8f1e7e78f70_d41ae481755e', { ja4: 't13i311000_e8f1e7e78f70_d41ae481755e' }, 0.84],
    ['ab'.repeat(32), { cert_sha256: 'ab'.repeat(32) }, 2.8],
    ['ab'.repeat(20), { cert_sha1: 'ab'.repeat(20) }, 2.8],
  ])('%s in %j', (line, cells, weight) => {
    const findings = found(line, cells);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: 'intelligence', weight });
  });

  test('in columns that rows of captures have unasked', () => {
    const extracted = new Set(FEATURES.map(({ name }) => name));
    const compared = [
      ...['sni', 'http_connect_target', 'http_host', 'dns_name', 'cert_subject_cn', 'cert_dns_names', 'dns_query'],
      ...['dns_answers', 'dst_ip', 'dst_port', 'src_ip', 'src_port', 'ja3', 'ja4', 'cert_sha256', 'cert_sha1'],
    ];
    expect(compared.filter((name) => !extracted.has(name))).toEqual([]);
  });

  test.each([
    ['pool.example.org', { sni: 'evilpool.example.org' }],
    ['pool.example.org', { cert_dns_names: ['evilpool.example.org', 'example.org'], dns_answers: [] }],
    ['pool.example.org', { sni: 'example.org' }],
    ['51.15.54.102:3334', {}],
    ['51.16.0.0/16', {}],
    ['51.15.54.103', {}],
    ['port,50000', {}],
    ['pool.example.org', { sni: 'pool.example.org\u0000' }],
  ])('%s not in %j', (line, cells) => expect(found(line, cells)).toEqual([]));
});

test('a finding says feed, indicator, malware, risk and age', () => {
  const [finding] = found('domain,pool.example.org,90,xmrig,2024-05-20T00:00:00Z', { sni: 'eu.pool.example.org' });
  expect(finding).toEqual({
    source: 'intelligence',
    finding:
      'The feed list lists the domain pool.example.org (xmrig, risk 90, last seen 12 days before the flow): server name eu.pool.example.org.',
    weight: 3.6,
  });
});

describe('the weight', () => {
  const facts = { risk: null, malware: '', lastSeen: null, validUntil: null };
  test('grows with the risk, and is that of 70 where none is said', () => {
    expect([0, 50, 100].map((risk) => weigh('domain', { ...facts, risk }, null))).toEqual([0, 2, 4]);
    expect(weigh('domain', facts, null)).toBeCloseTo(2.8);
  });

  test('is less for malware that is not known to mine, and for addresses not seen for long', () => {
    expect(weigh('domain', { ...facts, risk: 100, malware: 'Emotet' }, null)).toBeCloseTo(1.2);
    expect(weigh('domain', { ...facts, risk: 100, malware: 'Trojan.CoinMiner' }, null)).toBe(4);
    expect(weigh('address', { ...facts, risk: 100 }, 91)).toBe(1.5);
    expect(weigh('domain', { ...facts, risk: 100 }, 91)).toBe(4);
    expect(['XMRig', 'Win.Coin-Miner', 'cryptojacking', 'Kinsing', 'mining pool'].every(isMiningFamily)).toBe(true);
    expect(['Emotet', 'mineral', 'Examiner', 'determined', 'Dridex', 'undermining'].some(isMiningFamily)).toBe(false);
  });

  test('of all findings together is 5 at the most', () => {
    const text = 'domain,pool.example.org,100\nip,51.15.54.102,100\nport,3333,100\n';
    const findings = found(text, { sni: 'pool.example.org' });
    expect(findings.length).toBe(3);
    expect(weightOf(findings)).toBeCloseTo(5, 2);
  });

  test('of an indicator in several feeds counts once', () => {
    const feeds = ['a', 'b', 'c'].map((name) => ({ name, table: feedOf('pool.example.org').table }));
    const finder = new IntelligenceFinder(feeds, { maxAgeDays: null, allowed: [] });
    const findings = findingsOf(finder, { ...FLOW, sni: 'pool.example.org' });
    expect(findings).toMatchObject([{ weight: 2.8 }]);
    expect(findings[0]?.finding).toMatch(/^The feed a lists .*; 2 more feeds list it\.$/);
  });
});

describe('time', () => {
  const STIX = (valid_until: string) =>
    JSON.stringify({
      type: 'bundle',
      objects: [{ type: 'indicator', pattern: "[domain-name:value = 'pool.example.org']", valid_until }],
    });

  test('is that of the flow: an indicator counts until the end of its validity', () => {
    const sni = 'pool.example.org';
    expect(found(STIX('2024-06-02T00:00:00Z'), { sni })).toHaveLength(1);
    expect(found(STIX('2024-05-31T00:00:00Z'), { sni })).toEqual([]);
    expect(found(STIX('2024-05-31T00:00:00Z'), { sni, last_seen: '2024-05-01T00:00:00.000000000Z' })).toHaveLength(1);
    expect(found(STIX('2024-05-31T00:00:00Z'), { sni, last_seen: null })).toHaveLength(1);
  });

  test('old sightings are left out where that is asked for', () => {
    const line = 'domain,pool.example.org,90,xmrig,2024-05-01T00:00:00Z';
    const sni = 'pool.example.org';
    expect(found(line, { sni }, { maxAgeDays: 31 })).toHaveLength(1);
    expect(found(line, { sni }, { maxAgeDays: 30 })).toEqual([]);
    expect(found('pool.example.org', { sni }, { maxAgeDays: 1 })).toHaveLength(1);
    expect(found(line, { sni, last_seen: '2024-04-01T00:00:00.000000000Z' }, { maxAgeDays: 1 })).toHaveLength(1);
  });
});

describe('an allow-list wins', () => {
  const text = '51.15.54.102\n51.15.54.102:3333\n51.15.0.0/16\npool.example.org\nport,3333\n';
  const kept = (line: string, cells: Record<string, unknown> = { sni: 'pool.example.org' }) =>
    found(text, cells, { allowed: [feedOf(line, ALLOW_LIST).table] }).map(
      ({ finding }) => /lists the (\w+)/.exec(finding)?.[1],
    );

  test.each([
    ['example.org', ['endpoint', 'address', 'network', 'port']],
    ['pool.example.org', ['endpoint', 'address', 'network', 'port']],
    ['51.15.54.102', ['domain', 'port']],
    ['51.15.0.0/17', ['domain', 'port']],
    ['51.15.54.102:3333', ['domain', 'port']],
    ['port,3333', ['endpoint', 'domain', 'address', 'network']],
    ['ample.org', ['endpoint', 'domain', 'address', 'network', 'port']],
  ])('over what it names: %s leaves %j', (line, left) => expect(kept(line)).toEqual(left));

  test('and over nothing else: an allowed name sent to a listed address, or a network of clients, hides no server', () => {
    expect(kept('google.com', { sni: 'www.google.com' })).toEqual(['endpoint', 'address', 'network', 'port']);
    expect(kept('10.0.0.0/8')).toHaveLength(5);
  });
});

test('texts of feeds reach a sentence printable', () => {
  const feed = JSON.stringify([{ indicator: 'pool.example.org', related_malware: 'xmrig\u001b[2J\u202e\n' }]);
  expect(found(feed, { sni: 'pool.example.org' })[0]?.finding).toMatch(/^[\x20-\x7e]+$/);
});

test('a flow that nobody lists, and a table without the columns, have the same empty list', () => {
  const finder = finderOf('pool.example.org\n51.15.54.102\n');
  expect(finder.find(flowTable({ sni: 'example.com', dst_ip: '192.0.2.1' }), 0)).toBe(
    finder.find(flowTable({ dst_port: 1 }), 0),
  );
});

describe('intelligence', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const open = (settings: Partial<IntelligenceSettings>) =>
    Intelligence.open({ feeds: [], cacheFolder: null, ...settings });
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowlamp-intelligence-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('opens feeds, and says what of them is kept', async () => {
    const said: string[] = [];
    const { finder } = await open({
      feeds: [file('pools.txt', 'pool.example.org\n10.0.0.1\ngoogle.com\nwhat is this\n')],
      report: (message, isProblem) => said.push(`${isProblem} ${message}`),
    });
    expect(said).toEqual([
      'true the feed pools.txt: 1 of 4 rows kept, 1 not understood, 1 special addresses, 1 popular domains',
    ]);
    expect(findingsOf(finder, { ...FLOW, sni: 'pool.example.org' })).toHaveLength(1);
  });

  test('an allow-list may name what no feed may, and silences the finder of names', async () => {
    const { nameOptions, finder } = await open({
      feeds: [file('all.txt', '51.15.54.102\n')],
      allowLists: [file('ours.txt', '10.0.0.0/8\nlocalhost\ngoogle.com\n'), file('none.txt', '# nothing yet\n')],
    });
    expect([nameOptions.isAllowed?.('www.google.com'), nameOptions.isAllowed?.('www.github.com')]).toEqual([
      true,
      false,
    ]);
    expect(findingsOf(finder, { ...FLOW, dst_ip: '10.0.0.2', src_ip: '51.15.54.102' })).toHaveLength(1);
  });

  test('a feed that cannot be used stops a run, and does not stop a program that goes on', async () => {
    const bad = file('bad.txt', '<html>');
    await expect(open({ feeds: [bad] })).rejects.toMatchObject({ code: 'FEED_REFUSED' });
    await expect(open({ feeds: [join(folder, 'none')] })).rejects.toThrow(
      /^the feed none does not exist; expected a file, .*; check its path or address$/,
    );
    await expect(open({ allowLists: [join(folder, 'none')], isRequired: false })).rejects.toMatchObject({
      code: 'FEED_UNREADABLE',
    });
    const said: string[] = [];
    await open({ feeds: [bad], isRequired: false, report: (message) => said.push(message) });
    expect(said).toEqual(['the feed bad.txt holds no indicator that can be used (1 row); it is tried again']);
  });

  test('a fresh copy is used, and said to be one', async () => {
    const server = await FeedServer.open();
    server.gives('pool.example.org\n');
    const said: string[] = [];
    const clock = { now: () => Date.UTC(2024, 0, 1), after: () => () => {} };
    const settings = {
      feeds: [server.url()],
      cacheFolder: join(folder, 'cache'),
      clock,
      report: (message: string) => said.push(message),
    };
    await Intelligence.open(settings);
    await Intelligence.open(settings);
    const name = `the feed 127.0.0.1:${server.port}/feed.txt`;
    expect(said).toEqual([`${name}: 1 of 1 rows kept`, `${name}: 1 indicators as of 2024-01-01T00:00:00.000Z`]);
    await server.close();
  });

  test('a schedule brings a feed up to date, and its finder sees it', async () => {
    const server = await FeedServer.open();
    server.gives('pool.example.org\n');
    let due = (): void => {};
    let planned = (): void => {};
    const clock = {
      now: () => 0,
      after: (_: number, call: () => void) => {
        due = call;
        planned();
        return () => {};
      },
    };
    const intelligence = await Intelligence.open({ feeds: [server.url()], cacheFolder: null, clock });
    const seen = () =>
      ['pool.example.org', 'other.example.org'].map((sni) => findingsOf(intelligence.finder, { ...FLOW, sni }).length);
    expect(seen()).toEqual([1, 0]);
    const schedule = intelligence.schedule();
    schedule.start();
    server.gives('other.example.org\n');
    const done = new Promise<void>((resolve) => {
      planned = resolve;
    });
    due();
    await done;
    await schedule.stop();
    expect(seen()).toEqual([0, 1]);
    await server.close();
  });

  test('the number of feeds is bounded', async () => {
    await expect(open({ feeds: Array.from({ length: 65 }, (_, i) => `f${i}`) })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });
});
