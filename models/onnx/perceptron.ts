/** Multi-layer perceptrons as ONNX files, with the preparation of their inputs inside the graph. */
import { ElementType } from './describe.ts';
import { type EncodeOptions, encodeModel, floatTensor, intAttribute, tensorInfo } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { INPUT_NAME, PROBABILITIES_NAME } from './operator.ts';
import { addPreparation, type Preparation } from './preparation.ts';

/** Of all nets here: the last in which ReduceMax names its axes as an attribute. */
export const OPSET = 17;

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
  addClassifier(graph, net.layers, addPreparation(graph, net.preparation));
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

/** From what goes into the first layer to the probabilities. */
export function addClassifier(graph: GraphBuilder, layers: readonly DenseLayer[], input: string): void {
  let output = input;
  layers.forEach((layer, i) => {
    output = addDense(graph, layer, output, `layer${i + 1}`);
    if (i < layers.length - 1) output = graph.add('Relu', [output], `${output}_relu`);
  });
  graph.add('Softmax', [output], PROBABILITIES_NAME, [intAttribute('axis', 1)]);
}

function addDense(graph: GraphBuilder, layer: DenseLayer, input: string, name: string): string {
  const { inputs, outputs, weights, biases } = layer;
  const w = graph.constant(floatTensor(`${name}_weights`, [inputs, outputs], weights), `${name}_weights`);
  const b = graph.constant(floatTensor(`${name}_biases`, [outputs], biases), `${name}_biases`);
  return graph.add('Gemm', [input, w, b], name);
}
