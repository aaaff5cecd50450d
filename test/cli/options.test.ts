import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import {
  emitted,
  extractOptions,
  fraction,
  nameList,
  positiveInteger,
  positiveNumber,
  seconds,
  wholeNumber,
} from '../../cli/options.ts';
import type { EmitOptions } from '../../features/flow/tracker.ts';

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

test('each --emit adds to those before it, prefixes once and ascending', () => {
  const all = ['prefix:20', 'end', 'interval:0.5', 'prefix:3', 'prefix:20'];
  const emit = all.reduce<EmitOptions | undefined>((before, text) => emitted(text, before), undefined);
  expect(emit).toEqual({ end: true, prefixes: [3, 20], intervalUs: 500_000 });
  expect(emitted('prefix:7', undefined)).toEqual({ end: false, prefixes: [7], intervalUs: null });
});

test.each([
  'prefix',
  'prefix:0',
  'prefix:x',
  'prefix:1:2',
  'interval',
  'interval:0',
  'interval:-1',
  'interval:1e-9',
  'ends',
  'end:1',
  '',
])('%j is no kind of row', (text) => {
  expect(() => emitted(text, undefined)).toThrow(InvalidArgumentError);
});

test('there is one interval at most', () => {
  expect(() => emitted('interval:2', emitted('interval:1', undefined))).toThrow('expected one interval only.');
});

test('without --emit a flow gives its end', () => {
  const flows = { idleTimeout: 1, activeTimeout: 2, maxFlows: 3 };
  expect(extractOptions(flows)).toEqual({
    ...flows,
    keyVlan: false,
    emit: { end: true, prefixes: [], intervalUs: null },
    label: null,
  });
});
