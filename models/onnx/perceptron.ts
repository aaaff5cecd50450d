/** Multi-layer perceptrons as ONNX files, with the preparation of their inputs inside the graph. */
import { ElementType, Onnx } from './describe.ts';
import { type EncodeOptions, encodeModel, floatTensor, intAttribute, intTensor, node, tensorInfo } from './graph.ts';
import { INPUT_NAME, PROBABILITIES_NAME } from './operator.ts';
import type { WireWriter } from './wire.ts';

const OPSET = 17;

/**
 * How a row of features becomes what the first layer sees: first one number per value column,
 *
 *     z = clip((sign(x) * log(1 + |x|) - mean) / scale), 0 where x is missing
 *
 * then one per missing column: 1 where x is missing, else 0. All in float32, as ONNX computes.
 */
export interface Preparation {
  readonly featureCount: number;
  /** Indices of features, ascending; at least one. */
  readonly valueColumns: Int32Array;
  /** Per value column, of the logarithms. */
  readonly means: Float32Array;
  /** Per value column, above 0. */
  readonly scales: Float32Array;
  /** z is kept from -clip to clip, so that a net is not driven by values far outside of what it has seen. */
  readonly clip: number;
  /** Indices of features, ascending. */
  readonly missingColumns: Int32Array;
}

export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Row-major [inputs, outputs]. */
  readonly weights: Float32Array;
  /** [outputs]. */
  readonly biases: Float32Array;
}

export interface Perceptron {
  readonly preparation: Preparation;
  readonly classNames: readonly string[];
  /** ReLU after each but the last, softmax after the last. */
  readonly layers: readonly DenseLayer[];
}

/**
 * Float `features` [N, F], NaN for missing -> float `probabilities` [N, K]. Operators of the standard set only
 * (https://onnx.ai/onnx/operators/). Equal nets give equal bytes.
 */
export function encodePerceptron(net: Perceptron, options: EncodeOptions): Uint8Array {
  const { featureCount } = net.preparation;
  const graph = new GraphBuilder();
  let output = addPreparation(graph, net.preparation);
  net.layers.forEach((layer, i) => {
    const last = i === net.layers.length - 1;
    output = addDense(graph, layer, output, `layer${i + 1}`);
    if (!last) output = graph.add('Relu', [output], `${output}_relu`);
  });
  graph.add('Softmax', [output], PROBABILITIES_NAME, [intAttribute('axis', 1)]);
  return encodeModel(
    {
      name: 'perceptron',
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: [tensorInfo(INPUT_NAME, ElementType.Float, ['N', featureCount])],
      outputs: [tensorInfo(PROBABILITIES_NAME, ElementType.Float, ['N', net.classNames.length])],
    },
    [['', OPSET]],
    options,
  );
}

function addPreparation(graph: GraphBuilder, preparation: Preparation): string {
  const { valueColumns, means, scales, clip, missingColumns } = preparation;
  const width = valueColumns.length;
  const x = addPick(graph, valueColumns, 'value');
  const missing = graph.add('IsNaN', [x], 'value_missing');
  const one = graph.constant(floatTensor('one', [], [1]), 'one');
  const grown = graph.add('Add', [graph.add('Abs', [x], 'value_size'), one], 'value_size_plus_1');
  const log = graph.add('Log', [grown], 'value_log');
  const signed = graph.add('Mul', [graph.add('Sign', [x], 'value_sign'), log], 'value_signed_log');
  const mean = graph.constant(floatTensor('means', [width], means), 'means');
  const scale = graph.constant(floatTensor('scales', [width], scales), 'scales');
  const z = graph.add('Div', [graph.add('Sub', [signed, mean], 'value_centred'), scale], 'value_scaled');
  const low = graph.constant(floatTensor('clip_low', [], [-clip]), 'clip_low');
  const high = graph.constant(floatTensor('clip_high', [], [clip]), 'clip_high');
  const clipped = graph.add('Clip', [z, low, high], 'value_clipped');
  const zero = graph.constant(floatTensor('zero', [], [0]), 'zero');
  const values = graph.add('Where', [missing, zero, clipped], 'values');
  if (missingColumns.length === 0) return values;
  const flags = graph.add('IsNaN', [addPick(graph, missingColumns, 'flag')], 'flag_missing');
  const numbers = graph.add('Cast', [flags], 'flags', [intAttribute('to', ElementType.Float)]);
  return graph.add('Concat', [values, numbers], 'prepared', [intAttribute('axis', 1)]);
}

function addPick(graph: GraphBuilder, columns: Int32Array, name: string): string {
  const indices = graph.constant(intTensor(`${name}_columns`, [columns.length], columns), `${name}_columns`);
  return graph.add('Gather', [INPUT_NAME, indices], name, [intAttribute('axis', 1)]);
}

function addDense(graph: GraphBuilder, layer: DenseLayer, input: string, name: string): string {
  const { inputs, outputs, weights, biases } = layer;
  const w = graph.constant(floatTensor(`${name}_weights`, [inputs, outputs], weights), `${name}_weights`);
  const b = graph.constant(floatTensor(`${name}_biases`, [outputs], biases), `${name}_biases`);
  return graph.add('Gemm', [input, w, b], name);
}

/** Nodes and constants by the names of what they give. */
class GraphBuilder {
  readonly nodes: WireWriter[] = [];
  readonly initializers: WireWriter[] = [];

  add(opType: string, inputs: readonly string[], output: string, attributes: readonly WireWriter[] = []): string {
    const writer = node(opType, inputs, [output]);
    for (const entry of attributes) writer.message(Onnx.Node.attribute, entry);
    this.nodes.push(writer);
    return output;
  }

  constant(tensor: WireWriter, name: string): string {
    this.initializers.push(tensor);
    return name;
  }
}
