/** A trained perceptron as a fitted model. */
import { type DenseLayer, encodePerceptron, type Perceptron } from '../../models/onnx/perceptron.ts';
import type { Fitted } from '../learner.ts';
import { prepareRows } from './preparation.ts';

export interface FittedPerceptron extends Fitted {
  readonly net: Perceptron;
}

export function perceptronModel(
  net: Perceptron,
  history: Pick<Fitted, 'rounds' | 'trainingLoss' | 'validationLoss' | 'versions'>,
): FittedPerceptron {
  return {
    ...history,
    net,
    predict: (rows, count) => predictPerceptron(net, rows, count),
    encode: ({ temperature, ...options }) => {
      return encodePerceptron({ ...net, layers: divideLogits(net.layers, temperature) }, options);
    },
  };
}

/** The layers with logits / T instead of logits, by dividing everything that is summed to them. */
export function divideLogits(layers: readonly DenseLayer[], temperature: number): DenseLayer[] {
  const last = layers.at(-1)!;
  const divide = (value: number) => value / temperature;
  return [...layers.slice(0, -1), { ...last, weights: last.weights.map(divide), biases: last.biases.map(divide) }];
}

/**
 * In plain JavaScript, so that a fitted model holds no memory of TensorFlow.
 *
 * @param rows row-major [count, featureCount], NaN for missing
 * @returns row-major probabilities [count, classes]
 */
export function predictPerceptron(net: Perceptron, rows: Float32Array, count: number): Float32Array {
  let values = prepareRows(net.preparation, rows, count);
  net.layers.forEach((layer, i) => {
    values = applyDense(layer, values, count, i < net.layers.length - 1);
  });
  softmaxRows(values, net.classNames.length);
  return values;
}

function applyDense(layer: DenseLayer, input: Float32Array, count: number, relu: boolean): Float32Array {
  const { inputs, outputs, weights, biases } = layer;
  const out = new Float32Array(count * outputs);
  const sums = new Float64Array(outputs);
  for (let row = 0; row < count; row++) {
    sums.set(biases);
    for (let i = 0; i < inputs; i++) {
      const x = input[row * inputs + i]!;
      // Half of what ReLU gives is 0.
      if (x === 0) continue;
      for (let o = 0, at = i * outputs; o < outputs; o++, at++) sums[o]! += x * weights[at]!;
    }
    for (let o = 0; o < outputs; o++) out[row * outputs + o] = relu ? Math.max(sums[o]!, 0) : sums[o]!;
  }
  return out;
}

function softmaxRows(values: Float32Array, classes: number): void {
  for (let at = 0; at < values.length; at += classes) {
    const row = values.subarray(at, at + classes);
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const raised = Array.from(row, (logit) => Math.exp(logit - most));
    const sum = raised.reduce((a, b) => a + b, 0);
    raised.forEach((value, k) => {
      row[k] = value / sum;
    });
  }
}
