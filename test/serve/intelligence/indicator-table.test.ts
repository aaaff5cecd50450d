import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { parseAddress } from '../../../features/rows/address.ts';
import { type IndicatorKind, networkText } from '../../../serve/intelligence/indicator.ts';
import { IndicatorTable, NO_FACTS } from '../../../serve/intelligence/indicator-table.ts';

const KINDS: readonly IndicatorKind[] = [
  'domain',
  'address',
  'network',
  'endpoint',
  'port',
  'ja3',
  'ja4',
  'certificate',
];

test.each([0, 1, -7])('finds what a Map finds, with seed %d', (seed) => {
  const prng = new Prng('indicators');
  const table = new IndicatorTable(seed);
  const twin = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const kind = prng.pick(KINDS);
    const value = `${prng.below(5000)}/${prng.below(3)}`;
    const risk = prng.below(101);
    table.add({ kind, value }, { ...NO_FACTS, risk });
    twin.set(kind + value, Math.max(risk, twin.get(kind + value) ?? 0));
  }
  expect(table.count).toBe(twin.size);
  for (const kind of KINDS) {
    for (let i = 0; i < 5000; i += 7) expect(table.find(kind, `${i}/1`)?.risk).toBe(twin.get(`${kind}${i}/1`));
  }
  expect([...table.kinds.values()].reduce((sum, count) => sum + count, 0)).toBe(twin.size);
});

test('networks are found by the bits that count, of either family', () => {
  const table = new IndicatorTable(1);
  const values = ['51.15.0.0/16', '51.15.54.0/23', '51.0.0.0/8', '2a01:4f8::/32', '2a01:4f8:c16::/47', '0.0.0.0/0'];
  for (const value of values) table.add({ kind: 'network', value }, NO_FACTS);
  const prng = new Prng('networks');
  for (let i = 0; i < 20_000; i++) {
    const bytes = parseAddress(prng.chance(0.5) ? '51.15.54.102' : '2a01:4f8:c17::1')!;
    bytes[prng.below(prng.integer(1, bytes.length))]! ^= 1 << prng.below(8);
    const length = prng.integer(0, bytes.length * 8);
    expect(table.findNetwork(bytes, length) !== null).toBe(values.includes(networkText({ bytes, length })));
  }
  expect(values.map((value) => table.find('network', value))).toEqual(values.map(() => NO_FACTS));
});

test('the same value of two kinds is two indicators', () => {
  const table = new IndicatorTable(1);
  table.add({ kind: 'ja3', value: 'x' }, NO_FACTS);
  expect([table.find('ja3', 'x'), table.find('ja4', 'x'), table.find('ja3', '')]).toEqual([NO_FACTS, null, null]);
});

test('listed twice keeps the higher risk, the later sighting, and never expires if one of them does not', () => {
  const table = new IndicatorTable(1);
  const indicator = { kind: 'domain', value: 'a.example.org' } as const;
  table.add(indicator, { risk: null, malware: '', lastSeen: 10, validUntil: 100 });
  table.add(indicator, { risk: 40, malware: 'xmrig', lastSeen: 5, validUntil: 200 });
  expect(table.find('domain', 'a.example.org')).toEqual({ risk: 40, malware: 'xmrig', lastSeen: 10, validUntil: 200 });
  table.add(indicator, { ...NO_FACTS, risk: 300 });
  expect(table.find('domain', 'a.example.org')).toEqual({
    risk: 100,
    malware: 'xmrig',
    lastSeen: 10,
    validUntil: null,
  });
});

test('families of malware are bounded; further ones have no name', () => {
  const table = new IndicatorTable(1);
  for (let i = 0; i < 66_000; i++)
    table.add({ kind: 'domain', value: `${i}` }, { ...NO_FACTS, malware: `family ${i}` });
  expect(table.find('domain', '10')?.malware).toBe('family 10');
  expect(table.find('domain', '65999')?.malware).toBe('');
});
