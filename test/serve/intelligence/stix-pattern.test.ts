import { describe, expect, test } from 'vitest';
import { FEED_LIMITS } from '../../../serve/intelligence/limits.ts';
import { readStixPattern } from '../../../serve/intelligence/stix-pattern.ts';

const values = (pattern: string) => readStixPattern(pattern).values.map(({ type, value }) => `${type} ${value}`);

describe('understood', () => {
  test.each([
    ["[domain-name:value = 'pool.example.org']", ['domain pool.example.org']],
    ["  [ domain-name:value='a.example.org' ]  ", ['domain a.example.org']],
    [
      "[ipv4-addr:value = '198.51.100.0/24' OR ipv6-addr:value = '2001:db8::1']",
      ['address 198.51.100.0/24', 'address 2001:db8::1'],
    ],
    ["[domain-name:value = 'a.org'] OR [domain-name:value = 'b.org']", ['domain a.org', 'domain b.org']],
    ["[domain-name:value IN ('a.org', 'b.org')]", ['domain a.org', 'domain b.org']],
    ["[x509-certificate:hashes.'SHA-256' = 'ab']", ['certificate ab']],
    ["[x509-certificate:hashes.SHA1 = 'ab']", ['certificate ab']],
    ['[network-traffic:dst_port = 3333]', ['port 3333']],
    [
      "[network-traffic:dst_ref.value = '198.51.100.1' AND network-traffic:dst_port = 3333]",
      ['endpoint 198.51.100.1:3333'],
    ],
    [
      "[network-traffic:dst_port = 3333 AND network-traffic:dst_ref.value = '2001:db8::1']",
      ['endpoint [2001:db8::1]:3333'],
    ],
    ["[domain-name:value = 'it\\'s \\\\ odd']", ["domain it's \\ odd"]],
    ["[domain-name:value = '] OR [domain-name:value = ']", ['domain ] OR [domain-name:value = ']],
  ])('%s', (pattern, expected) => {
    expect(values(pattern)).toEqual(expected);
    expect(readStixPattern(pattern).others).toBe(0);
  });

  test.each([
    ["[domain-name:value = 'a.org' OR file:name = 'x']", ['domain a.org'], 1],
    ["[url:value = 'http://a.org/x'] OR [domain-name:value = 'b.org']", ['domain b.org'], 1],
  ])('of alternatives, those that flows can show: %s', (pattern, expected, others) => {
    expect(values(pattern)).toEqual(expected);
    expect(readStixPattern(pattern).others).toBe(others);
  });
});

describe('not understood, and so nothing', () => {
  test.each([
    '',
    '[]',
    'domain-name:value = x',
    "[domain-name:value = 'a.org' AND file:name = 'x']",
    "[domain-name:value = 'a.org' AND domain-name:value = 'b.org']",
    "[domain-name:value = 'a.org'] AND [domain-name:value = 'b.org']",
    "[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']",
    "[domain-name:value = 'a.org'] WITHIN 60 SECONDS",
    "[NOT domain-name:value = 'a.org']",
    "[domain-name:value NOT = 'a.org']",
    "[domain-name:value != 'a.org']",
    "[domain-name:value LIKE '%.org']",
    "[domain-name:value MATCHES '^a']",
    "[(domain-name:value = 'a.org')]",
    "([domain-name:value = 'a.org'])",
    "[domain-name:value = 'a.org",
    "[domain-name:value = 'a.org'",
    "[domain-name:value = 'a.org']]",
    "[domain-name:value = 'a.org'] garbage",
    "[domain-name:value IN ('a.org' 'b.org')]",
    '[domain-name:value IN ()]',
    "[domain-name:value = 'a\\n.org']",
    '[domain-name:value = "a.org"]',
    "[__proto__:value = 'a']",
  ])('%s', (pattern) => expect(readStixPattern(pattern).values).toEqual([]));
});

test('patterns are bounded in length and in comparisons', () => {
  const one = "domain-name:value = 'a.org'";
  const many = (count: number) => `[${Array.from({ length: count }, () => one).join(' OR ')}]`;
  expect(values(many(FEED_LIMITS.patternComparisons))).toHaveLength(FEED_LIMITS.patternComparisons);
  expect(values(many(FEED_LIMITS.patternComparisons + 1))).toEqual([]);
  expect(values(`[${one}${' '.repeat(FEED_LIMITS.patternCharacters)}]`)).toEqual([]);
});
