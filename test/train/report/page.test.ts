import { describe, expect, test } from 'vitest';
import { learnerNamed } from '../../../train/learners.ts';
import { html, table } from '../../../train/report/html.ts';
import { reportPage } from '../../../train/report/page.ts';
import { openEasel } from '../../../train/report/plot.ts';
import { assessEvaluation, assessTraining, cardFigures, type Given } from '../../../train/report/studies.ts';
import { percent, share } from '../../../train/report/words.ts';
import { trainModel } from '../../../train/train-model.ts';
import { exampleCard } from '../../models/example-card.ts';
import { threeClasses } from '../study/data.ts';

const HOSTILE = '<script>alert("1")</script>';

function hostile(groups: number, seed: number) {
  const rows = threeClasses(groups, seed);
  const names = [HOSTILE, 'video', 'web'];
  const context = { ...rows.context!, captureNames: rows.context!.captureNames.map((name) => `<b>${name}`) };
  return { ...rows, data: { ...rows.data, classNames: names }, context };
}

const rows = hostile(9, 1);
const inputs = rows.data.matrix.names.map((name) => ({ name, type: 'float64', revision: 1 }));
const trained = await trainModel(rows, inputs, {
  name: 'tested',
  version: '2',
  created: '2026-01-31T12:00:00Z',
  target: 'label',
  positive: HOSTILE,
  minPayloadPackets: 5,
  groupBy: 'capture',
  folds: 3,
  origin: 'a test of <i>reports</i>',
  generated: true,
  limitations: ['It knows <nothing>.'],
  programVersion: '0.0.0',
  learner: learnerNamed('gbdt'),
  learnerOptions: { seed: 1, rounds: 12 },
});
const given: Given = {
  groupBy: 'capture',
  leftOut: { unlabelled: 3, tooShort: 0, otherLabels: 0, otherProtocols: 0 },
  audit: null,
  seed: 1,
  quick: false,
  made: { command: "flowlamp train 'a & b.arrow' -o m", at: '2026-01-31T12:00:00Z', versions: { flowlamp: '0.0.0' } },
};
const assessment = (await assessTraining(rows, trained, given))!;
const page = await reportPage(trained.card, assessment);

describe('the report of a training', () => {
  test('is one page that fetches nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<iframe|<img|@import|url\(|\s(?:src|srcset|on\w+)=/i);
    const links = [...page.matchAll(/(?:href|xlink:href)="([^"]*)"/g)].map(([, target]) => target);
    expect(links.filter((target) => !target!.startsWith('#'))).toEqual([]);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  test('shows what strangers named as text', () => {
    expect(page).toContain('&#60;script&#62;');
    expect(page).not.toMatch(/<b>\d\.pcap|<i>reports|<nothing>/);
  });

  test('has every part that there are figures for, and a link to it', () => {
    const parts = ['data', 'confusion', 'detection', 'calibration', 'early', 'baselines', 'inputs', 'unknown'];
    for (const id of [...parts, 'examples', 'audit', 'drift', 'made']) {
      expect(page).toContain(`<section id="${id}">`);
      expect(page).toContain(`href="#${id}"`);
    }
  });

  test('never says NaN, undefined, null or [object', () => {
    const text = page.replace(/<style[\s\S]*?<\/style>/g, '').replace(/<[^>]*>/g, ' ');
    expect(text.match(/.{20}\b(?:NaN|undefined|Infinity|\[object|null)\b.{20}/)).toBeNull();
  });

  test('draws confusion, ROC, precision over recall, calibration, baselines and importance', () => {
    const charts = [...page.matchAll(/aria-description="([^"]*)"/g)].map(([, text]) => text!.split(/[ :]/)[0]);
    expect(charts).toEqual(['Confusion', 'ROC', 'Precision', 'Reliability', 'Macro-F1', 'Rise', 'Rise']);
  });

  test('says the command, the seed and the versions', () => {
    expect(page).toContain('flowlamp train &#39;a &#38; b.arrow&#39; -o m');
    expect(page).toContain('Seed 1');
    expect(page).toContain(`node ${process.versions.node}`);
  });

  test('says which baselines the model does not beat', () => {
    expect(page).toContain('The model does not beat SNI keyword, k-nearest neighbours.');
  });

  test('gives the card its figures, as JSON without a single NaN', () => {
    const figures = cardFigures(assessment);
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
    expect(Object.keys(figures['falseAlarms'] as object)).toEqual(rows.data.classNames);
  });
});

test('without the packages for charts a report has its tables, and says what is missing', async () => {
  const absent = openEasel(() => Promise.reject(new Error('not installed')));
  const plain = await reportPage(trained.card, assessment, absent);
  expect(plain).toContain('There are no charts here');
  expect(plain).not.toContain('aria-description');
  expect(plain).toContain('needs 3,000 groups');
});

test('a quick report says what it left out', async () => {
  const quick = (await assessTraining(rows, trained, { ...given, quick: true }))!;
  expect([quick.ablations, quick.unknowns, quick.importance]).toEqual([null, null, null]);
  expect((await reportPage(trained.card, quick)).match(/<code>--quick<\/code>/g)).toHaveLength(3);
});

test('an evaluation is reported by the same page, with the drift since training', async () => {
  const other = hostile(5, 2);
  const shifted = other.data.matrix.columns.map((column, i) => (i === 1 ? column.map((value) => value + 100) : column));
  const moved = { ...other, data: { ...other.data, matrix: { ...other.data.matrix, columns: shifted } } };
  const predict = async (matrix: Float32Array, count: number) => trained.final.predict(matrix, count);
  const { toRowMajor } = await import('../../../train/matrix.ts');
  const probabilities = await predict(toRowMajor(moved.data.matrix), moved.data.matrix.rows);
  const card = { ...exampleCard, ...trained.card };
  const seenInTraining = ['train-1.pcap'];
  const evaluation = await assessEvaluation(card, moved, probabilities, predict, {
    ...given,
    seenInTraining,
    modelBytes: 1234,
    strangers: { ...moved.data, classNames: ['novel', 'newer', 'absent'] },
  });
  const shifts = Object.fromEntries(evaluation.drift.map(({ name, shift }) => [name, shift!]));
  expect(shifts['flow_iat_mean_us']).toBeGreaterThan(1);
  expect(shifts['fwd_psh_packets']).toBeLessThan(0.25);
  const text = await reportPage(card, evaluation);
  expect(text).toContain('The figures flatter the model.');
  expect(evaluation.unknowns!.classes.map(({ rejection }) => rejection!.known)).toEqual(new Array(3).fill(150));
  expect(text).toContain('class it does not have');
  expect(text).toContain('Only 5 groups (capture) stand behind the figures');
  expect(text).toContain('How far this traffic is from what it learnt');
});

test('nothing is reported where nothing could be held out', async () => {
  expect(await assessTraining(rows, { ...trained, held: null }, given)).toBeNull();
});

test('templates escape all but HTML', () => {
  expect(String(html`<p title="${'"'}">${['<', html`<b>${'&'}</b>`]}${3}</p>`)).toBe(
    '<p title="&#34;">&#60;<b>&#38;</b>3</p>',
  );
  expect(String(table(['a<', 'n'], [['x', '>']]))).toContain('<td class="n">&#62;</td>');
});

test('shares do not read as all or nothing unless they are', () => {
  expect([1, 0.9999, 0.5, 0.0004, 1e-7, 0, null].map(percent)).toEqual([
    '100.0 %',
    '> 99.9 %',
    '50.0 %',
    '0.04 %',
    '< 0.001 %',
    '0.0 %',
    '–',
  ]);
  expect(share(null)).toBe('–');
});
