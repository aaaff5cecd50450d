import { describe, expect, test } from 'vitest';
import { encodeForest } from '../../models/onnx/tree-ensemble.ts';
import { createPredictor } from '../../models/predictor.ts';
import { createSession } from '../../models/session.ts';
import { randomForest, randomRows } from '../oracle/trees.ts';

const forest = randomForest({ seed: 1, trees: 6, leaves: 5, features: 3, classes: 3 });
const bytes = encodeForest(forest, { producer: 'test' });

/** The file with one text replaced by another of equal length. */
function patched(from: string, to: string): Uint8Array {
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(from, to), 'latin1'));
}

describe('sessions', () => {
  test('score no rows, some rows and rows out of a larger buffer', async () => {
    const session = await createSession(bytes);
    expect([session.featureCount, session.classCount]).toEqual([3, 3]);
    const rows = randomRows(1, 10, 3);
    const all = await session.predict(rows, 10);
    expect(all.length).toBe(30);
    expect(await session.predict(rows, 0)).toEqual(new Float32Array(0));
    const two = await session.predict(rows.subarray(12), 2);
    expect(Array.from(two)).toEqual(Array.from(all.subarray(12, 18)));
    await expect(session.predict(rows, 11)).rejects.toThrow('11 rows need 33 values');
    await session.release();
  });

  test('refuse what the runtime cannot load, in one line', async () => {
    const error = await createSession(patched('TreeEnsembleClassifier', 'TreeEnsembleNonsense__')).catch((e) => e);
    expect(error.code).toBe('MODEL_INVALID');
    expect(error.message).not.toContain('\n');
    await expect(createSession(bytes.subarray(0, 300))).rejects.toThrow('cut off');
  });
});

describe('predictors', () => {
  test('run trees on the kernel, other kinds of trees on ONNX Runtime, alike', async () => {
    const rows = randomRows(2, 20, 3);
    const kernel = await createPredictor(bytes, 'kernel', createSession);
    expect(kernel.engine).toBe('kernel');
    // x != t is beyond the kernel.
    const runtime = await createPredictor(patched('BRANCH_LEQ', 'BRANCH_NEQ'), 'kernel', createSession);
    expect(runtime.engine).toBe('onnxruntime');
    expect((await runtime.predict(rows, 20)).length).toBe(60);
    const session = await createSession(bytes);
    const expected = await session.predict(rows, 20);
    (await kernel.predict(rows, 20)).forEach((p, i) => {
      expect(p).toBeCloseTo(expected[i]!, 5);
    });
    await Promise.all([session.release(), runtime.release(), kernel.release()]);
  });

  test('refuse broken trees rather than hand them on', async () => {
    await expect(createPredictor(patched('nodes_treeids', 'nodes_treeidz'), 'kernel', createSession)).rejects.toThrow(
      'node attributes',
    );
  });
});
