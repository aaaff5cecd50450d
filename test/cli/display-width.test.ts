import { expect, test } from 'vitest';
import { displayWidth, paddedTo, shortenedBefore, shortenedTo } from '../../cli/display-width.ts';

test('wide characters take two cells, marks none', () => {
  expect(['abc', '例え', 'e\u0301', '한국', '🦊', 'ü', ''].map(displayWidth)).toEqual([3, 4, 1, 4, 2, 1, 0]);
});

test('what is cut fits, ends in an ellipsis and splits no character', () => {
  expect(shortenedTo('pool.example', 12)).toBe('pool.example');
  expect(shortenedTo('pool.example', 6)).toBe('pool.…');
  expect(shortenedTo('例え.テスト', 6)).toBe('例え.…');
  expect(shortenedTo('🦊🦊🦊', 4)).toBe('🦊…');
  for (let most = 0; most < 14; most++)
    expect(displayWidth(shortenedTo('例え.テスト.jp', most))).toBeLessThanOrEqual(most);
});

test('heaps of marks on one character are taken down', () => {
  expect(shortenedTo(`a${'\u0301'.repeat(500)}b`, 40)).toBe('a\u0301\u0301b');
});

test('an end that matters stays, where there is room for it', () => {
  expect(shortenedBefore('[2001:db8:13::1]:443', ']:443', 12)).toBe('[2001:…]:443');
  expect(shortenedBefore('10.0.0.1:443', ':443', 12)).toBe('10.0.0.1:443');
  expect(shortenedBefore('10.10.10.10:443', ':443', 5)).toBe('10.1…');
  expect(shortenedBefore('pool.example', '', 6)).toBe('pool.…');
});

test('texts are padded by the cells that they take', () => {
  expect([paddedTo('例', 4, 'left'), paddedTo('7', 3, 'right'), paddedTo('long', 2, 'left')]).toEqual([
    '例  ',
    '  7',
    'long',
  ]);
});
