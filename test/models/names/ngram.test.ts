import { expect, test } from 'vitest';
import { countContexts, lettersOf, NameJudge, type NameModel } from '../../../models/names/ngram.ts';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789-$'];
const model: NameModel = {
  version: 1,
  about: [],
  chosen: countContexts(['internet', 'interest', 'winter'], 2),
  generated: countContexts(['xqzvkjwp', 'zxqjkvwp'], 1),
  slope: 1,
  offset: 0,
  threshold: 0.9,
};

/** Witten-Bell from its definition, on the texts themselves. */
function slowProbability(labels: readonly string[], order: number, context: string, letter: string): number {
  const texts = labels.map((label) => `${'^'.repeat(order)}${label}$`);
  const after = texts.flatMap((text) =>
    [...text].flatMap((other, at) => (at >= order && text.slice(0, at).endsWith(context) ? [other] : [])),
  );
  const shorter = context === '' ? 1 / LETTERS.length : slowProbability(labels, order, context.slice(1), letter);
  const kinds = new Set(after).size;
  return after.length === 0
    ? shorter
    : (after.filter((other) => other === letter).length + kinds * shorter) / (after.length + kinds);
}

test('the score is what the definition gives', () => {
  const label = 'interval';
  let expected = 0;
  for (let at = 0; at <= label.length; at++) {
    const context = `^^${label}`.slice(at, at + 2);
    const letter = label[at] ?? '$';
    expected += Math.log(slowProbability(['xqzvkjwp', 'zxqjkvwp'], 1, context.slice(1), letter));
    expected -= Math.log(slowProbability(['internet', 'interest', 'winter'], 2, context, letter));
  }
  expect(new NameJudge(model).score(label)).toBeCloseTo(expected, 9);
});

test('after any context, the probabilities of all letters add up to 1', () => {
  for (const context of ['', 't', 'nt', 'zz']) {
    const sum = LETTERS.reduce(
      (total, letter) => total + slowProbability(['internet', 'winter'], 2, context, letter),
      0,
    );
    expect(sum).toBeCloseTo(1, 9);
  }
});

test('what is like the chosen labels scores below what is like the generated ones', () => {
  const judge = new NameJudge(model);
  expect(judge.probability('wintertest')).toBeLessThan(0.1);
  expect(judge.probability('zvkxqjwp')).toBeGreaterThan(0.9);
});

test.each(['short', 'a'.repeat(64), 'xn--bcher-kva', 'xxxxxxxxxx', 'UPPERCASE', 'under_score', 'a.dotted.name'])(
  '%s is not judged',
  (label) => {
    expect(lettersOf(label)).toBeNull();
    expect(new NameJudge(model).probability(label)).toBe(0);
  },
);
