import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import type { DenseLayer } from '../../../models/onnx/perceptron.ts';
import { type Batch, Network, startingLayers } from '../../../train/neural/network.ts';
import { tensorFlow } from '../../../train/neural/tensorflow.ts';
import type { TowerShape } from '../../../train/neural/tower.ts';

const L2 = 0.1;
const WIDTHS = [3, 5, 4, 3];

function randomBatch(random: Prng, rows: number): Batch {
  return {
    inputs: [Float32Array.from({ length: rows * WIDTHS[0]! }, () => random.normal())],
    rows,
    labels: Int32Array.from({ length: rows }, () => random.below(3)),
    weights: Float32Array.from({ length: rows }, () => random.between(0, 2)),
  };
}

interface Doubles {
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

const softLoss = (logits: readonly number[], label: number) =>
  Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[label]!;

/** x W + b by its definition, in doubles. */
function affine(x: readonly number[], { weights, biases }: Doubles): number[] {
  const outputs = biases.length;
  return Array.from(biases, (bias, o) => x.reduce((sum, value, i) => sum + value * weights[i * outputs + o]!, bias));
}

function classify(x: readonly number[], layers: readonly Doubles[]): number[] {
  return layers.reduce<number[]>(
    (values, layer, l) => {
      const sums = affine(values, layer);
      return l < layers.length - 1 ? sums.map((sum) => Math.max(sum, 0)) : sums;
    },
    [...x],
  );
}

/** A tower by its definition: positions one by one, neighbours by their numbers. */
function tower(x: ArrayLike<number>, { length, channels, taps }: TowerShape, layers: readonly Doubles[]): number[] {
  const at = (position: number, channel: number) => x[position * channels + channel]!;
  const present = Array.from({ length }, (_, position) => at(position, 0));
  let values = present.map((_, position) => Array.from({ length: channels }, (_, c) => at(position, c)));
  layers.forEach((layer, l) => {
    const side = (taps[l]! - 1) / 2;
    const nothing = values[0]!.map(() => 0);
    values = values.map((_, position) => {
      const near = Array.from({ length: taps[l]! }, (_, tap) => values[position + tap - side] ?? nothing);
      return affine(near.flat(), layer).map((sum) => Math.max(sum, 0) * present[position]!);
    });
  });
  const filters = [...values[0]!.keys()];
  const count = Math.max(
    1,
    present.reduce((a, b) => a + b, 0),
  );
  const means = filters.map((f) => values.reduce((sum, value) => sum + value[f]!, 0) / count);
  return [...means, ...filters.map((f) => Math.max(...values.map((value) => value[f]!)))];
}

/** The objective by its definition, in doubles. */
function objective(layers: readonly Doubles[], batch: Batch, shapes: readonly TowerShape[]): number {
  const { rows, labels, weights, inputs } = batch;
  const part = (i: number, row: number) => {
    const width = inputs[i]!.length / rows;
    return Array.from(inputs[i]!.subarray(row * width, (row + 1) * width));
  };
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    let at = 0;
    const pooled = shapes.map((shape, i) => {
      const own = layers.slice(at, at + shape.taps.length);
      at += own.length;
      return tower(part(i + 1, row), shape, own);
    });
    const logits = classify([part(0, row), ...pooled].flat(), layers.slice(at));
    loss += (weights[row]! * softLoss(logits, labels[row]!)) / rows;
  }
  for (const layer of layers) loss += (L2 / 2) * layer.weights.reduce((sum, w) => sum + w * w, 0);
  return loss;
}

/** A difference quotient of the objective at each number of each layer. */
function differenceQuotients(layers: readonly DenseLayer[], batch: Batch, shapes: readonly TowerShape[]) {
  const doubles = layers.map(({ weights, biases }) => ({
    weights: Float64Array.from(weights),
    biases: Float64Array.from(biases),
  }));
  const step = 1e-6;
  const quotients = (values: Float64Array) =>
    values.map((value, i) => {
      values[i] = value + step;
      const above = objective(doubles, batch, shapes);
      values[i] = value - step;
      const below = objective(doubles, batch, shapes);
      values[i] = value;
      return (above - below) / (2 * step);
    });
  return doubles.map(({ weights, biases }) => ({ weights: quotients(weights), biases: quotients(biases) }));
}

async function expectTrueGradients(layers: readonly DenseLayer[], batch: Batch, shapes: readonly TowerShape[]) {
  const { tf } = await tensorFlow();
  const network = new Network(tf, layers, { learningRate: 0.01, l2: L2 }, shapes);
  const found = network.gradients(batch);
  network.dispose();
  differenceQuotients(layers, batch, shapes).forEach((expected, l) => {
    for (const kind of ['weights', 'biases'] as const) {
      expected[kind].forEach((value, i) => {
        expect(Math.abs(found[l]![kind][i]! - value), `${kind} ${i} of layer ${l}`).toBeLessThan(1e-5);
      });
    }
  });
}

const withBiases = (layers: readonly DenseLayer[], random: Prng) =>
  layers.map((layer) => ({ ...layer, biases: layer.biases.map(() => random.normal(0, 0.3)) }));

test('the written-out gradients are those of the loss', async () => {
  const random = new Prng(1);
  await expectTrueGradients(withBiases(startingLayers(WIDTHS, random), random), randomBatch(random, 40), []);
});

test('and so are those of towers, with rows that have few positions or none', async () => {
  const random = new Prng(3);
  const shapes: TowerShape[] = [
    { length: 6, channels: 3, taps: [5, 3] },
    { length: 4, channels: 2, taps: [3] },
  ];
  const layers = [
    ...startingLayers([15, 4], random),
    ...startingLayers([12, 3], random),
    ...startingLayers([6, 2], random),
    ...startingLayers([3 + 6 + 4, 4, 3], random),
  ];
  const rows = 12;
  const sequences = shapes.map(({ length, channels }) => {
    const out = new Float32Array(rows * length * channels);
    for (let row = 0; row < rows; row++) {
      // Full in the first row, empty in the second.
      const present = row === 0 ? length : row === 1 ? 0 : random.below(length + 1);
      for (let i = 0; i < present * channels; i++) {
        out[row * length * channels + i] = i % channels === 0 ? 1 : random.normal();
      }
    }
    return out;
  });
  const batch = { ...randomBatch(random, rows), inputs: [...randomBatch(random, rows).inputs, ...sequences] };
  await expectTrueGradients(withBiases(layers, random), batch, shapes);
});

test('positions that are equally the greatest share what is learnt from them', async () => {
  const { tf } = await tensorFlow();
  const random = new Prng(4);
  const shapes: TowerShape[] = [{ length: 3, channels: 2, taps: [1] }];
  const layers = [{ inputs: 2, outputs: 1, weights: Float32Array.of(1, 1), biases: new Float32Array(1) }];
  const dense = startingLayers([1 + 2, 2], random);
  const gradientsOf = (sequence: Float32Array) => {
    const network = new Network(tf, [...layers, ...dense], { learningRate: 0.01, l2: 0 }, shapes);
    const batch = {
      inputs: [Float32Array.of(1), sequence],
      rows: 1,
      labels: Int32Array.of(1),
      weights: Float32Array.of(1),
    };
    const [first] = network.gradients(batch);
    network.dispose();
    return first!.weights;
  };
  const thrice = gradientsOf(Float32Array.of(1, 2, 1, 2, 1, 2));
  gradientsOf(Float32Array.of(1, 2, 0, 0, 0, 0)).forEach((value, i) => {
    expect(thrice[i]).toBeCloseTo(value, 6);
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

test('weights and what Adam knows go out and in: the next step is the same', async () => {
  const { tf } = await tensorFlow();
  const random = new Prng(5);
  const layers = startingLayers(WIDTHS, random);
  const [first, second] = [randomBatch(random, 30), randomBatch(random, 30)];
  const network = new Network(tf, layers, { learningRate: 0.01, l2: 0.1 });
  for (let i = 0; i < 3; i++) network.step(first);
  const [weights, adam] = [network.read(), await network.readAdam()];
  expect(adam.steps).toBe(3);
  await network.writeAdam(adam);
  network.step(second);
  const other = new Network(tf, startingLayers(WIDTHS, random), { learningRate: 0.01, l2: 0.1 });
  other.write(weights);
  await other.writeAdam(adam);
  other.step(second);
  expect(other.read()).toEqual(network.read());
  network.dispose();
  other.dispose();
});
