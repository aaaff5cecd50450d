import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { describeModel } from '../../../models/onnx/describe.ts';
import { encodePerceptron, type Perceptron } from '../../../models/onnx/perceptron.ts';
import { createPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { fitMlp } from '../../../train/neural/mlp.ts';
import { Network } from '../../../train/neural/network.ts';
import { divideLogits, predictPerceptron } from '../../../train/neural/perceptron-model.ts';
import { prepareRows } from '../../../train/neural/preparation.ts';
import { tensorFlow } from '../../../train/neural/tensorflow.ts';
import { matrixOf, rings } from '../data.ts';

const ROWS = 2000;

/** Numbers of every size and sign, with values missing, infinite and zero. */
function hostileRows(width: number): Float32Array {
  const random = new Prng(9);
  const special = [
    Number.NaN,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0,
    3e38,
    -3e38,
    1e-40,
  ];
  return Float32Array.from({ length: ROWS * width }, () =>
    random.chance(0.3) ? random.pick(special) : random.normal() * 10 ** random.between(-6, 12),
  );
}

async function byTensorFlow(net: Perceptron, rows: Float32Array): Promise<Float32Array> {
  const { tf } = await tensorFlow();
  const network = new Network(tf, net.layers, { learningRate: 0.01, l2: 0 });
  const p = network.predict([prepareRows(net.preparation, rows, ROWS)], ROWS);
  network.dispose();
  return p;
}

async function byOnnxRuntime(bytes: Uint8Array, rows: Float32Array): Promise<Float32Array> {
  const predictor = await createPredictor(bytes, 'kernel', createSession);
  expect(predictor.engine).toBe('onnxruntime');
  const p = await predictor.predict(rows, ROWS);
  await predictor.release();
  return p;
}

/** NaN counts as infinitely far. */
function worst(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => {
    const difference = Math.abs(value - b[i]!);
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }, 0);
}

const big = Float32Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? Number.NaN : (i % 5) * 1e9));
const small = Float32Array.from({ length: 300 }, (_, i) => -(i % 11) / 7);
const flat = new Float32Array(300).fill(3);
const wide = {
  matrix: matrixOf({ flat, big, small }),
  labels: Int32Array.from(big, (_, i) => (i % 5 < 2 ? 0 : i % 11 < 5 ? 1 : 2)),
  classNames: ['a', 'b', 'c'],
};

describe('TensorFlow.js, ONNX Runtime and plain JavaScript give the same probabilities', () => {
  test.each([
    ['two classes', rings(1, 400, 2)],
    ['four classes', rings(2, 400, 4)],
    ['large values and a constant column', wide],
    ['nothing missing', { ...wide, matrix: matrixOf({ flat, small }) }],
    ['only a constant column', { ...wide, matrix: matrixOf({ flat }) }],
  ])('%s', async (_, data) => {
    const model = await fitMlp(data, null, { rounds: 5, learningRate: 0.01 });
    const rows = hostileRows(data.matrix.names.length);
    const ours = model.predict(rows, ROWS);
    expect(worst(await byTensorFlow(model.net, rows), ours)).toBeLessThan(1e-5);
    const bytes = model.encode({ temperature: 1, producer: 'test' });
    expect(worst(await byOnnxRuntime(bytes, rows), ours)).toBeLessThan(1e-4);
    const tempered = model.encode({ temperature: 2.5, producer: 'test' });
    const expected = predictPerceptron({ ...model.net, layers: divideLogits(model.net.layers, 2.5) }, rows, ROWS);
    expect(worst(await byOnnxRuntime(tempered, rows), expected)).toBeLessThan(1e-4);
    const raised = ours.subarray(0, data.classNames.length).map((p) => p ** (1 / 2.5));
    expect(expected[0]).toBeCloseTo(raised[0]! / raised.reduce((a, b) => a + b, 0), 5);
  });
});

describe('the file', () => {
  test('says what it takes and gives, in standard operators, and is the same each time', async () => {
    const { net } = await fitMlp(rings(1, 100, 2), null, { rounds: 1 });
    const bytes = encodePerceptron(net, { producer: 'test', metadata: { name: 'x' } });
    const { inputs, outputs, ops, opsets, metadata } = describeModel(bytes);
    expect(inputs).toEqual([{ name: 'features', elementType: 'float', shape: ['N', 3] }]);
    expect(outputs).toEqual([{ name: 'probabilities', elementType: 'float', shape: ['N', 2] }]);
    expect(opsets).toEqual([{ domain: '', version: 17 }]);
    expect(ops.every(({ domain }) => domain === '')).toBe(true);
    expect(ops.filter(({ opType }) => opType === 'Gemm')).toHaveLength(3);
    expect({ ...metadata }).toEqual({ name: 'x' });
    expect(encodePerceptron(net, { producer: 'test', metadata: { name: 'x' } })).toEqual(bytes);
  });

  const python = ['/usr/bin/python3', 'python3'].find(
    (command) => spawnSync(command, ['-c', 'import onnx']).status === 0,
  );
  test.skipIf(python === undefined)('satisfies the checker of ONNX (needs the Python package onnx)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowlamp-onnx-'));
    try {
      const file = join(folder, 'model.onnx');
      const model = await fitMlp(rings(1, 100, 3), null, { rounds: 1 });
      writeFileSync(file, model.encode({ temperature: 1.5, producer: 'test' }));
      const check =
        'import sys, onnx; m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True); onnx.shape_inference.infer_shapes(m, strict_mode=True)';
      const { status, stderr } = spawnSync(python!, ['-c', check, file], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('opens by what it says of itself, and takes no rows too', async () => {
    const model = await fitMlp(rings(1, 200, 2), null, { rounds: 2 });
    const predictor = await createPredictor(
      model.encode({ temperature: 1, producer: 'test' }),
      'kernel',
      createSession,
    );
    expect([predictor.featureCount, predictor.classCount]).toEqual([3, 2]);
    expect(await predictor.predict(new Float32Array(0), 0)).toHaveLength(0);
    await predictor.release();
  });
});
