import { expect, test } from 'vitest';
import {
  medianText,
  microsecondsText,
  shortNumber,
  signed,
  typicalText,
  valueText,
} from '../../../cli/explain/words.ts';

const typical = { missing: 0.1, quantiles: [1, 20, 30, 4000, 50_000] };

test.each([
  [0, '0 us'],
  [850, '850 us'],
  [12_400, '12.4 ms'],
  [999_499, '999 ms'],
  [999_600, '1.00 s'],
  [30_000_000, '30 s'],
  [-2_000_000, '-2.00 s'],
])('%d us are %s', (us, text) => expect(microsecondsText(us)).toBe(text));

test('values have their unit, and one of something is one', () => {
  expect(valueText(1200, 'bytes')).toBe('1,200 bytes');
  expect(valueText(1, 'messages')).toBe('1 message');
  expect(valueText(1, 'queries')).toBe('1 query');
  expect(valueText(0.545454, '')).toBe('0.5455');
  expect(valueText(0.5, 's')).toBe('500 ms');
  expect([valueText(true, ''), valueText(null, 'us'), valueText([1, 2], 'bytes')]).toEqual([
    'yes',
    'no value',
    '2 items',
  ]);
});

test('numbers that are no whole ones keep few digits', () => {
  expect([shortNumber(1e21), shortNumber(-1234), shortNumber(1 / 3, 3)]).toEqual(['1e+21', '-1,234', '0.333']);
});

test('log-odds always have a sign', () => {
  expect([1.234, -1.236, 0, -0.001].map(signed)).toEqual(['+1.23', '-1.24', '+0.00', '-0.00']);
});

test('what is typical is a median, a middle half, and where the value lies', () => {
  expect(typicalText(typical, 0, 'bytes')).toBe('30 (20 to 4,000), very low');
  expect(typicalText(typical, 5, 'bytes')).toBe('30 (20 to 4,000), low');
  expect(typicalText(typical, 30, 'us')).toBe('30 us (20 us to 4.0 ms), usual');
  expect(typicalText(typical, 4001, '')).toBe('30 (20 to 4,000), high');
  expect(typicalText(typical, 99_999, '')).toBe('30 (20 to 4,000), very high');
  expect(typicalText({ missing: 0, quantiles: [7, 7, 7, 7, 9] }, 7, '')).toBe('7, usual');
  expect(typicalText({ missing: 0, quantiles: [0, 0, 1, 1, 1] }, true, '')).toBe('yes (no to yes), usual');
  expect(medianText(typical, 5, 'bytes')).toBe('30');
});

test('a value that is missing is usual where most of a class have none', () => {
  expect(typicalText({ missing: 0.9, quantiles: [1, 2, 3, 4, 5] }, null, '')).toBe('3 (2 to 4), usual');
  expect(typicalText(typical, null, '')).toBe('30 (20 to 4,000)');
  expect(typicalText({ missing: 1, quantiles: [] }, 3, '')).toBe('no value');
  expect(typicalText(undefined, 3, '')).toBe('');
});
