import { expect, test } from 'vitest';
import { nameShape } from '../../../features/fingerprint/name-shape.ts';

test('a name is told by its shape', () => {
  const shape = nameShape('EU1-pool.example.co.uk');
  expect(shape).toMatchObject({ domain: 'example.co.uk', length: 22, labels: 4, words: 6 });
  expect(shape.digitShare).toBeCloseTo(1 / 19, 12);
});

test.each([
  ['www.example.com', 'example.com'],
  ['example.com', 'example.com'],
  ['com', null],
  // The private part of the list, where anybody may have a name, is left out.
  ['user.github.io', 'github.io'],
  ['192.0.2.1', null],
  ['[2001:db8::1]', null],
  ['pool.xn--bcher-kva.example', 'xn--bcher-kva.example'],
])('%s is registered as %s', (name, domain) => {
  expect(nameShape(name).domain).toBe(domain);
});

test.each([
  ['aaaa', 0],
  ['abab', 1],
  ['a.b.c.d', 2],
  ['...', 0],
])('%s has %d bits a character', (name, bits) => {
  expect(nameShape(name).entropy).toBeCloseTo(bits, 12);
});

test('no name is too odd or too long', () => {
  for (const name of ['.', '-', '..a..', 'ünï.example', '\u{1f600}.example', 'a'.repeat(70_000), '.'.repeat(70_000)]) {
    const shape = nameShape(name);
    for (const value of [shape.length, shape.labels, shape.words, shape.digitShare, shape.entropy]) {
      expect(Number.isFinite(value), name.slice(0, 20)).toBe(true);
    }
  }
});
