/** Convolutions over a sequence, as matrix products: the WebAssembly backend has no gradient of a convolution. */
import type { Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import { type PatchShape, patchesOf, sumOfPatches } from './patches.ts';
import type { TensorFlow } from './tensorflow.ts';

export interface Affine {
  /** [inputs, outputs]. */
  readonly weights: Variable;
  /** [outputs]. */
  readonly biases: Variable;
}

/** By a layer's weights and biases. */
export interface Gradient {
  readonly weights: Tensor2D;
  readonly biases: Tensor1D;
}

export interface TowerShape {
  /** Positions. */
  readonly length: number;
  /** Numbers per position; the first is 1 where there is one, else 0, and the others are 0 with it. */
  readonly channels: number;
  /** Of each convolution, an odd number. */
  readonly taps: readonly number[];
}

/** What the way back needs to know of the way there. */
export interface TowerPass {
  /** [rows, 2 filters]: means, then the greatest. */
  readonly output: Tensor2D;
  /** What went into each product: [rows * length, taps * channels]. */
  readonly patches: readonly Tensor2D[];
  /** What came out of each convolution: [rows * length, filters]. */
  readonly values: readonly Tensor2D[];
  /** Positions that are there, at least 1: [rows, 1]. */
  readonly counts: Tensor2D;
}

/** See models/onnx/sequence-net.ts: this is what it describes, and trained. */
export class Tower {
  /** Numbers per row that the tower gives. */
  readonly outputs: number;
  readonly #tf: TensorFlow;
  readonly #shape: TowerShape;
  readonly #layers: readonly Affine[];

  constructor(tf: TensorFlow, shape: TowerShape, layers: readonly Affine[]) {
    this.#tf = tf;
    this.#shape = shape;
    this.#layers = layers;
    this.outputs = 2 * layers.at(-1)!.weights.shape[1]!;
  }

  /** @param sequences row-major [rows, length, channels] */
  forward(sequences: Float32Array, rows: number): TowerPass {
    const tf = this.#tf;
    const { length, channels, taps } = this.#shape;
    const present = Float32Array.from({ length: rows * length }, (_, i) => sequences[i * channels]!);
    const mask = tf.tensor2d(present, [rows * length, 1]);
    const patches: Tensor2D[] = [];
    const values: Tensor2D[] = [];
    let input = sequences;
    this.#layers.forEach(({ weights, biases }, i) => {
      const shape = this.#patchShape(rows, i);
      const patch = tf.tensor2d(patchesOf(input, shape), [rows * length, shape.taps * shape.channels]);
      const relu = tf.fused.matMul({ a: patch, b: weights as Tensor2D, bias: biases, activation: 'relu' });
      const value = tf.mul(relu, mask) as Tensor2D;
      patches.push(patch);
      values.push(value);
      if (i < taps.length - 1) input = value.dataSync() as Float32Array;
    });
    const last = tf.reshape(values.at(-1)!, [rows, length, this.outputs / 2]);
    const counts = tf.maximum(tf.sum(tf.reshape(mask, [rows, length, 1]), 1), 1) as Tensor2D;
    const output = tf.concat([tf.div(tf.sum(last, 1), counts), tf.max(last, 1)], 1) as Tensor2D;
    return { output, patches, values, counts };
  }

  /**
   * Where several positions are the greatest, each takes an equal share: a subgradient that treats equal messages alike.
   *
   * @param d gradient by the output, [rows, outputs]
   * @returns gradients by each convolution, in order
   */
  backward({ output, patches, values, counts }: TowerPass, d: Tensor2D): Gradient[] {
    const tf = this.#tf;
    const { length } = this.#shape;
    const rows = d.shape[0];
    const filters = this.outputs / 2;
    const last = tf.reshape(values.at(-1)!, [rows, length, filters]);
    const greatest = tf.expandDims(tf.slice(output, [0, filters], [rows, filters]), 1);
    // No value is above the greatest. The WebAssembly backend's own `equal` takes ten times as long as this.
    const isGreatest = tf.sub(1, tf.step(tf.sub(greatest, last)));
    const share = tf.div(tf.slice(d, [0, filters], [rows, filters]), tf.sum(isGreatest, 1));
    const even = tf.div(tf.slice(d, [0, 0], [rows, filters]), counts);
    const joined = tf.add(tf.mul(isGreatest, tf.expandDims(share, 1)), tf.expandDims(even, 1));
    let back = tf.reshape(joined, [rows * length, filters]) as Tensor2D;
    const gradients: Gradient[] = [];
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      // Where no position is, and where ReLU cut off, the value is 0.
      const own = tf.mul(back, tf.step(values[i]!)) as Tensor2D;
      // Transposed copies cost more than products: of the two factors, own is the smaller.
      const turned = tf.matMul(tf.transpose(own), patches[i]!);
      gradients[i] = { weights: tf.transpose(turned) as Tensor2D, biases: tf.sum(own, 0) as Tensor1D };
      if (i === 0) break;
      const patch: Tensor2D = tf.matMul(own, tf.transpose(this.#layers[i]!.weights as Tensor2D));
      const shape = this.#patchShape(rows, i);
      const summed = sumOfPatches(patch.dataSync() as Float32Array, shape);
      back = tf.tensor2d(summed, [rows * length, shape.channels]);
    }
    return gradients;
  }

  #patchShape(rows: number, layer: number): PatchShape {
    const { length, taps } = this.#shape;
    return { rows, length, taps: taps[layer]!, channels: this.#layers[layer]!.weights.shape[0]! / taps[layer]! };
  }
}
