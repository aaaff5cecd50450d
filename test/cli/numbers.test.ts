import { expect, test } from 'vitest';
import { byteText, counted, durationText, endpointText, grouped, momentText } from '../../cli/numbers.ts';

test('counts have thousands separators and their noun its plural', () => {
  expect([grouped(999), grouped(1_234_567)]).toEqual(['999', '1,234,567']);
  const counts = [0, 12, 1000, 123_456, 999_999_999, 2 ** 53 - 1, -1, -1000, -123_456];
  expect(counts.map(grouped)).toEqual(counts.map((count) => count.toLocaleString('en-US')));
  expect([0, 1, 2, 3000].map((count) => counted(count, 'flow'))).toEqual([
    '0 flows',
    '1 flow',
    '2 flows',
    '3,000 flows',
  ]);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [3_700_000, '3.7 MB'],
  [52e9, '52 GB'],
  [7e15, '7000 TB'],
])('%d bytes read %s', (bytes, text) => expect(byteText(bytes)).toBe(text));

test.each([
  [0, '0.00 s'],
  [9.99, '9.99 s'],
  [46.2, '46 s'],
  [600, '10 min'],
  [11_160, '3.1 h'],
  [864_000, '10.0 days'],
])('%d seconds read %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('a moment is UTC to the second, whatever a capture claims', () => {
  expect(momentText(0)).toBe('1970-01-01 00:00:00 UTC');
  expect(momentText(1_742_062_949_999_999)).toBe('2025-03-15 18:22:29 UTC');
  expect(momentText(2 ** 64)).toMatch(/^\S+-01-21|^\+\d{6}-|s after 1970$/);
  expect(momentText(1e20)).toBe('100,000,000,000,000 s after 1970');
});

test('an IPv6 address stands in brackets before its port', () => {
  expect(endpointText('192.0.2.1', 443)).toBe('192.0.2.1:443');
  expect(endpointText('2001:db8::1', 443)).toBe('[2001:db8::1]:443');
});
