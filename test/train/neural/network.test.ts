import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { DenseLayer } from '../../../models/onnx/perceptron.ts';
import { type Batch, Network, startingLayers } from '../../../train/neural/network.ts';
import { tensorFlow } from '../../../train/neural/tensorflow.ts';

const L2 = 0.1;
const WIDTHS = [3, 5, 4, 3];

function randomBatch(random: Prng, rows: number): Batch {
  return {
    x: Float32Array.from({ length: rows * WIDTHS[0]! }, () => random.normal()),
    rows,
    labels: Int32Array.from({ length: rows }, () => random.below(3)),
    weights: Float32Array.from({ length: rows }, () => random.between(0, 2)),
  };
}

/** The objective by its definition, in doubles. */
function objective(layers: readonly { weights: Float64Array; biases: Float64Array }[], batch: Batch): number {
  const { rows, x, labels, weights } = batch;
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    let values = Array.from(x.subarray(row * WIDTHS[0]!, (row + 1) * WIDTHS[0]!));
    layers.forEach((layer, l) => {
      const sums = Array.from(layer.biases, (bias, o) =>
        values.reduce((sum, value, i) => sum + value * layer.weights[i * WIDTHS[l + 1]! + o]!, bias),
      );
      values = l < layers.length - 1 ? sums.map((sum) => Math.max(sum, 0)) : sums;
    });
    const total = values.reduce((sum, logit) => sum + Math.exp(logit), 0);
    loss += (weights[row]! * (Math.log(total) - values[labels[row]!]!)) / rows;
  }
  for (const layer of layers) loss += (L2 / 2) * layer.weights.reduce((sum, w) => sum + w * w, 0);
  return loss;
}

/** Numbers, or a difference quotient of the objective at each of them. */
function differenceQuotients(layers: readonly DenseLayer[], batch: Batch) {
  const doubles = layers.map(({ weights, biases }) => ({
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
  }));
  const step = 1e-6;
  const quotients = (values: Float64Array) =>
    values.map((value, i) => {
      values[i] = value + step;
      const above = objective(doubles, batch);
      values[i] = value - step;
      const below = objective(doubles, batch);
      values[i] = value;
      return (above - below) / (2 * step);
    });
  return doubles.map(({ weights, biases }) => ({ weights: quotients(weights), biases: quotients(biases) }));
}

test('the written-out gradients are those of the loss', async () => {
  const { tf } = await tensorFlow();
  const random = new Prng(1);
  const layers = startingLayers(WIDTHS, random).map((layer) => ({
    ...layer,
    biases: layer.biases.map(() => random.normal(0, 0.3)),
  }));
  const batch = randomBatch(random, 40);
  const network = new Network(tf, layers, { learningRate: 0.01, l2: L2 });
  const found = network.gradients(batch);
  network.dispose();
  differenceQuotients(layers, batch).forEach((expected, l) => {
    for (const kind of ['weights', 'biases'] as const) {
      expected[kind].forEach((value, i) => {
        expect(Math.abs(found[l]![kind][i]! - value)).toBeLessThan(1e-5);
      });
    }
  });
});

test('weights are read as they were given, and steps lower the loss', async () => {
  const { tf } = await tensorFlow();
  const random = new Prng(2);
  const layers = startingLayers(WIDTHS, random);
  const batch = randomBatch(random, 30);
  const network = new Network(tf, layers, { learningRate: 0.01, l2: 0 });
  expect(network.read()).toEqual(layers);
  const first = network.step(batch);
  let last = first;
  for (let i = 0; i < 50; i++) last = network.step(batch);
  expect(last).toBeLessThan(first * 0.8);
  network.dispose();
});
