/** What the notebooks share. */
import { expect, test } from 'vitest';
import { collect, median, openCharts, table } from '../../notebooks/kit.ts';

test('a table is aligned, has fractions to three decimals by column, and says where nothing is known', () => {
  const rows = [
    { name: 'a', count: 5, share: 0.25, size: 1234.5678 },
    { name: 'longer', count: 12345, share: 1, size: null },
  ];
  expect(table(rows).split('\n')).toEqual([
    'name    count  share  size',
    'a           5  0.250  1235',
    'longer  12345  1.000     -',
  ]);
  expect(table([{ only: 1 }, { other: 'x' }])).toBe('only  other\n   1  -\n   -  x');
});

test('the median of an even number is between the two in the middle, and of nothing is null', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, null]);
});

test('rows are collected in their order', async () => {
  async function* rows() {
    yield 1;
    yield 2;
  }
  expect(await collect(rows())).toEqual([1, 2]);
});

test('a chart is SVG that stands by itself, with its description', async () => {
  const { Plot, draw } = await openCharts();
  const chart = draw({ describe: 'two <dots>', marks: [Plot.dot([1, 2], { x: (d: number) => d })] });
  expect(chart).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*aria-description="two &lt;dots(>|&gt;)"/);
});
