import { expect, test } from 'vitest';
import { hasSharedData } from '../support/shared-data.ts';
import { compareArkimeTls, compareSuricataTls, compareZeekTls } from './tls-compare.ts';

test.skipIf(!hasSharedData).each([
  ['Zeek', compareZeekTls],
  ['Arkime', compareArkimeTls],
  ['Suricata', compareSuricataTls],
])('%s: every difference has a reason', (name, compare) => {
  const tally = compare();
  console.log(tally.rows(`${name} TLS`).join('\n'));
  expect(tally.figures.size).toBeGreaterThan(3);
  expect(tally.unexplained.map(({ where, what, told, ours }) => `${where} | ${what} | ${told} | ${ours}`)).toEqual([]);
});
