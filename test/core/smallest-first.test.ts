import { expect, test } from 'vitest';
import { Prng } from '../../core/prng.ts';
import { smallestFirst } from '../../core/smallest-first.ts';

const byNumber = (a: number, b: number) => a - b;

test('the smallest come first, as many as asked for, whatever the order and however many are equal', () => {
  const random = new Prng(7);
  for (let round = 0; round < 2_000; round++) {
    const length = random.below(40);
    const items = Array.from({ length }, () => random.below(1 + random.below(60)));
    const count = random.below(length + 3);
    const sorted = items.toSorted(byNumber);
    smallestFirst(items, count, byNumber);
    expect(items.slice(0, count).sort(byNumber)).toEqual(sorted.slice(0, count));
    expect(items.toSorted(byNumber)).toEqual(sorted);
  }
});

test('many items take about as many comparisons, in any order', () => {
  const many = 100_000;
  for (const items of [[...Array(many).keys()], [...Array(many).keys()].reverse(), new Array<number>(many).fill(1)]) {
    let comparisons = 0;
    smallestFirst(items, many / 8, (a, b) => {
      comparisons++;
      return a - b;
    });
    // 3 to 4 of each on average; sorting takes 17.
    expect(comparisons / many).toBeLessThan(10);
  }
});
