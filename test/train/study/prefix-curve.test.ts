import { expect, test } from 'vitest';
import { RowKind } from '../../../train/row-context.ts';
import { judgedRows } from '../../../train/study/judged.ts';
import { prefixCurve } from '../../../train/study/prefix-curve.ts';
import { matrixOf } from '../data.ts';
import { contextOf } from './data.ts';

const card = { labels: ['mining', 'other'], thresholds: { mining: 0.9, other: 0.6 } };
const S = 1e6;

/** Kind, packets, seconds, flow, truth, probability of mining. */
const ROWS = [
  [RowKind.Prefix, 5, 1, 1, 0, 0.8],
  [RowKind.Prefix, 5, 1, 2, 1, 0.3],
  [RowKind.Prefix, 10, 2, 1, 0, 0.95],
  [RowKind.Interval, 30, 59, 1, 0, 0.2],
  [RowKind.Interval, 40, 118, 1, 0, 0.99],
  [RowKind.Interval, 30, 58, 2, 1, 0.1],
  [RowKind.End, 90, 200, 1, 0, 0.97],
  [RowKind.End, 40, 59.5, 2, 1, 0.2],
] as const;

const column = (i: number) => ROWS.map((row) => row[i]!);
const labels = Int32Array.from(column(4));
const captures = new Int32Array(ROWS.length);
const rows = {
  data: { matrix: matrixOf({ x: captures }), labels, classNames: card.labels },
  groups: captures,
  groupNames: ['a'],
  captures: ['a'],
  protocols: ['tcp'],
  ports: new Float32Array(ROWS.length),
  context: contextOf(labels, captures, ['a'], {
    kinds: Uint8Array.from(column(0)),
    packets: Float64Array.from(column(1)),
    durationsUs: Float64Array.from(column(2), (seconds) => seconds * S),
    flowIds: Float64Array.from(column(3)),
    shortPrefixes: new Map([[5, 2]]),
  }),
};
const judged = judgedRows(rows, Float32Array.from(column(5).flatMap((p) => [p, 1 - p])));

test('figures are about whole flows, and each prefix has a point of its own', () => {
  expect(Array.from(judged.chosen)).toEqual([6, 7]);
  const points = prefixCurve(judged, card);
  expect(points.map(({ unit, seen, flows }) => [unit, seen, flows])).toEqual([
    ['packets', 5, 2],
    ['packets', 10, 1],
    ['seconds', 60, 1],
    ['whole flow', null, 2],
  ]);
});

test('flows that are too short for a verdict count among those without', () => {
  const [five] = prefixCurve(judged, card);
  // Right but unsure, right and sure; two more are too short.
  expect(five).toMatchObject({ tooShort: 2, macroF1: 1, decided: 1 / 4, rightVerdicts: 1, recall: [1, 1] });
});

test('a moment shows the last row up to then, of flows that outlive it', () => {
  const minute = prefixCurve(judged, card).find(({ unit }) => unit === 'seconds')!;
  // Flow 2 ends before the minute; flow 1 had 0.2 at 59 s and 0.99 only later.
  expect(minute).toMatchObject({ flows: 1, accuracy: 0, decided: 1, rightVerdicts: 0 });
});

test('without rows of beginnings there is no curve', () => {
  const ends = { ...rows, context: { ...rows.context, kinds: new Uint8Array(ROWS.length), shortPrefixes: new Map() } };
  expect(prefixCurve(judgedRows(ends, judged.probabilities), card)).toEqual([]);
});
