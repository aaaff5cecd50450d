import { expect, test } from 'vitest';
import { NAME_LIMITS, sniTokens } from '../../../features/protocol/names.ts';

test.each([
  ['www.example.com', ['www', 'example', 'com']],
  ['EU1-Node.my_site2.org', ['eu', '1', 'node', 'my', 'site', '2', 'org']],
  ['xn--bcher-kva.example', ['xn', 'bcher', 'kva', 'example']],
  ['büch.example', ['büch', 'example']],
  ['192.0.2.1', ['192', '0', '2', '1']],
  ['..--__', []],
  ['', []],
])('%s', (name, tokens) => {
  expect(sniTokens(name)).toEqual(tokens);
});

test('is bounded', () => {
  expect(sniTokens('a.'.repeat(10_000))).toHaveLength(NAME_LIMITS.tokens);
  expect(sniTokens('a'.repeat(10_000))[0]).toHaveLength(NAME_LIMITS.length);
});
