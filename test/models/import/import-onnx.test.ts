import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { importOnnx } from '../../../models/import/import-onnx.ts';
import { readModelMap } from '../../../models/import/map.ts';
import { ElementType, Onnx } from '../../../models/onnx/describe.ts';
import { encodeModel, floatTensor, intAttribute, node, tensorInfo } from '../../../models/onnx/graph.ts';
import { encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import type { WireWriter } from '../../../models/onnx/wire.ts';
import { randomForest } from '../../oracle/trees.ts';
import { At, edit, readFields, writeFields } from '../../support/onnx-edit.ts';

const COLUMNS = ['fwd_packets', 'bwd_packets', 'duration_us'];
const LABELS = ['class 0', 'class 1', 'class 2'];
const trees = encodeForest(randomForest({ seed: 1, trees: 9, leaves: 6, features: 3, classes: 3 }), {
  producer: 'test',
});

const options = { name: 'm', version: '1', created: '2026-01-31T12:00:00Z', programVersion: '1', where: 'm.onnx' };
const attempt = (onnx: Uint8Array, said: object = {}) => {
  const map = readModelMap(JSON.stringify({ version: 1, columns: COLUMNS, labels: LABELS, ...said }), 'm.json');
  return importOnnx(onnx, map, options, nodeDigests);
};

/** x @ w, and what else is done to it: three inputs, three outputs. */
function linear(
  nodes: readonly WireWriter[],
  output = 'y',
  shape: (number | string)[] = ['N', 3],
  rows: number | string = 'N',
) {
  return encodeModel(
    {
      name: 'linear',
      nodes: [node('MatMul', ['x', 'w'], ['s']), ...nodes],
      initializers: [floatTensor('w', [3, 3], [1e-9, 0, 0, 0, 1e-9, 0, 0, 0, 1e-9])],
      inputs: [tensorInfo('x', ElementType.Float, [rows, 3])],
      outputs: [tensorInfo(output, ElementType.Float, shape)],
    },
    [['', 15]],
    { producer: 'test' },
  );
}
const softmax = (axis: number) => {
  const writer = node('Softmax', ['s'], ['y']);
  return writer.message(Onnx.Node.attribute, intAttribute('axis', axis));
};

describe('importing', () => {
  test('trees runs them on both engines', async () => {
    const { engine, card, trial, warnings } = await attempt(trees);
    expect(engine).toBe('kernel');
    expect(card.adapter).toEqual({
      missing: [null, null, null],
      tensors: null,
      output: 'probabilities',
      outputKind: 'probabilities',
    });
    expect(trial).toEqual({ batchDifference: 0, isConstant: false });
    expect(warnings).toEqual([]);
  });

  test('a net that takes 0 for a null, with logits for answers', async () => {
    const { engine } = await attempt(linear([], 's'), { missing: 0, outputKind: 'logits' });
    expect(engine).toBe('onnxruntime');
    await attempt(linear([softmax(1)]), { missing: 0 });
  });

  test('a model that says the same of everything warns', async () => {
    const same = linear([node('Mul', ['s', 'zero'], ['z']), node('Softmax', ['z'], ['y'])]);
    const zero = floatTensor('zero', [], [0]).finish();
    const bytes = edit(same, At.graph, (graph) =>
      writeFields([...readFields(graph as Uint8Array), { field: Onnx.Graph.initializer, type: 2, value: zero }]),
    );
    expect((await attempt(bytes, { missing: 0 })).warnings).toEqual([
      'The model gave all made-up rows the same answer.',
    ]);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a net that answers NaN to nulls',
      () => attempt(linear([softmax(1)])),
      'answers NaN where inputs are null; expected what it takes for a null as `missing`',
    ],
    [
      'scores that are called probabilities',
      () => attempt(linear([], 's'), { missing: 0 }),
      'expected probabilities that add up to 1, or "outputKind": "logits"',
    ],
    ['a model that mixes rows', () => attempt(linear([softmax(0)]), { missing: 0 }), 'the model answers ['],
    [
      'another number of columns',
      () => attempt(trees, { columns: COLUMNS.slice(1) }),
      'the model reads 3 features; expected 2',
    ],
    [
      'another number of labels',
      () => attempt(trees, { labels: ['a', 'b'] }),
      'has 3 columns; expected 2, one for each label',
    ],
    [
      'labels in another order',
      () => attempt(trees, { labels: [...LABELS].reverse() }),
      'classes are class 0, class 1, class 2, in this order',
    ],
    [
      'an output that is not there',
      () => attempt(trees, { output: 'p' }),
      'the model has no output p; expected one of label, probabilities',
    ],
    ['an output of words', () => attempt(trees, { output: 'label' }), 'label is string'],
    [
      'inputs that are not there',
      () => attempt(trees, { columns: COLUMNS.map((name) => ({ name, input: name })) }),
      "nothing is given to the model's input features",
    ],
    [
      'one row at a time',
      () => attempt(linear([softmax(1)], 'y', [1, 3], 1), { missing: 0 }),
      'expected any number of rows',
    ],
    [
      'operators of a vendor',
      () =>
        attempt(
          edit(trees, At.opset, (bytes) =>
            writeFields(
              readFields(bytes as Uint8Array).map((entry) =>
                entry.field === 1 ? { ...entry, value: Buffer.from('com.acme') } : entry,
              ),
            ),
          ),
        ),
      'operators of com.acme',
    ],
    [
      'an old set of operators',
      () => attempt(edit(linear([softmax(1)]), [...At.opset, Onnx.Opset.version], () => 3)),
      'operator set 3; expected 7 or later',
    ],
    ['no model', () => attempt(new TextEncoder().encode('<html>')), 'expected'],
  ])('refuses %s', async (_, work, message) => {
    const error = await work().then(
      () => new Error('it was imported'),
      (caught) => caught,
    );
    expect(error.message).toContain(message);
    expect(error.code).toBe('MODEL_INVALID');
    expect(error.message).not.toContain('\n');
  });
});
