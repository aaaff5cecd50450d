/** The charts of a report. Each takes figures and gives one SVG; colours are variables of the page. */
import type { ReliabilityBin } from '../metrics/calibration.ts';
import { wilsonInterval } from '../metrics/interval.ts';
import type { BaselineResult } from '../study/compare.ts';
import type { Importance } from '../study/importance.ts';
import type { PrefixPoint } from '../study/prefix-curve.ts';
import type { ClassCurves } from './assessment.ts';
import { colourOf } from './colours.ts';
import type { Html } from './html.ts';
import type { Easel } from './plot.ts';

const FONT = { fontSize: '12px', background: 'none', overflow: 'visible' } as const;
const SQUARE = { width: 460, height: 360, marginLeft: 48, marginBottom: 40, style: FONT } as const;
const WIDE = { width: 940, style: FONT } as const;
const INK = 'var(--ink)';
const FAINT = 'var(--rule)';

/** One class of several, with the number of its colour. */
export interface Shown extends ClassCurves {
  readonly colour: number;
}

export function confusionChart(easel: Easel, names: readonly string[], counts: readonly (readonly number[])[]): Html {
  const { Plot } = easel;
  const cells = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => ({
      truth: names[truth]!,
      predicted: names[predicted]!,
      count,
      share: total === 0 ? 0 : count / total,
      right: truth === predicted,
    }));
  });
  const longest = Math.max(...names.map((name) => name.length));
  const cell = Math.max(34, Math.min(92, 620 / names.length));
  const left = Math.min(220, 24 + longest * 7);
  const slanted = names.some((name) => name.length * 7 > cell);
  return easel.draw({
    describe: 'Confusion matrix: rows are the truth, columns what was predicted.',
    width: left + names.length * cell + 20,
    height: names.length * Math.min(cell, 52) + 60 + (slanted ? 60 : 0),
    marginLeft: left,
    marginTop: slanted ? 100 : 44,
    marginRight: 20,
    style: FONT,
    x: { domain: names, axis: 'top', label: 'predicted', tickSize: 0, ...(slanted && { tickRotate: -35 }) },
    y: { domain: names, label: 'truth', tickSize: 0 },
    opacity: { domain: [0, 1], range: [0, 0.9] },
    marks: [
      Plot.cell(cells, { x: 'predicted', y: 'truth', fill: FAINT, inset: 1, rx: 3, fillOpacity: null as never }),
      Plot.cell(
        cells.filter(({ count }) => count > 0),
        {
          x: 'predicted',
          y: 'truth',
          inset: 1,
          rx: 3,
          fill: (d: (typeof cells)[number]) => (d.right ? 'var(--good)' : 'var(--bad)'),
          fillOpacity: 'share',
        },
      ),
      Plot.text(cells, {
        x: 'predicted',
        y: 'truth',
        text: (d: (typeof cells)[number]) => (d.count === 0 ? '' : String(d.count)),
        fill: (d: (typeof cells)[number]) => (d.share > 0.55 ? 'var(--paper)' : INK),
        fontSize: names.length > 14 ? 9 : 13,
        fontVariant: 'tabular-nums',
      }),
    ],
    color: { type: 'identity' },
  });
}

/** ROC curves over the logarithm of the false positive rate; what too few groups stand behind is shaded. */
export function rocChart(easel: Easel, shown: readonly Shown[], negatives: number, fewestGroups: number): Html {
  const { Plot } = easel;
  // A rate of nothing has no place on a logarithmic axis: it is drawn at half a row.
  const floor = Math.min(1e-4, 0.5 / Math.max(1, negatives));
  const points = shown.flatMap(({ curve, colour, label }) => [
    { fpr: floor, tpr: 0, colour, label },
    ...curve.map(({ fpr, tpr }) => ({ fpr: Math.max(floor, fpr), tpr, colour, label })),
  ]);
  const unsupported = Math.min(1, 3 / Math.max(1, fewestGroups));
  return easel.draw({
    describe: 'ROC curve of each class against all others, false positive rate on a logarithmic axis.',
    ...SQUARE,
    marginTop: 30,
    x: { type: 'log', domain: [floor, 1], label: 'false positive rate →', ticks: 6, tickFormat: power },
    y: { domain: [0, 1], label: '↑ true positive rate', grid: true },
    color: { type: 'identity' },
    marks: [
      Plot.rect([0], { x1: floor, x2: unsupported, y1: 0, y2: 1, fill: 'var(--shade)' }),
      Plot.ruleX([unsupported], { stroke: 'var(--bad)', strokeDasharray: '3,3', strokeOpacity: 0.7 }),
      Plot.text(['too few groups to claim this'], {
        x: Math.sqrt(floor * unsupported),
        y: 0.04,
        fill: INK,
        fillOpacity: 0.6,
        fontSize: 11,
      }),
      Plot.ruleX(
        [1e-2, 1e-3, 1e-4].filter((x) => x > floor),
        { stroke: FAINT },
      ),
      Plot.line(points, {
        x: 'fpr',
        y: 'tpr',
        z: 'label',
        stroke: (d: (typeof points)[number]) => colourOf(d.colour),
        strokeWidth: 2,
        curve: 'step-before',
      }),
    ],
  });
}

function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? '1' : `1e${exponent}`.replace('-', '−');
}

export function precisionRecallChart(easel: Easel, shown: readonly Shown[]): Html {
  const { Plot } = easel;
  const points = shown.flatMap(({ curve, colour, label }) =>
    curve.map(({ tpr, precision }) => ({ recall: tpr, precision, colour, label })),
  );
  return easel.draw({
    describe: 'Precision over recall of each class.',
    ...SQUARE,
    marginTop: 30,
    x: { domain: [0, 1], label: 'recall →', grid: true },
    y: { domain: [0, 1], label: '↑ precision', grid: true },
    color: { type: 'identity' },
    marks: [
      Plot.line(points, {
        x: 'recall',
        y: 'precision',
        z: 'label',
        stroke: (d: (typeof points)[number]) => colourOf(d.colour),
        strokeWidth: 2,
      }),
    ],
  });
}

export function reliabilityChart(easel: Easel, bins: readonly ReliabilityBin[]): Html {
  const { Plot } = easel;
  const filled = bins
    .filter(({ rows }) => rows > 0)
    .map(({ rows, meanProbability, accuracy }) => {
      const interval = wilsonInterval(Math.round(accuracy! * rows), rows)!;
      return { said: meanProbability!, was: accuracy!, rows, low: interval.low, high: interval.high };
    });
  const most = Math.max(1, ...filled.map(({ rows }) => rows));
  return easel.draw({
    describe: 'Reliability diagram: share of right predictions over the probability that was given.',
    ...SQUARE,
    marginTop: 30,
    x: { domain: [0, 1], label: 'probability that it said →', grid: true },
    y: { domain: [0, 1], label: '↑ share that was right', grid: true },
    r: { domain: [0, most], range: [0, 14] },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: INK, strokeOpacity: 0.5, strokeDasharray: '4,4' },
      ),
      Plot.ruleX(filled, { x: 'said', y1: 'low', y2: 'high', stroke: 'var(--c0)', strokeOpacity: 0.6 }),
      Plot.dot(filled, { x: 'said', y: 'was', r: 'rows', fill: 'var(--c0)', fillOpacity: 0.7 }),
    ],
  });
}

/** Figures of fewer flows stand in the table, not in the picture. */
const FEWEST_FLOWS = 10;

export function prefixChart(easel: Easel, points: readonly PrefixPoint[], unit: 'packets' | 'seconds'): Html {
  const { Plot } = easel;
  const own = points.filter((point) => point.unit === unit && point.seen !== null);
  const whole = points.find((point) => point.unit === 'whole flow');
  const lines = [
    ['macro-F1', 'macroF1', 0],
    ['gets a verdict', 'decided', 1],
    ['verdicts that are right', 'rightVerdicts', 2],
  ] as const;
  const data = lines.flatMap(([name, key, colour]) =>
    own
      .filter((point) => point[key] !== null && (key === 'decided' || point.flows >= FEWEST_FLOWS))
      .map((point) => ({ name, colour, seen: point.seen!, value: point[key]! })),
  );
  const ends = lines.flatMap(([name, key, colour]) => {
    const value = whole?.[key] ?? null;
    return value === null ? [] : [{ name, colour, value }];
  });
  const seen = own.map((point) => point.seen!);
  return easel.draw({
    describe: `Figures over the first ${unit} of flows.`,
    ...SQUARE,
    marginTop: 30,
    marginRight: 30,
    x: {
      type: 'log',
      label: unit === 'packets' ? 'packets seen →' : 'seconds seen →',
      ticks: seen,
      tickFormat: (value: number) => String(value),
      domain: [Math.min(...seen) * 0.9, Math.max(...seen) * 1.1],
    },
    y: { domain: [0, 1], label: '↑ share', grid: true },
    color: { type: 'identity' },
    marks: [
      Plot.line(data, {
        x: 'seen',
        y: 'value',
        z: 'name',
        stroke: (d: (typeof data)[number]) => colourOf(d.colour),
        strokeWidth: 2,
      }),
      Plot.dot(data, { x: 'seen', y: 'value', fill: (d: (typeof data)[number]) => colourOf(d.colour), r: 3.5 }),
      Plot.tickY(ends, {
        y: 'value',
        stroke: (d: (typeof ends)[number]) => colourOf(d.colour),
        strokeDasharray: '2,4',
        strokeOpacity: 0.8,
      }),
    ],
  });
}

export function importanceChart(easel: Easel, list: readonly Importance[], most: number): Html {
  const { Plot } = easel;
  const shown = list.slice(0, most).filter(({ lossRise }) => lossRise > 0);
  const longest = Math.max(1, ...shown.map(({ name }) => name.length));
  const bars = shown.map(({ name, inputs, lossRise, interval }) => ({
    name: inputs > 1 ? `${name} (${inputs})` : name,
    lossRise,
    low: interval?.low ?? lossRise,
    high: interval?.high ?? lossRise,
  }));
  return easel.draw({
    describe: 'Rise of the log loss when inputs are dealt out anew.',
    ...SQUARE,
    height: 60 + bars.length * 22,
    marginLeft: Math.min(250, 40 + longest * 6.6),
    marginTop: 10,
    x: { label: 'rise of the log loss →', grid: true, ticks: 4 },
    y: { domain: bars.map(({ name }) => name), label: null, tickSize: 0 },
    marks: [
      Plot.barX(bars, { x: 'lossRise', y: 'name', fill: 'var(--c0)', fillOpacity: 0.75, insetTop: 3, insetBottom: 3 }),
      Plot.ruleY(bars, { x1: 'low', x2: 'high', y: 'name', stroke: INK, strokeOpacity: 0.7 }),
    ],
  });
}

/** Macro-F1 of baselines (open) and of the model on the same rows (filled). */
export function baselineChart(easel: Easel, results: readonly BaselineResult[], words: (name: string) => string): Html {
  const { Plot } = easel;
  const asked = results
    .filter(({ macroF1 }) => macroF1 !== null)
    .map(({ name, macroF1, modelMacroF1, outcome }) => ({
      name: words(name),
      theirs: macroF1!,
      ours: modelMacroF1!,
      colour: outcome === 'not beaten' ? 'var(--bad)' : outcome === 'level' ? 'var(--warn)' : 'var(--good)',
    }));
  return easel.draw({
    describe: 'Macro-F1 of each baseline beside that of the model on the same rows.',
    ...WIDE,
    height: 56 + asked.length * 30,
    marginLeft: 190,
    marginBottom: 36,
    x: { domain: [0, 1], label: 'macro-F1 →', grid: true },
    y: { domain: asked.map(({ name }) => name), label: null, tickSize: 0 },
    color: { type: 'identity' },
    marks: [
      Plot.ruleY(asked, { x1: 'theirs', x2: 'ours', y: 'name', stroke: 'colour', strokeWidth: 3 }),
      Plot.dot(asked, { x: 'theirs', y: 'name', r: 5, stroke: INK, fill: 'var(--paper)', strokeWidth: 1.5 }),
      Plot.dot(asked, { x: 'ours', y: 'name', r: 5, fill: 'colour', stroke: 'var(--paper)' }),
    ],
  });
}
