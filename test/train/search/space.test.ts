import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { checkMlpOptions, MLP_DEFAULTS } from '../../../train/neural/options.ts';
import { drawPoint, type SearchSpace } from '../../../train/search/space.ts';
import { spaceOf } from '../../../train/search/spaces.ts';

const space: SearchSpace = {
  rate: { kind: 'log', low: 0.001, high: 10 },
  leaves: { kind: 'log', low: 2, high: 64, whole: true },
  part: { kind: 'even', low: 0.5, high: 1 },
  layers: { kind: 'choice', values: [[8], [8, 4]] },
};

test('points lie within the space, whole where they must be, and equal seeds draw equal ones', () => {
  const draw = () => {
    const random = new Prng('space');
    return Array.from({ length: 400 }, () => drawPoint(space, random));
  };
  const points = draw();
  expect(draw()).toEqual(points);
  const values = (name: string) => points.map((point) => point[name] as number);
  for (const [name, low, high] of [
    ['rate', 0.001, 10],
    ['leaves', 2, 64],
    ['part', 0.5, 1],
  ] as const) {
    expect(Math.min(...values(name))).toBeGreaterThanOrEqual(low);
    expect(Math.max(...values(name))).toBeLessThanOrEqual(high);
  }
  expect(values('leaves').every(Number.isInteger)).toBe(true);
  // Half of the draws of a logarithm lie below the geometric mean of its ends.
  const below = values('rate').filter((rate) => rate < 0.1).length;
  expect(below).toBeGreaterThan(160);
  expect(below).toBeLessThan(240);
  expect(new Set(points.map((point) => JSON.stringify(point['layers'])))).toEqual(new Set(['[8]', '[8,4]']));
});

test('what is drawn for a net is what a net accepts', () => {
  const random = new Prng(1);
  for (let i = 0; i < 50; i++) checkMlpOptions({ ...MLP_DEFAULTS, ...drawPoint(spaceOf('mlp')!, random) });
  expect(spaceOf('abacus')).toBeNull();
});
