/** Every form of feed, and what is wrong with feeds. */
import { describe, expect, test } from 'vitest';
import { FEED_LIMITS } from '../../../serve/intelligence/limits.ts';
import { bytesOf, feedOf, refusalOf } from './feeds.ts';

const kinds = (text: string) => Object.fromEntries(feedOf(text).table.kinds);

describe('plain lists', () => {
  test('hold one indicator a line, told by its looks, with comments', () => {
    const { table, counts } = feedOf(
      [
        '\ufeff# a list',
        '; and another way to say so',
        '// and another',
        '',
        'Pool.Example.ORG.   # with a word',
        'stratum+tcp://xmr.example.org:3333',
        '||ads.example.org^',
        '51.15.54.102',
        '2a01:4f8:c17::1',
        '51.15.0.0/16',
        '51.15.54.103:3333',
        '[2a01:4f8:c17::1]:5555',
        'c12b4ccd5320bbb380ca1a9df90f771d',
        't13i311000_e8f1e7e78f70_d41ae481755e',
        'AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD',
        `${'0a'.repeat(32)}`,
      ].join('\r\n'),
    );
    expect(Object.fromEntries(table.kinds)).toEqual({
      domain: 3,
      address: 2,
      network: 1,
      endpoint: 2,
      ja3: 1,
      ja4: 1,
      certificate: 2,
    });
    expect(counts).toMatchObject({ rows: 12, kept: 12 });
    for (const [kind, value] of [
      ['domain', 'pool.example.org'],
      ['domain', 'xmr.example.org'],
      ['network', '51.15.0.0/16'],
      ['endpoint', '[2a01:4f8:c17::1]:5555'],
      ['certificate', 'aabbccddeeff00112233445566778899aabbccdd'],
    ] as const) {
      expect(table.find(kind, value), value).not.toBeNull();
    }
  });

  test('as hosts files: what stands before the names is no indicator', () => {
    const { table, counts } = feedOf('127.0.0.1 localhost\n::1 localhost\n0.0.0.0 a.example.org b.example.org\n');
    expect(Object.fromEntries(table.kinds)).toEqual({ domain: 2 });
    expect(counts.refused['too broad']).toBe(2);
  });

  test('as type,value with risk, malware and last sighting', () => {
    const { table, counts } = feedOf(
      'type,value,risk,malware,last_seen\nport,3333\ndomain,"pool.example.org",90,xmrig,2024-05-01T00:00:00Z\nip-dst|port,51.15.54.102|3333\nsha256,00\n',
    );
    expect(table.find('domain', 'pool.example.org')).toEqual({
      risk: 90,
      malware: 'xmrig',
      lastSeen: Date.UTC(2024, 4, 1) / 1000,
      validUntil: null,
    });
    expect(table.find('endpoint', '51.15.54.102:3333')).not.toBeNull();
    expect(counts).toMatchObject({ rows: 4, kept: 3, refused: { 'not understood': 1 } });
  });
});

describe('indicators in JSON', () => {
  const record = {
    indicator: 'pool.example.org',
    type: 'domain',
    risk_score: 85,
    related_malware: ['xmrig', 'kinsing'],
    last_seen: '2024-05-01T00:00:00Z',
  };
  test.each([
    ['an array', JSON.stringify([record])],
    ['an object with data', JSON.stringify({ data: [record] }, null, 2)],
    ['JSON lines', `${JSON.stringify(record)}\n${JSON.stringify({ ...record, indicator: 'b.example.org' })}\n`],
    ['one object', JSON.stringify(record)],
  ])('as %s', (_, text) => {
    expect(feedOf(text).table.find('domain', 'pool.example.org')).toEqual({
      risk: 85,
      malware: 'xmrig, kinsing',
      lastSeen: Date.UTC(2024, 4, 1) / 1000,
      validUntil: null,
    });
  });

  test('without a type are told by their looks; of a type that flows do not have, they are counted', () => {
    const { counts, table } = feedOf(
      JSON.stringify([
        { indicator: '51.15.54.102' },
        { indicator: 3333, type: 'port' },
        { indicator: 'x', type: 'mutex' },
        { nothing: 1 },
        7,
        null,
      ]),
    );
    expect(Object.fromEntries(table.kinds)).toEqual({ address: 1, port: 1 });
    expect(counts).toMatchObject({ rows: 6, kept: 2, refused: { 'not understood': 4 } });
  });

  test('hostile members stay values', () => {
    const text =
      '[{"indicator":"a.example.org","type":"__proto__"},{"indicator":"b.example.org","type":"constructor"},{"__proto__":{"type":"domain"},"indicator":"c.example.org"},{"indicator":{"a":1},"type":"domain"},{"indicator":"d.example.org","risk_score":1e400,"last_seen":{}}]';
    const { table, counts } = feedOf(text);
    expect(counts).toMatchObject({ rows: 5, kept: 2 });
    expect(table.find('domain', 'd.example.org')).toEqual({
      risk: null,
      malware: '',
      lastSeen: null,
      validUntil: null,
    });
  });
});

describe('STIX 2.1 bundles', () => {
  const indicator = (more: Record<string, unknown>) => ({
    type: 'indicator',
    id: 'indicator--1',
    pattern_type: 'stix',
    pattern: "[domain-name:value = 'pool.example.org']",
    valid_from: '2024-01-01T00:00:00Z',
    ...more,
  });
  const bundle = (...objects: unknown[]) => JSON.stringify({ type: 'bundle', id: 'bundle--1', objects });

  test('give patterns with confidence, validity and the malware that a relationship names', () => {
    const { table } = feedOf(
      bundle(
        indicator({
          confidence: 80,
          valid_until: '2024-06-01T00:00:00Z',
          modified: '2024-02-01T00:00:00Z',
          name: 'a pool',
        }),
        { type: 'malware', id: 'malware--1', name: 'XMRig' },
        { type: 'relationship', relationship_type: 'indicates', source_ref: 'indicator--1', target_ref: 'malware--1' },
      ),
    );
    expect(table.find('domain', 'pool.example.org')).toEqual({
      risk: 80,
      malware: 'XMRig',
      lastSeen: Date.UTC(2024, 1, 1) / 1000,
      validUntil: Date.UTC(2024, 5, 1) / 1000,
    });
  });

  test('leave out what is revoked, other languages, and patterns that are not understood', () => {
    const { counts } = feedOf(
      bundle(
        indicator({}),
        indicator({ revoked: true }),
        indicator({ pattern_type: 'snort', pattern: 'alert tcp any any' }),
        indicator({ pattern: "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']" }),
        indicator({ pattern: 7 }),
        'no object',
      ),
    );
    expect(counts).toMatchObject({ rows: 5, kept: 1, withdrawn: 1, refused: { 'not understood': 3 } });
  });
});

describe('MISP events', () => {
  const event = {
    Event: {
      info: 'miners',
      Tag: [{ name: 'tlp:white' }, { name: 'misp-galaxy:malpedia="XMRIG"' }],
      Attribute: [
        { type: 'domain', value: 'pool.example.org', to_ids: true, timestamp: '1714521600' },
        { type: 'ip-dst|port', value: '51.15.54.102|3333', to_ids: true },
        { type: 'md5', value: 'd41d8cd98f00b204e9800998ecf8427e', to_ids: true },
        { type: 'domain', value: 'victim.example.org', to_ids: false },
        { type: 'domain', value: 'gone.example.org', to_ids: true, deleted: true },
      ],
      Object: [{ Attribute: [{ type: 'x509-fingerprint-sha1', value: 'ab'.repeat(20), to_ids: true }] }],
    },
  };

  test('give attributes for detection, those of objects too, with the malware of a galaxy', () => {
    const { table, counts } = feedOf(JSON.stringify(event));
    expect(Object.fromEntries(table.kinds)).toEqual({ domain: 1, endpoint: 1, certificate: 1 });
    expect(table.find('domain', 'pool.example.org')).toMatchObject({ malware: 'XMRIG', lastSeen: 1_714_521_600 });
    expect(counts).toMatchObject({ rows: 6, kept: 3, withdrawn: 2, refused: { 'not understood': 1 } });
  });

  test('come one a line, and in a response', () => {
    expect(kinds(`${JSON.stringify(event)}\n${JSON.stringify(event)}\n`)).toEqual({
      domain: 1,
      endpoint: 1,
      certificate: 1,
    });
    expect(kinds(JSON.stringify({ response: [event] }))).toEqual({ domain: 1, endpoint: 1, certificate: 1 });
  });
});

describe('what names everybody', () => {
  test.each([
    ['0.0.0.0/0', 'too broad'],
    ['8.0.0.0/8', 'too broad'],
    ['::/0', 'too broad'],
    ['com', 'too broad'],
    ['co.uk', 'too broad'],
    ['github.io', 'too broad'],
    ['localhost', 'too broad'],
    ['printer.local', 'too broad'],
    ['port,443', 'too broad'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'too broad'],
    ['10.1.2.3', 'special addresses'],
    ['192.168.1.0/24', 'special addresses'],
    ['127.0.0.1', 'special addresses'],
    ['fe80::1', 'special addresses'],
    ['8.8.8.8', 'special addresses'],
    ['10.0.0.1:3333', 'special addresses'],
    ['google.com', 'popular domains'],
    ['www.google.com', 'popular domains'],
    ['https://github.com/some/page', 'not understood'],
    ['evil\u001b[2J.example.org', 'not understood'],
    ['999.1.1.1', 'not understood'],
    ['51.15.54.102/33', 'not understood'],
    ['51.15.54.102:99999', 'not understood'],
    [`${'a.'.repeat(300)}org`, 'not understood'],
  ])('%s is dropped: %s', (line, why) => {
    const { counts } = feedOf(`pool.example.org\n${line}\n`);
    expect(counts).toMatchObject({ rows: 2, kept: 1, refused: { [why]: 1 } });
  });

  test('hosts of a popular domain, and pages of one user of a shared one, are kept', () => {
    expect(feedOf('evil.github.io\nstorage.google.com\n').counts.kept).toBe(2);
  });

  test('makes a feed that is full of it refused as a whole', () => {
    const rows = Array.from({ length: 200 }, (_, i) => `h${i}.example.org`);
    const poison = Array.from({ length: 21 }, (_, i) => `10.0.0.${i}`);
    expect(refusalOf([...rows, ...poison].join('\n'))).toBeNull();
    expect(refusalOf([...rows.slice(20), ...poison].join('\n'))).toBe(
      'looks poisoned: 21 of 201 rows name everybody (too broad 0, special addresses 21, popular domains 0)',
    );
  });
});

describe('a feed is refused that', () => {
  test.each([
    ['is empty', '', 'is empty'],
    [
      'is a page of HTML',
      '<!doctype html>\n<html><body>Not found</body></html>',
      'holds no indicator that can be used (2 rows)',
    ],
    ['is JSON cut off', '[{"indicator":"a.example.org"', 'is no JSON, or is cut off'],
    ['nests without end', '['.repeat(1e6), 'nests deeper than 64'],
    ['nests objects without end', `${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`, 'nests deeper than 64'],
    ['has a line without end', `a.example.org\n${'x'.repeat(5000)}`, 'has lines that are too long for a list'],
    ['is an empty bundle', '{"type":"bundle","objects":[]}', 'is empty'],
  ])('%s', (_, text, why) => expect(refusalOf(text)).toBe(why));

  test('holds more values than fit', () => {
    expect(refusalOf(`[${'[],'.repeat(FEED_LIMITS.jsonValues / 2 + 1)}1]`)).toMatch(/^holds more than \d+ values$/);
  });

  test('holds ten million rows', () => {
    const line = bytesOf('a,b\n');
    const rows = new Uint8Array(4e7);
    for (let at = 0; at < rows.length; at += line.length) rows.set(line, at);
    expect(refusalOf(rows)).toBe('holds more than 4,000,000 rows');
  });

  test('but brackets and commas within texts are letters', () => {
    expect(refusalOf(`[{"indicator":"a.example.org","note":"${'[{,\\"'.repeat(1e5)}"}]`)).toBeNull();
  });

  test('invalid UTF-8 and other noise neither throw nor pass', () => {
    for (let seed = 1; seed < 200; seed++) {
      const noise = Uint8Array.from({ length: 300 }, (_, i) => Math.imul(seed * 7919 + i, 0x9e3779b1) >>> 24);
      const start = ['', '[{"indicator":"', '{"type":"bundle","objects":[', '{"Event":{"Attribute":['][seed % 4]!;
      expect(refusalOf(new Uint8Array([...bytesOf(start), ...noise]))).not.toBeNull();
    }
  });
});
