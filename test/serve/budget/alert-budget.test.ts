import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { AlertBudget, type BudgetOptions } from '../../../serve/budget/alert-budget.ts';
import { binOfScore, PROVEN, SCORE_BINS, scoreOfBin } from '../../../serve/budget/score-bins.ts';

const options: BudgetOptions = { alertsPerDay: 10, cardThreshold: 0.95, model: 'mining@7' };
const DAY = 86_400;
const START = 1.77e9;

/** Incidents one after the other, each with its only score; how many of each day are alerts. */
function days(budget: AlertBudget, count: number, perDay: number, scoreOf: (random: Prng) => number, from = START) {
  const random = new Prng(3);
  return Array.from({ length: count }, (_, day) => {
    let alerts = 0;
    for (let i = 0; i < perDay; i++) {
      const bin = binOfScore(scoreOf(random));
      budget.rise(-1, bin, from + (day + i / perDay) * DAY);
      if (budget.admits(bin)) alerts++;
    }
    return alerts;
  });
}

const uniform = (random: Prng) => 0.95 + 0.05 * (random.uint32() / 2 ** 32);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

test('a score is at least the score of its bin, and odds within a bin differ by a sixteenth of their logarithm at most', () => {
  for (const score of [0.5, 0.9, 0.987, 0.9999, 1 - 1e-9]) {
    const bin = binOfScore(score);
    const [low, high] = [scoreOfBin(bin), scoreOfBin(bin + 1)];
    expect(low).toBeLessThanOrEqual(score);
    expect(high).toBeGreaterThan(score);
    expect(Math.log(high / (1 - high)) - Math.log(low / (1 - low))).toBeCloseTo(1 / 16, 6);
  }
  expect([binOfScore(1), binOfScore(0), binOfScore(Number.NaN)]).toEqual([SCORE_BINS - 1, 0, 0]);
});

test('over the days about as many incidents are alerts as were asked for, the surest ones', () => {
  const budget = new AlertBudget(options);
  const alerts = days(budget, 40, 200, uniform);
  expect(mean(alerts.slice(10))).toBeGreaterThan(9);
  expect(mean(alerts.slice(10))).toBeLessThan(11);
  // The tenth of 200 scores from 0.95 to 1 is 0.9975.
  expect(budget.threshold).toBeCloseTo(0.9975, 3);
  expect(budget.facts()['incidents_per_day']).toBeCloseTo(200, -1);
});

test('the first day is no flood either: as many as asked for, and those that are surer than the ones before', () => {
  const [first] = days(new AlertBudget(options), 1, 500, uniform);
  // N (1 + ln(n / N)) on average: those among the first N, and those that were among the N surest when they came.
  expect(first).toBeLessThan(10 * (1 + Math.log(50)) * 1.5);
});

test('where there are fewer incidents than the budget allows, the threshold is the model card’s', () => {
  const budget = new AlertBudget(options);
  expect(days(budget, 5, 9, uniform)).toEqual([9, 9, 9, 9, 9]);
  expect(budget.threshold).toBe(0.95);
});

test('of many that are equally sure, as many are let in as there is room for', () => {
  const alerts = days(new AlertBudget(options), 30, 500, () => 1);
  expect(mean(alerts.slice(10))).toBeCloseTo(10, 0);
});

test('after a change of the traffic the threshold follows within days', () => {
  const budget = new AlertBudget(options);
  days(budget, 20, 1000, uniform);
  const busy = budget.threshold;
  const calm = days(budget, 20, 20, uniform, START + 20 * DAY);
  expect(budget.threshold).toBeLessThan(busy);
  expect(mean(calm.slice(-5))).toBeGreaterThan(8.5);
  expect(mean(calm.slice(-5))).toBeLessThan(11.5);
});

test('what is proven is always let in, takes its share of the budget, and is told once where it is more than that', () => {
  const budget = new AlertBudget(options);
  const news = [];
  for (let i = 0; i < 60; i++) {
    const seconds = START + i * 600;
    budget.rise(-1, PROVEN, seconds);
    expect(budget.admits(PROVEN)).toBe(true);
    news.push(...budget.news(seconds));
  }
  expect(news).toMatchObject([{ record: 'status', body: { event: 'budget_overrun', alerts_per_day: 10 } }]);
  expect(days(budget, 1, 50, uniform, START + 60 * 600)[0]).toBe(0);
  // Two weeks later they are forgotten, and an overrun is news again.
  days(budget, 14, 5, uniform, START + DAY);
  for (let i = 0; i < 60; i++) budget.rise(-1, PROVEN, START + 15 * DAY + i);
  expect(budget.news(START + 15 * DAY)).toHaveLength(1);
});

test('a restart goes on where the run before was', () => {
  const whole = new AlertBudget(options);
  days(whole, 10, 200, uniform);
  const again = new AlertBudget(options);
  expect(again.restore(JSON.parse(JSON.stringify(whole)))).toBe(true);
  expect(again.threshold).toBe(whole.threshold);
  expect(days(again, 3, 200, uniform, START + 10 * DAY)).toEqual(days(whole, 3, 200, uniform, START + 10 * DAY));
});

test.each([
  ['nothing', null],
  ['another form', { version: 2 }],
  ['another model', { ...new AlertBudget({ ...options, model: 'mining@8' }).toJSON() }],
  ['a bin that does not exist', { ...new AlertBudget(options).toJSON(), bins: [[PROVEN + 1, 1]] }],
  ['a weight that is none', { ...new AlertBudget(options).toJSON(), bins: [[3, -1]] }],
  ['bins that are none', { ...new AlertBudget(options).toJSON(), bins: [3] }],
  ['a time that is none', { ...new AlertBudget(options).toJSON(), nowSeconds: 'now' }],
])('a state of %s is not taken', (_, state) => {
  const budget = new AlertBudget(options);
  expect(budget.restore(state)).toBe(false);
  expect(days(budget, 1, 9, uniform)).toEqual([9]);
});

test('another budget holds at once; another model begins anew', () => {
  const budget = new AlertBudget(options);
  days(budget, 10, 200, uniform);
  const strict = budget.threshold;
  budget.reconfigure({ ...options, alertsPerDay: 50 });
  expect(budget.threshold).toBeLessThan(strict);
  budget.reconfigure({ ...options, alertsPerDay: null });
  expect(budget.threshold).toBe(0.95);
  budget.reconfigure({ ...options, model: 'mining@8', cardThreshold: 0.9 });
  expect(budget.facts()).toMatchObject({ incidents_per_day: 0, threshold: 0.9 });
});

test('a clock that steps back, far or a little, neither stops the decay nor lets it run backwards', () => {
  const budget = new AlertBudget(options);
  days(budget, 10, 200, uniform);
  const before = budget.facts()['incidents_per_day']!;
  budget.rise(-1, 300, START + 9.5 * DAY);
  budget.rise(-1, 300, START - 300 * DAY);
  expect(Math.abs(budget.facts()['incidents_per_day']! - before)).toBeLessThan(2);
  const alerts = days(budget, 30, 200, uniform, START - 300 * DAY);
  expect(mean(alerts.slice(-10))).toBeGreaterThan(9);
  expect(mean(alerts.slice(-10))).toBeLessThan(11);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%d alerts a day are refused', (alertsPerDay) => {
  expect(() => new AlertBudget({ ...options, alertsPerDay })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});
