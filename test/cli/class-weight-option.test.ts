import { expect, test } from 'vitest';
import { checkWeighedClasses, classWeight } from '../../cli/class-weight-option.ts';

test('a word, or weights by label, one after the other', () => {
  expect(classWeight('balanced', undefined)).toBe('balanced');
  expect(classWeight('b=0.5', classWeight('a=b=2', undefined))).toEqual({ 'a=b': 2, b: 0.5 });
});

test.each([
  ['heavy', undefined],
  ['=2', undefined],
  ['a=', undefined],
  ['a=-1', undefined],
  ['a=Infinity', undefined],
  ['a=1', 'balanced'],
  ['none', { a: 1 }],
  ['a=1', { a: 1 }],
] as const)('%s after %j is refused', (text, before) => {
  expect(() => classWeight(text, before)).toThrow();
});

test('a weight for a class that does not occur is refused', () => {
  expect(() => checkWeighedClasses({ a: 1, c: 2 }, ['a', 'b'])).toThrow('no flow is labelled c');
  expect(() => checkWeighedClasses({ a: 1 }, ['a', 'b'])).not.toThrow();
  expect(() => checkWeighedClasses('balanced', ['a', 'b'])).not.toThrow();
});
