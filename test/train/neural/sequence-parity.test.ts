import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { type ColumnSpec, createTable, type ListColumn, reserveItems, type ScalarColumn } from '../../../core/table.ts';
import { readInputs } from '../../../models/inputs.ts';
import { describeModel } from '../../../models/onnx/describe.ts';
import { createPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { fitCnn } from '../../../train/neural/cnn.ts';
import type { FittedSequenceNet } from '../../../train/neural/sequence-model.ts';
import { dialogues, SEQUENCE_INPUTS, WIDTH } from './sequences.ts';

const ROWS = 1000;
const QUICK = { rounds: 3, learningRate: 0.01 };

/** Flows with nulls, empty lists, lists of unequal lengths, sizes of 0 and times that run backwards. */
function hostileTable() {
  const random = new Prng(11);
  const specs = SEQUENCE_INPUTS.map(({ name, type, revision }): ColumnSpec => {
    return { name, type: type as ColumnSpec['type'], unit: '', revision };
  });
  const table = createTable(specs, ROWS);
  table.length = ROWS;
  for (const { name, list } of SEQUENCE_INPUTS) {
    const column = table.columns.get(name)!;
    for (let row = 0; row < ROWS; row++) {
      const isNull = random.chance(0.2);
      (column as ScalarColumn).valid[row] = isNull ? 0 : 1;
      if (list === undefined) {
        (column as ScalarColumn<'float64'>).values[row] = isNull ? 0 : random.normal() * 10 ** random.between(-6, 12);
      } else fillList(column as ListColumn, row, isNull ? 0 : random.below(50), name, random);
    }
  }
  return table;
}

function fillList(column: ListColumn, row: number, length: number, name: string, random: Prng): void {
  const start = reserveItems(column, row, length);
  for (let i = 0; i < length; i++) {
    column.items[start + i] = name.endsWith('_types')
      ? random.integer(0, 255)
      : name.endsWith('_times_us')
        ? random.normal() * 10 ** random.between(0, 12)
        : random.integer(-70_000, 70_000) * (random.chance(0.1) ? 0 : 1);
  }
  column.offsets[row + 1] = start + length;
}

async function worstDifference(model: FittedSequenceNet): Promise<number> {
  const rows = readInputs(hostileTable(), SEQUENCE_INPUTS);
  expect(rows).toHaveLength(ROWS * WIDTH);
  const predictor = await createPredictor(model.encode({ temperature: 1, producer: 'test' }), 'kernel', createSession);
  expect([predictor.engine, predictor.featureCount, predictor.classCount]).toEqual(['onnxruntime', WIDTH, 2]);
  const found = await predictor.predict(rows, ROWS);
  await predictor.release();
  const ours = model.predict(rows, ROWS);
  // The rows differ, or their agreement would say nothing.
  expect(new Set(ours.map((p) => Math.round(p * 100))).size).toBeGreaterThan(20);
  return found.reduce((most, p, i) => {
    const difference = Math.abs(p - ours[i]!);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
}

describe('TensorFlow.js and ONNX Runtime give the same probabilities', () => {
  test.each([
    ['the usual net', {}],
    ['one convolution', { filters: [7], taps: [3] }],
    ['three convolutions, one of them of a single tap', { filters: [4, 5, 6], taps: [1, 7, 3] }],
  ])('%s', async (_, options) => {
    const model = await fitCnn(dialogues(1, 200), null, { ...QUICK, ...options });
    expect(await worstDifference(model)).toBeLessThan(1e-4);
  });

  test('with a temperature folded in', async () => {
    const model = await fitCnn(dialogues(2, 200), null, QUICK);
    const rows = readInputs(hostileTable(), SEQUENCE_INPUTS);
    const predictor = await createPredictor(
      model.encode({ temperature: 2.5, producer: 'test' }),
      'kernel',
      createSession,
    );
    const found = await predictor.predict(rows, ROWS);
    await predictor.release();
    const ours = model.predict(rows, ROWS);
    for (let row = 0; row < ROWS; row++) {
      const [a, b] = [ours[2 * row]! ** (1 / 2.5), ours[2 * row + 1]! ** (1 / 2.5)];
      expect(Math.abs(found[2 * row]! - a / (a + b))).toBeLessThan(1e-4);
    }
  });
});

describe('the file', () => {
  test('says what it takes and gives, in standard operators, and is the same each time', async () => {
    const model = await fitCnn(dialogues(1, 60), null, { ...QUICK, rounds: 1 });
    const settings = { temperature: 1, producer: 'test', metadata: { name: 'x' } };
    const bytes = model.encode(settings);
    const { inputs, outputs, ops, opsets } = describeModel(bytes);
    expect(inputs).toEqual([{ name: 'features', elementType: 'float', shape: ['N', WIDTH] }]);
    expect(outputs).toEqual([{ name: 'probabilities', elementType: 'float', shape: ['N', 2] }]);
    expect(opsets).toEqual([{ domain: '', version: 17 }]);
    expect(ops.every(({ domain }) => domain === '')).toBe(true);
    expect(ops.filter(({ opType }) => opType === 'Conv')).toHaveLength(4);
    expect(model.encode(settings)).toEqual(bytes);
  });

  test('takes no rows too', async () => {
    const model = await fitCnn(dialogues(1, 60), null, { ...QUICK, rounds: 1 });
    const predictor = await createPredictor(
      model.encode({ temperature: 1, producer: 'test' }),
      'kernel',
      createSession,
    );
    expect(await predictor.predict(new Float32Array(0), 0)).toHaveLength(0);
    await predictor.release();
  });

  const python = ['/usr/bin/python3', 'python3'].find(
    (command) => spawnSync(command, ['-c', 'import onnx']).status === 0,
  );
  test.skipIf(python === undefined)('satisfies the checker of ONNX (needs the Python package onnx)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowlamp-onnx-'));
    try {
      const file = join(folder, 'model.onnx');
      const model = await fitCnn(dialogues(1, 60), null, { ...QUICK, rounds: 1 });
      writeFileSync(file, model.encode({ temperature: 1.5, producer: 'test' }));
      const check =
        'import sys, onnx; m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True); onnx.shape_inference.infer_shapes(m, strict_mode=True)';
      const { status, stderr } = spawnSync(python!, ['-c', check, file], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
