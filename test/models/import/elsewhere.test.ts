/** Models of XGBoost and scikit-learn, imported: they answer here what they answer there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runImport } from '../../../cli/commands/model/import.ts';
import { loadModelFolder } from '../../../models/folder.ts';
import { decodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { openPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { TreeExplainer } from '../../../models/trees/shap.ts';
import { hasPythonModules, PYTHON } from '../../support/python.ts';

const isThere = hasPythonModules('sklearn', 'xgboost', 'onnx', 'numpy');
const ROWS = 500;
const FEATURES = 6;

let folder: string;
const floats = (name: string) => {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

async function imported(name: string) {
  const output = join(folder, name);
  await runImport(`${output}.onnx`, { map: `${output}.map.json`, output, quiet: true });
  const { card, onnx, path } = loadModelFolder(output);
  return { card: card!, onnx, path };
}

function largestDifference(a: Float32Array, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe.skipIf(!isThere)(
  'of models made elsewhere (skipped where python3-sklearn, -xgboost, -onnx are not installed)',
  () => {
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'flowlamp-'));
      const script = fileURLToPath(new URL('make_models.py', import.meta.url));
      const { status, stderr } = spawnSync(PYTHON, [script, folder], { encoding: 'utf8' });
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each([
      ['xgboost2', 'kernel', 2],
      ['xgboost3', 'kernel', 3],
      ['hist', 'kernel', 3],
      ['forest', 'onnxruntime', 3],
      ['linear', 'onnxruntime', 2],
    ] as const)('%s gives on every engine what it gave in Python, nulls included', async (name, engine, classes) => {
      const model = await imported(name);
      const rows = floats('rows.f32');
      expect(rows.some(Number.isNaN)).toBe(true);
      const expected = floats(`${name}.f32`);
      expect(expected.length).toBe(ROWS * classes);
      for (const runtime of ['onnxruntime', 'kernel'] as const) {
        const predictor = await openPredictor(model, runtime, createSession);
        expect(predictor.engine).toBe(runtime === 'kernel' ? engine : runtime);
        expect(largestDifference(expected, await predictor.predict(rows, ROWS))).toBeLessThan(1e-5);
        await predictor.release();
      }
    });

    test.each(['xgboost2', 'xgboost3'])('%s is explained as XGBoost explains it', async (name) => {
      const { onnx } = await imported(name);
      const explainer = new TreeExplainer(decodeForest(onnx));
      const { values, base } = explainer.explain(floats('rows.f32'), ROWS);
      const theirs = floats(`${name}.contribs.f32`);
      const ours: number[] = [];
      for (let at = 0; at < ROWS * explainer.scoreCount; at++) {
        ours.push(...values.subarray(at * FEATURES, (at + 1) * FEATURES), base[at % explainer.scoreCount]!);
      }
      // XGBoost sums in float32 and prints covers with fewer digits than it has.
      expect(largestDifference(theirs, ours)).toBeLessThan(1e-4);
      expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(1);
    });

    test('the card says how the model reads a row', async () => {
      const { card } = await imported('linear');
      expect(card).toMatchObject({ formatVersion: 2, name: 'linear', version: '1', labels: ['other', 'mining'] });
      expect(card.adapter).toMatchObject({ output: 'logit', outputKind: 'logits', missing: [0, 0, 0, 0, 0, 0] });
      expect(card.adapter!.tensors![1]).toBe('in_bwd_packets');
      expect(card.limitations.join(' ')).toContain('not measured here');
      expect(card.thresholds).toEqual({ other: 0.5, mining: 0.5 });
    });
  },
);
