/** Model files that somebody else chose: refused in one line, or run, but never anything else. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { FlowlampError } from '../../../core/errors.ts';
import { Prng } from '../../../core/prng.ts';
import { describeModel, ElementType, Onnx } from '../../../models/onnx/describe.ts';
import { attribute, floatTensor, tensorInfo } from '../../../models/onnx/graph.ts';
import { encodePerceptron } from '../../../models/onnx/perceptron.ts';
import { decodeForest, encodeForest } from '../../../models/onnx/tree-ensemble.ts';
import { WireReader, WireWriter } from '../../../models/onnx/wire.ts';
import { createPredictor, openPredictor, RUNTIMES } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { countCovers } from '../../oracle/cover.ts';
import { randomForest, randomRows } from '../../oracle/trees.ts';
import { At, edit, readFields, writeFields } from '../../support/onnx-edit.ts';
import { hasPythonModules, PYTHON } from '../../support/python.ts';
import { exampleCard } from '../example-card.ts';

const plain = randomForest({ seed: 1, trees: 4, leaves: 6, features: 4, classes: 3 });
const forest = encodeForest(countCovers(plain, randomRows(1, 100, 4), 100), { producer: 'test' });
const net = encodePerceptron(
  {
    classNames: ['a', 'b'],
    preparation: {
      featureCount: 4,
      valueColumns: Int32Array.of(0, 1, 3),
      means: Float32Array.of(1, 2, 3),
      scales: Float32Array.of(1, 1, 2),
      clip: 5,
      missingColumns: Int32Array.of(1),
    },
    layers: [{ inputs: 4, outputs: 2, weights: new Float32Array(8).fill(0.5), biases: Float32Array.of(0, 1) }],
  },
  { producer: 'test' },
);

/** An int list attribute of the trees with one of its values changed, or all. */
function withInt(name: string, index: number | null, value: number): Uint8Array {
  return edit(forest, At.attribute, (bytes) => {
    const fields = readFields(bytes as Uint8Array);
    const found = fields.find(({ field }) => field === Onnx.Attribute.name)!.value as Uint8Array;
    if (new TextDecoder().decode(found) !== name) return bytes;
    return writeFields(
      fields.flatMap((entry) => {
        if (entry.field !== Onnx.Attribute.ints) return [entry];
        const reader = new WireReader(writeFields([entry]));
        const values: number[] = [];
        while (reader.next()) reader.ints(values, 1e6);
        values.fill(value, index ?? 0, index === null ? values.length : index + 1);
        return readFields(new WireWriter().ints(Onnx.Attribute.ints, values).finish());
      }),
    );
  });
}

const withOpset = (domain: string, version: number) =>
  edit(forest, At.opset, () =>
    new WireWriter().text(Onnx.Opset.domain, domain).int(Onnx.Opset.version, version).finish(),
  );
const withInput = (type: number, shape: (number | string)[]) =>
  edit(forest, At.input, () => tensorInfo('features', type, shape).finish());
const external = (tensor: WireWriter) =>
  tensor.message(
    Onnx.TensorData.externalData,
    new WireWriter().text(Onnx.Entry.key, 'location').text(2, '/etc/passwd'),
  );

/** A graph within a node within a graph ... with a tensor at the bottom. */
function nested(depth: number, tensor: WireWriter): Uint8Array {
  let graph = new WireWriter().message(Onnx.Graph.initializer, tensor);
  for (let level = 0; level < depth; level++) {
    const inside = attribute('then_branch', 5).message(Onnx.Attribute.g, graph);
    graph = new WireWriter().message(
      Onnx.Graph.node,
      new WireWriter().text(Onnx.Node.opType, 'If').message(Onnx.Node.attribute, inside),
    );
  }
  const opset = new WireWriter().text(Onnx.Opset.domain, '').int(Onnx.Opset.version, 15);
  return new WireWriter()
    .int(Onnx.Model.irVersion, 8)
    .message(Onnx.Model.graph, graph)
    .message(Onnx.Model.opsetImport, opset)
    .finish();
}

async function refusal(bytes: Uint8Array, runtime: (typeof RUNTIMES)[number]): Promise<FlowlampError> {
  let predictor: Awaited<ReturnType<typeof createPredictor>>;
  try {
    predictor = await createPredictor(bytes, runtime, createSession);
  } catch (error) {
    expect(error).toBeInstanceOf(FlowlampError);
    return error as FlowlampError;
  }
  await predictor.release();
  throw new Error('the model was accepted');
}

describe('hostile models are refused in one line, whatever is to run them', () => {
  test.each<[string, Uint8Array, string]>([
    ['a tree that leads back to its root', withInt('nodes_truenodeids', 1, 0), 'unreachable nodes'],
    ['a node that is its own child', withInt('nodes_falsenodeids', 0, 0), 'unreachable nodes'],
    ['a child that does not exist', withInt('nodes_truenodeids', 0, 5000), 'broken at node'],
    ['a feature that does not exist', withInt('nodes_featureids', 0, 1e6), 'feature 1000000'],
    ['a negative feature', withInt('nodes_featureids', 0, -1), 'feature -1'],
    ['a class that does not exist', withInt('class_ids', null, 7), 'score 7'],
    ['an operator set to come', withOpset('ai.onnx.ml', 99), 'ai.onnx.ml 99'],
    ['strings for inputs', withInput(ElementType.String, ['N', 4]), 'string'],
    ['an input of three dimensions', withInput(ElementType.Float, ['N', 2, 2]), '3d'],
    ['more features than there are columns anywhere', withInput(ElementType.Float, ['N', 1e9]), '1000000000 features'],
    [
      'weights in another file',
      edit(net, [7], (graph) => {
        const wire = new WireWriter().message(Onnx.Graph.initializer, external(floatTensor('x', [1], [1])));
        return Buffer.concat([graph as Uint8Array, wire.finish()]);
      }),
      'weights in another file',
    ],
    [
      'weights in another file, in a branch of a branch',
      nested(3, external(floatTensor('x', [1], [1]))),
      'another file',
    ],
    ['graphs within graphs without end', nested(500, floatTensor('x', [1], [1])), 'nested too deeply'],
    ['half a file', forest.subarray(0, forest.length >> 1), 'cut off'],
    ['half a net', net.subarray(0, net.length >> 1), 'cut off'],
  ])('%s', async (_, bytes, message) => {
    for (const runtime of RUNTIMES) {
      const error = await refusal(bytes, runtime);
      expect(error.code).toBe('MODEL_INVALID');
      expect(error.message).toContain(message);
      expect(error.message).not.toContain('\n');
      expect(error.message.length).toBeLessThan(400);
    }
  });

  test('a file that is too large, without reading it', async () => {
    const error = await refusal(new Uint8Array(256 * 1024 * 1024 + 1), 'kernel');
    expect(error.message).toContain('268435457 bytes');
  });

  test('what only ONNX Runtime finds wrong is said without its sources', async () => {
    const bytes = edit(net, [...At.node, Onnx.Node.opType], () => new TextEncoder().encode('Nonsense'));
    const { message } = await refusal(bytes, 'onnxruntime');
    expect(message).toMatch(/^ONNX Runtime refuses the model \(.*Nonsense/);
    expect(message).not.toContain('onnxruntime_src');
  });
});

describe('a net that is no classifier', () => {
  /** A graph from x [N, 4] to y, as a bare node or two. */
  function graph(...nodes: readonly (readonly [op: string, inputs: string, output: string, domain?: string])[]) {
    const wire = new WireWriter();
    for (const [op, inputs, output, domain = ''] of nodes) {
      const node = new WireWriter();
      for (const input of inputs) node.text(Onnx.Node.input, input);
      wire.message(
        Onnx.Graph.node,
        node.text(Onnx.Node.output, output).text(Onnx.Node.opType, op).text(Onnx.Node.domain, domain),
      );
    }
    wire
      .text(Onnx.Graph.name, 'g')
      .message(Onnx.Graph.input, tensorInfo('x', ElementType.Float, ['N', 4]))
      .message(Onnx.Graph.output, tensorInfo('y', ElementType.Float, ['N', 4]));
    const opset = new WireWriter().text(Onnx.Opset.domain, '').int(Onnx.Opset.version, 15);
    return new WireWriter()
      .int(Onnx.Model.irVersion, 8)
      .message(Onnx.Model.graph, wire)
      .message(Onnx.Model.opsetImport, opset)
      .finish();
  }

  async function failure(onnx: Uint8Array): Promise<FlowlampError> {
    const inputs = ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'float64', revision: 1 }));
    const card = { ...exampleCard, labels: ['p', 'q', 'r', 's'], inputs };
    try {
      const predictor = await openPredictor({ card, onnx, path: 'm' }, 'onnxruntime', createSession);
      await predictor.predict(new Float32Array(8), 2).finally(() => predictor.release());
    } catch (error) {
      return error as FlowlampError;
    }
    throw new Error('it was taken');
  }

  test.each<[string, Uint8Array, RegExp]>([
    ['goes in a circle', graph(['Add', 'xb', 'a'], ['Add', 'ax', 'b'], ['Add', 'ab', 'y']), /not acyclic/],
    ['eats its own output', graph(['Add', 'xy', 'y']), /not acyclic/],
    ['has operators of an unknown domain', graph(['Foo', 'x', 'y', 'com.example']), /No opset import for domain/],
    ['gives no numbers', graph(['Log', 'x', 'm'], ['Sub', 'mm', 'y']), /m gives NaN as the probability of p/],
    ['gives what are no probabilities', graph(['Log', 'x', 'y']), /m gives -Infinity as the probability of p/],
    ['gives one number for all rows', graph(['ReduceSum', 'x', 'y']), /returned 1 values for 2 rows/],
  ])('and %s is refused in one line', async (_, onnx, message) => {
    const error = await failure(onnx);
    expect(error).toMatchObject({ name: 'FlowlampError', code: 'MODEL_INVALID' });
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });
});

describe('mutated files', () => {
  const seeds: [string, Uint8Array][] = [
    ['trees', forest],
    ['a net', net],
    ['graphs within graphs', nested(4, floatTensor('x', [2, 2], [1, 2, 3, 4]))],
  ];
  const ROUNDS = 4000;

  test.each(seeds)('%s: described, decoded or refused in one line, in time', (_, bytes) => {
    const random = new Prng(7);
    const started = performance.now();
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const file = mutate(bytes, random);
      for (const read of [describeModel, decodeForest]) {
        try {
          read(file);
        } catch (error) {
          if (!(error instanceof FlowlampError)) throw error;
          expect(error.message).not.toContain('\n');
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(ROUNDS / 10);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

/** Bytes changed, cut out, doubled, or a varint made enormous, which is how lengths lie. */
function mutate(bytes: Uint8Array, random: Prng): Uint8Array {
  let file = bytes.slice();
  for (let i = random.integer(1, 4); i > 0; i--) {
    const at = random.below(file.length);
    const length = random.integer(1, 40);
    switch (random.below(5)) {
      case 0:
        file[at] = random.below(256);
        break;
      case 1:
        file[at]! ^= 1 << random.below(8);
        break;
      case 2:
        file = Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + length)]);
        break;
      case 3:
        file = Uint8Array.from([...file.subarray(0, at), ...file.subarray(at, at + length), ...file.subarray(at)]);
        break;
      default:
        file = Uint8Array.from([...file.subarray(0, at), 0xff, 0xff, 0xff, 0xff, 0x7f, ...file.subarray(at + 1)]);
    }
  }
  return file;
}

test.skipIf(!hasPythonModules('onnx'))(
  'what is exported passes the checker of onnx, strictly (skipped without python3-onnx)',
  () => {
    const script =
      'import sys,onnx; onnx.checker.check_model(onnx.load_model_from_string(sys.stdin.buffer.read()), True)';
    for (const bytes of [forest, net]) {
      const { status, stderr } = spawnSync(PYTHON, ['-c', script], { input: bytes });
      expect(stderr.toString()).toBe('');
      expect(status).toBe(0);
    }
  },
);
