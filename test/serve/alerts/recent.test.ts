import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { Recent } from '../../../serve/alerts/recent.ts';

test('what was used least lately is given up, and whoever asks is told of each', () => {
  const lost: string[] = [];
  const map = new Recent<string, number>(4, (value, key) => lost.push(`${key}=${value}`));
  for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) map.set(key, i);
  expect([map.size, lost]).toEqual([4, []]);
  // There is no room in the young half for what is used again: the old one goes.
  expect([map.get('a'), map.size, lost]).toEqual([0, 3, ['b=1']]);
  for (const key of ['e', 'f']) map.set(key, 4);
  expect([map.get('d'), map.get('a'), map.givenUp]).toEqual([undefined, 0, 3]);
});

test('a value is replaced where it stands, and deleted from wherever it stands', () => {
  const map = new Recent<string, number>(4);
  for (const key of ['a', 'b', 'c']) map.set(key, 1);
  map.set('a', 2);
  map.set('c', 3);
  expect([...map.values()].sort()).toEqual([1, 2, 3]);
  expect([map.delete('a'), map.delete('b'), map.delete('x'), map.size]).toEqual([true, true, false, 1]);
});

test('the latest used half is always there, and no more than all of them are', () => {
  const random = new Prng(7);
  const map = new Recent<number, number>(64);
  const used: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const key = random.uint32() % 200;
    if (map.get(key) === undefined) map.set(key, key);
    used.push(key);
    const latest = new Set<number>();
    for (let back = used.length - 1; back >= 0 && latest.size < 32; back--) latest.add(used[back]!);
    if (i % 500 === 0) for (const each of [...latest].reverse()) expect(map.get(each)).toBe(each);
    expect(map.size).toBeLessThanOrEqual(64);
  }
});
