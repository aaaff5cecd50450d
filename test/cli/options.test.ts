import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { fraction, nameList, positiveInteger, positiveNumber, seconds, wholeNumber } from '../../cli/options.ts';

test.each([
  [seconds, ['0', '120', '0.5'], ['', ' ', '-1', 'soon', 'Infinity', '1s']],
  [positiveInteger, ['1', '8192'], ['', '0', '-1', '2.5', 'many', '1e99']],
  [positiveNumber, ['0.1', '3'], ['', '0', '-0.1', 'NaN', 'Infinity']],
  [wholeNumber, ['0', '-7', '42'], ['', ' ', 'abc', '1.5']],
  [fraction, ['0', '0.35', '1'], ['', '-0.1', '1.5', 'half']],
])('%o takes what it asks for and nothing else', (read, good, bad) => {
  for (const text of good) expect(read(text), text).toBe(Number(text));
  for (const text of bad) expect(() => read(text), text).toThrow(InvalidArgumentError);
});

test('names are separated by commas, blanks around them dropped, none empty and none twice', () => {
  expect(nameList('src_ip, dst_ip ,sni')).toEqual(['src_ip', 'dst_ip', 'sni']);
  for (const text of ['', 'a,,b', 'a,', 'a,b,a']) expect(() => nameList(text), text).toThrow(InvalidArgumentError);
});
