import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { FlowlampError } from '../../../core/errors.ts';
import { Prng } from '../../../core/prng.ts';
import { describeModel } from '../../../models/onnx/describe.ts';
import { decodeForest, encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { LEAF } from '../../../models/trees/forest.ts';
import { ForestKernel } from '../../../models/trees/kernel.ts';
import { randomForest, randomRows } from '../../oracle/trees.ts';

const shape = { trees: 9, leaves: 8, features: 4 };
const binary = randomForest({ ...shape, seed: 1, classes: 2 });
const many = randomForest({ ...shape, seed: 2, classes: 3 });
const options = { producer: 'flowlamp', producerVersion: '1.2.3', metadata: { card: 'mining', hash: 'ab' } };
const bytes = encodeForest(many, options);

function predict(forest: typeof many): Float64Array {
  const rows = randomRows(5, 500, 4);
  const out = new Float64Array(500 * forest.classNames.length);
  new ForestKernel(forest).predict(rows, 500, out);
  return out;
}

/** Replaces every occurrence of a text by another of equal length. */
function patched(from: string, to: string): Uint8Array {
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1'));
}

describe('forests as ONNX', () => {
  test('come back as they were, up to the order of nodes', () => {
    for (const forest of [binary, many]) {
      const back = decodeForest(encodeForest(forest, options));
      expect(predict(back)).toEqual(predict(forest));
      expect(back.baseValues).toEqual(forest.baseValues);
      expect(back.classNames).toEqual(forest.classNames);
      expect(back.link).toBe(forest.link);
      expect(Array.from(back.value).sort()).toEqual(Array.from(forest.value).sort());
    }
  });

  test('equal forests give equal bytes', () => {
    expect(encodeForest(many, options)).toEqual(bytes);
  });

  test('a forest without negative leaves gets one that no row reaches', () => {
    const positive = randomForest({ ...shape, seed: 3, classes: 2, positive: true });
    const back = decodeForest(encodeForest(positive, options));
    expect(back.treeClass.length).toBe(10);
    expect(predict(back)).toEqual(predict(positive));
  });

  test('describe themselves', () => {
    expect(describeModel(bytes)).toEqual({
      irVersion: 8,
      producer: 'flowlamp',
      opsets: [
        { domain: '', version: 15 },
        { domain: 'ai.onnx.ml', version: 3 },
      ],
      inputs: [{ name: 'features', elementType: 'float', shape: ['N', 4] }],
      outputs: [
        { name: 'label', elementType: 'string', shape: ['N'] },
        { name: 'probabilities', elementType: 'float', shape: ['N', 3] },
      ],
      ops: [{ domain: 'ai.onnx.ml', opType: 'TreeEnsembleClassifier' }],
      metadata: { card: 'mining', hash: 'ab' },
    });
  });

  test.skipIf(!hasOnnx())('pass the checker of the onnx package (skipped where python3-onnx is not installed)', () => {
    const script =
      'import sys,onnx; onnx.checker.check_model(onnx.load_model_from_string(sys.stdin.buffer.read()), True)';
    for (const forest of [binary, many]) {
      const { status, stderr } = spawnSync(PYTHON, ['-c', script], { input: encodeForest(forest, options) });
      expect(stderr.toString()).toBe('');
      expect(status).toBe(0);
    }
  });
});

const PYTHON = '/usr/bin/python3';
function hasOnnx(): boolean {
  return spawnSync('/usr/bin/python3', ['-c', 'import onnx']).status === 0;
}

describe('decodeForest on hostile files', () => {
  const refused = (file: Uint8Array) => {
    let error: unknown;
    try {
      decodeForest(file);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FlowlampError);
    const { code, message } = error as FlowlampError;
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(300);
    return code;
  };

  test('refuses every way of cutting the file off', () => {
    for (let end = 0; end < bytes.length; end += end < 200 ? 1 : 37) {
      expect(refused(bytes.subarray(0, end)), `cut at ${end}`).toBe('MODEL_INVALID');
    }
  });

  test.each([
    ['another operator', patched('TreeEnsembleClassifier', 'TreeEnsembleRegressors'), 'MODEL_INVALID'],
    ['another domain', patched('ai.onnx.ml', 'ai.onnx.mm'), 'MODEL_INVALID'],
    ['a missing attribute', patched('nodes_treeids', 'nodes_treeidz'), 'MODEL_INVALID'],
    ['an unknown mode', patched('BRANCH_LEQ', 'BRANCH_NEQ'), 'UNSUPPORTED'],
    ['another link', patched('SOFTMAX', 'PROBIT_'), 'UNSUPPORTED'],
    ['text', new TextEncoder().encode('<!DOCTYPE html><html></html>'), 'MODEL_INVALID'],
    ['nothing', new Uint8Array(0), 'MODEL_INVALID'],
    ['a length beyond the file', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f), 'MODEL_INVALID'],
    ['an endless number', new Uint8Array(64).fill(0xff), 'MODEL_INVALID'],
  ])('refuses %s', (_, file, code) => {
    expect(refused(file)).toBe(code);
  });

  test('refuses cycles, doubled nodes and roots that are missing', () => {
    const inner = many.feature.findIndex((id, node) => id !== LEAF && node > 0);
    for (const child of [0, inner, many.left[0]!]) {
      const left = many.left.slice();
      left[inner] = child;
      // Past checkForest, which would refuse to encode it: the id of a child is the only difference between the files.
      const file = encodeForest(many, options);
      const good = encodeIds(many.left, many.feature);
      const bad = encodeIds(left, many.feature);
      const at = Buffer.from(file).indexOf(Buffer.from(good));
      expect(at).toBeGreaterThan(0);
      file.set(bad, at);
      expect(refused(file)).toBe('MODEL_INVALID');
    }
  });

  /** nodes_truenodeids of the first tree as the file holds them: ids below 128 are one byte each. */
  function encodeIds(left: Int32Array, feature: Int32Array): Uint8Array {
    return Uint8Array.from({ length: many.treeOffsets[1]! }, (_, node) => (feature[node] === LEAF ? 0 : left[node]!));
  }

  test('never throws anything else, never hangs, whatever bytes change', () => {
    const random = new Prng(11);
    for (let round = 0; round < 3000; round++) {
      const file = bytes.slice();
      for (let i = random.integer(1, 6); i > 0; i--) file[random.below(file.length)] = random.below(256);
      try {
        new ForestKernel(decodeForest(file)).predict(new Float32Array(20_000), 1, new Float64Array(2000));
      } catch (error) {
        if (!(error instanceof FlowlampError) && !(error instanceof RangeError)) throw error;
        if (error instanceof RangeError) expect(error.message).toContain('predict');
      }
    }
  });
});
