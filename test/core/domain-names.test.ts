/** Against node:url, which has the whole of Unicode's tables. */
import { domainToASCII, domainToUnicode } from 'node:url';
import { describe, expect, test } from 'vitest';
import { domainToAscii, labelToUnicode } from '../../core/domain-names.ts';
import { Prng } from '../../core/prng.ts';

const LETTERS = [...'abcxyz019-äßçéøıñаесорхηικοçＡ。中文字ابجहिन्😀\u200d\u00ad\u0301%/@:#? '];

function words(count: number, letters: readonly string[], most: number): string[] {
  const random = new Prng(7);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.below(most) }, () => random.pick(letters)).join(''),
  );
}

describe('names in ASCII', () => {
  test.each([
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['ｅｘａｍｐｌｅ。ｃｏｍ', 'example.com'],
    ['faß.de', 'xn--fa-hia.de'],
    ['a b.example', ''],
    ['', ''],
  ])('%s is %s', (name, ascii) => {
    expect(domainToAscii(name)).toBe(ascii);
  });

  test('are those of node:url for words of any letters', () => {
    const all = words(3000, LETTERS, 10);
    expect(all.map(domainToAscii)).toEqual(all.map((word) => domainToASCII(word)));
  });
});

describe('letters of labels', () => {
  test.each([
    ['xn--bcher-kva', 'bücher'],
    ['xn--fiqs8s', '中国'],
    // RFC 3492 7.1 (B).
    ['xn--ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['example', 'example'],
    ['xn--', 'xn--'],
    ['xn--99999999999', 'xn--99999999999'],
    ['xn--a-\u00e9', 'xn--a-\u00e9'],
  ])('%s is %s', (label, letters) => {
    expect(labelToUnicode(label)).toBe(letters);
  });

  test('are those of node:url for labels that are names', () => {
    const labels = words(3000, LETTERS, 8)
      .map(domainToAscii)
      .filter((name) => /^xn--[^.]+$/.test(name));
    expect(labels.length).toBeGreaterThan(100);
    expect(labels.map(labelToUnicode)).toEqual(labels.map((label) => domainToUnicode(label)));
  });

  test('of nonsense are the label itself: node:url makes letters of some that would not be written so', () => {
    const labels = words(3000, [...'abcxyz0189-'], 12).map((word) => `xn--${word}`);
    const meant = (label: string) => {
      const letters = domainToUnicode(label);
      return letters !== '' && domainToASCII(letters) === label ? letters : label;
    };
    expect(labels.map(labelToUnicode)).toEqual(labels.map(meant));
  });
});
