import { expect, test } from 'vitest';
import { fuse, READ_WEIGHT, UNSPOKEN } from '../../../serve/evidence/fusion.ts';

const finding = (source: string, weight: number) => ({ source, finding: `${source} says so.`, weight });
const logit = (p: number) => Math.log(p / (1 - p));

test('without findings the model is believed as it is, as far as it may be sure', () => {
  expect(fuse(1.5, []).probability).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 12);
  expect(logit(fuse(50, []).probability)).toBeCloseTo(6, 9);
  expect(logit(fuse(-50, []).probability)).toBeCloseTo(-6, 9);
});

test('log odds of different sources add up', () => {
  const { probability } = fuse(-1, [finding('names', 2), finding('certificate', 1)]);
  expect(logit(probability)).toBeCloseTo(2, 9);
});

test('however much one source finds, it moves the odds no further than its bound', () => {
  const many = Array.from({ length: 20 }, () => finding('names', 2.5));
  expect(logit(fuse(0, many).probability)).toBeCloseTo(3, 9);
  expect(
    logit(
      fuse(
        0,
        many.map(({ source }) => finding(source, -2.5)),
      ).probability,
    ),
  ).toBeCloseTo(-3, 9);
  expect(logit(fuse(0, [finding('of somebody else', 30)]).probability)).toBeCloseTo(1, 9);
});

test('messages that were read can hardly be argued against, whatever everything else says', () => {
  const against = [finding('names', -3), finding('intelligence', -5), finding('certificate', -2)];
  const { probability, mayConvict } = fuse(-6, [finding('protocol', READ_WEIGHT), ...against]);
  expect(logit(probability)).toBeCloseTo(READ_WEIGHT - 1, 9);
  expect(mayConvict).toBe(true);
  expect(logit(fuse(-6, [finding('protocol', 12), ...against]).probability)).toBeCloseTo(11, 9);
  expect(fuse(-6, [finding('protocol', READ_WEIGHT - 1), ...against]).probability).toBeLessThan(0.5);
});

test('where the model does not speak, hints alone never make a verdict, and a list or a message may', () => {
  const hints = [finding('names', 3), finding('certificate', 2), finding('fingerprint', 1.5)];
  expect(fuse(null, hints).mayConvict).toBe(false);
  expect(fuse(null, [...hints, finding('intelligence', 4)]).mayConvict).toBe(true);
  expect(fuse(null, [...hints, finding('intelligence', -4)]).mayConvict).toBe(false);
  expect(fuse(null, [...hints, finding('intelligence', 0.3)]).mayConvict).toBe(false);
  expect(fuse(null, [finding('protocol', 4)]).mayConvict).toBe(true);
  expect(fuse(0, hints).mayConvict).toBe(true);
  expect(logit(fuse(null, []).probability)).toBeCloseTo(UNSPOKEN, 9);
});
