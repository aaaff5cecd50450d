import { expect, test } from 'vitest';
import { parseTime, timeText } from '../../../features/text/cell.ts';

test.each([
  [0n, '1970-01-01T00:00:00.000000000Z'],
  [1n, '1970-01-01T00:00:00.000000001Z'],
  [1_709_251_199_999_999_999n, '2024-02-29T23:59:59.999999999Z'],
  [9_007_199_254_740_991_999n, '2255-06-05T23:47:34.740991999Z'],
  [-1n, '1969-12-31T23:59:59.999999999Z'],
  [-1_000_000_000n, '1969-12-31T23:59:59.000000000Z'],
])('%i ns is %s, and back', (ns, text) => {
  expect(timeText(ns)).toBe(text);
  expect(parseTime(text)).toBe(ns);
});

test.each([
  ['2024-01-01T00:00:00Z', 1_704_067_200_000_000_000n],
  ['2024-01-01 00:00:00.5Z', 1_704_067_200_500_000_000n],
])('%s is a time too', (text, ns) => {
  expect(parseTime(text)).toBe(ns);
});

test.each(['', '2024-01-01', '2024-01-01T00:00:00', '2024-01-01T00:00:00+01:00', '2024-13-01T00:00:00Z', '1704067200'])(
  '%j is no time',
  (text) => {
    expect(parseTime(text)).toBeNull();
  },
);
