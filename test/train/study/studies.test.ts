import { describe, expect, test } from 'vitest';
import { MODEL_INPUTS } from '../../../features/vector/schema.ts';
import { runBaselines } from '../../../train/baselines/run.ts';
import { crossValidate } from '../../../train/cross-validate.ts';
import { GBDT } from '../../../train/gbdt/learner.ts';
import type { LabelledMatrix } from '../../../train/matrix.ts';
import { runAblations } from '../../../train/study/ablations.ts';
import { compareBaselines } from '../../../train/study/compare.ts';
import { examplesOf } from '../../../train/study/examples.ts';
import { columnsOfFamily, FAMILIES, isOfFamily } from '../../../train/study/families.ts';
import { permutationImportance } from '../../../train/study/importance.ts';
import { judgedRows } from '../../../train/study/judged.ts';
import { leaveClassesOut, rejectStrangers } from '../../../train/study/left-out.ts';
import { foldsOf, threeClasses } from './data.ts';

const rows = threeClasses(12);
const folds = foldsOf(rows);
const chosen = Int32Array.from(rows.data.labels.keys());
const learn = (train: LabelledMatrix) => GBDT.fit(train, null, { rounds: 15, patience: 0, seed: 1 });
const cross = await crossValidate(rows.data, folds.folds, folds.foldCount, learn);
const judged = judgedRows(rows, cross.probabilities);

describe('families of inputs', () => {
  test('every input that is measured in microseconds is timing, every one in bytes is sizes', () => {
    for (const input of MODEL_INPUTS) {
      if (input.unit === 'us') expect([input.name, isOfFamily(input, 'timing')]).toEqual([input.name, true]);
      if (input.unit === 'bytes') expect([input.name, isOfFamily(input, 'sizes')]).toEqual([input.name, true]);
    }
  });

  test('each takes something and leaves something', () => {
    const names = MODEL_INPUTS.map(({ name }) => name);
    for (const family of FAMILIES) {
      const taken = columnsOfFamily(names, family).length;
      expect(taken).toBeGreaterThan(3);
      expect(taken).toBeLessThan(names.length / 2 + 1);
    }
    expect(columnsOfFamily(['fwd_psh_packets', 'bytes_of_mine'], 'sizes')).toEqual([]);
  });
});

test('an ablation costs what the family told, and leaves the rest', async () => {
  const found = await runAblations(rows, chosen, folds, learn, 1);
  expect(found.map(({ name, inputs }) => [name, inputs])).toEqual([
    ['all inputs', 3],
    ['without timing', 2],
    ['without sizes', 2],
  ]);
  const [all, timing, sizes] = found;
  expect(all!.macroF1).toBeGreaterThan(0.8);
  expect(timing!.interval!.low).toBeLessThan(0.02);
  expect(sizes!.difference).toBeCloseTo(sizes!.macroF1! - all!.macroF1!, 12);
  expect(sizes!.interval!.high).toBeLessThan(-0.2);
});

test('importance is the rise of the loss, largest for what the model goes by', async () => {
  const models = cross.models.map(({ fitted, rows: own }) => ({ rows: own, predict: fitted.predict.bind(fitted) }));
  const { inputs, groups, families, rows: used } = await permutationImportance(rows, models, chosen, 1);
  expect(used).toBe(chosen.length);
  expect(inputs[0]!.name).toBe('fwd_packet_size_mean');
  expect(inputs[0]!.interval!.low).toBeGreaterThan(0.3);
  expect(inputs.find(({ name }) => name === 'fwd_psh_packets')!.lossRise).toBeLessThan(0.05);
  expect(groups[0]).toMatchObject({ name: 'sizes', inputs: 1 });
  expect(families.map(({ name }) => name)).toEqual(['timing', 'sizes']);
});

test('importance of a column that never varies, or is not read, is none', async () => {
  const constant = { ...rows, data: { ...rows.data, matrix: { ...rows.data.matrix } } };
  constant.data.matrix.columns = rows.data.matrix.columns.map((column, i) => (i === 0 ? column.map(() => 5) : column));
  const reads = {
    rows: chosen,
    // Sure of the first class where the second column is positive.
    predict: (matrix: Float32Array, count: number) =>
      Float32Array.from({ length: count * 3 }, (_, i) => {
        const p = matrix[Math.floor(i / 3) * 3 + 1]! > 0 ? 0.8 : 0.2;
        return i % 3 === 0 ? p : (1 - p) / 2;
      }),
  };
  const { inputs } = await permutationImportance(constant, [reads], chosen, 1);
  const rise = (name: string) => inputs.find((input) => input.name === name)!.lossRise;
  expect([rise('fwd_packet_size_mean'), rise('fwd_psh_packets')]).toEqual([0, 0]);
  expect(Math.abs(rise('flow_iat_mean_us'))).toBeGreaterThan(1e-3);
});

test('a class left out is never learnt, and its rows are asked about only by models of other groups', async () => {
  // No two rows agree in their times, which tell them apart.
  const times = rows.data.matrix.columns[1]!;
  const rowOf = new Map(Array.from(times, (time, row) => [time, row]));
  const seen: { classes: readonly string[]; folds: Set<number>; labels: Set<number> }[] = [];
  const { classes, because } = await leaveClassesOut(rows, chosen, folds, (train) => {
    const learnt = Array.from(train.matrix.columns[1]!, (time) => rowOf.get(time)!);
    seen.push({
      classes: train.classNames,
      folds: new Set(learnt.map((row) => folds.folds[row]!)),
      labels: new Set(learnt.map((row) => rows.data.labels[row]!)),
    });
    return learn(train);
  });
  expect(because).toBe('');
  expect(classes.map(({ label }) => label)).toEqual(rows.data.classNames);
  expect(seen).toHaveLength(9);
  for (const one of seen) expect([one.classes.length, one.labels.size, one.folds.size]).toEqual([2, 2, 2]);
  for (const { rejection } of classes) {
    expect(rejection!.known + rejection!.unknown).toBe(chosen.length);
    expect(rejection!.auroc).toBeGreaterThanOrEqual(0);
  }
});

test('no baseline is asked about what it has learnt from', async () => {
  // Every flow has a name and a sequence of its own, which would give its label away to who had seen it.
  const { context } = rows;
  const words = Array.from(chosen, (row) => `w${row}w`);
  const notes = context!.notes.map((note, row) => ({ ...note, sizes: Int32Array.of(row, 7 * row, 31 * row) }));
  const own = { ...rows, context: { ...context!, names: words, snis: chosen, notes } };
  const results = compareBaselines(judgedRows(own, cross.probabilities), await runBaselines(own, folds, 1), 1);
  for (const { name, accuracy } of results) {
    if (name === 'sniKeyword' || name === 'neighbours') expect(accuracy).toBeLessThan(0.5);
  }
});

test('strangers to a finished model are set against its own rows, class by class', () => {
  const known = Float32Array.from(Array.from({ length: 40 }, (_, i) => [0.6 + i / 100, 0.4 - i / 100]).flat());
  const strangers = Float32Array.of(0.5, 0.5, 0.3, 0.7, 0.99, 0.01);
  const { classes } = rejectStrangers(known, strangers, 2, Int32Array.of(0, 1, 0), ['new', 'newer']);
  // At most two of forty known rows may go: those below 0.62.
  expect(classes).toMatchObject([
    { label: 'new', rejection: { known: 40, unknown: 2, tpr: 0.5 } },
    { label: 'newer', rejection: { unknown: 1, tpr: 0 } },
  ]);
});

test('of two classes none can be left out', async () => {
  const labels = rows.data.labels.map((label) => Math.min(1, label));
  const two = { ...rows, data: { ...rows.data, labels, classNames: ['a', 'b'] } };
  expect(await leaveClassesOut(two, chosen, folds, learn)).toMatchObject({ classes: [], because: expect.any(String) });
});

test('baselines are judged on the rows that they were asked about, beside the model on the same', async () => {
  const results = compareBaselines(judged, await runBaselines(rows, folds, 1), 1);
  const by = Object.fromEntries(results.map((result) => [result.name, result]));
  expect(by['majority']).toMatchObject({ outcome: 'beaten', rows: chosen.length });
  expect(by['portOnly']).toMatchObject({ outcome: 'beaten' });
  // Names and sequences give these classes away: a model that reads neither is behind, and is said to be.
  expect(by['sniKeyword']).toMatchObject({ macroF1: 1, outcome: 'not beaten' });
  expect(by['neighbours']).toMatchObject({ macroF1: 1, outcome: 'not beaten' });
  expect(by['logistic']!.modelMacroF1).toBe(by['majority']!.modelMacroF1);
});

test('baselines whose columns are not there are not asked, and say why', async () => {
  const { context: _, ...bare } = rows;
  const results = compareBaselines(judgedRows(bare, cross.probabilities), await runBaselines(bare, folds, 1), 1);
  const unasked = results.filter(({ outcome }) => outcome === 'not asked');
  expect(unasked.map(({ name }) => name)).toEqual(['sniKeyword', 'neighbours']);
  for (const { because, macroF1 } of unasked) expect([because === '', macroF1]).toEqual([false, null]);
});

test('examples are the most certain of their kind', () => {
  const examples = examplesOf(judged);
  const right = examples.find(({ label, why }) => label === 'mining' && why === 'right')!;
  const certain = [...chosen].filter((row) => rows.data.labels[row] === 0).map((row) => cross.probabilities[row * 3]!);
  expect(right.probability).toBe(Math.max(...certain));
  for (const { why, label, truth, predicted } of examples) {
    expect(why === 'mistaken' ? predicted : truth).toBe(label);
    expect(truth === predicted).toBe(why === 'right');
  }
});
