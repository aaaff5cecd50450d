/** Convolutions over a sequence, as matrix products: the WebAssembly backend has no gradient of a convolution. */
import type { Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core';
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
    const x = tf.tensor3d(sequences, [rows, length, channels]);
    const present = tf.slice(x, [0, 0, 0], [rows, length, 1]);
    const mask = tf.reshape(present, [rows * length, 1]);
    const patches: Tensor2D[] = [];
    const values: Tensor2D[] = [];
    let input = x;
    this.#layers.forEach(({ weights, biases }, i) => {
      const patch = this.#patchesOf(input, taps[i]!);
      const relu = tf.fused.matMul({ a: patch, b: weights as Tensor2D, bias: biases, activation: 'relu' });
      const value = tf.mul(relu, mask) as Tensor2D;
      patches.push(patch);
      values.push(value);
      input = tf.reshape(value, [rows, length, value.shape[1]]);
    });
    const counts = tf.maximum(tf.sum(present, 1), 1) as Tensor2D;
    const output = tf.concat([tf.div(tf.sum(input, 1), counts), tf.max(input, 1)], 1) as Tensor2D;
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
    const { length, taps } = this.#shape;
    const rows = d.shape[0];
    const filters = this.outputs / 2;
    const last = tf.reshape(values.at(-1)!, [rows, length, filters]);
    const greatest = tf.expandDims(tf.slice(output, [0, filters], [rows, filters]), 1);
    const isGreatest = tf.cast(tf.equal(last, greatest), 'float32');
    const share = tf.div(tf.slice(d, [0, filters], [rows, filters]), tf.sum(isGreatest, 1));
    const even = tf.div(tf.slice(d, [0, 0], [rows, filters]), counts);
    const joined = tf.add(tf.mul(isGreatest, tf.expandDims(share, 1)), tf.expandDims(even, 1));
    let back = tf.reshape(joined, [rows * length, filters]) as Tensor2D;
    const gradients: Gradient[] = [];
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      // Where no position is, and where ReLU cut off, the value is 0.
      const own = tf.mul(back, tf.step(values[i]!)) as Tensor2D;
      gradients[i] = { weights: tf.matMul(tf.transpose(patches[i]!), own), biases: tf.sum(own, 0) as Tensor1D };
      if (i === 0) break;
      const patch: Tensor2D = tf.matMul(own, tf.transpose(this.#layers[i]!.weights as Tensor2D));
      back = this.#gathered(patch, rows, taps[i]!);
    }
    return gradients;
  }

  /** im2col: each position with its neighbours, zeros beyond the ends; [rows * length, taps * channels]. */
  #patchesOf(x: Tensor3D, taps: number): Tensor2D {
    const tf = this.#tf;
    const [rows, length, channels] = x.shape;
    const side = (taps - 1) / 2;
    const wide = tf.pad(x, [
      [0, 0],
      [side, side],
      [0, 0],
    ]);
    const shifted = Array.from({ length: taps }, (_, tap) => tf.slice(wide, [0, tap, 0], [rows, length, channels]));
    return tf.reshape(tf.concat(shifted, 2), [rows * length, taps * channels]);
  }

  /** col2im, the transpose of #patchesOf: what every patch says of a position, summed; [rows * length, channels]. */
  #gathered(patches: Tensor2D, rows: number, taps: number): Tensor2D {
    const tf = this.#tf;
    const { length } = this.#shape;
    const channels = patches.shape[1] / taps;
    const side = (taps - 1) / 2;
    const cube = tf.reshape(patches, [rows, length, taps * channels]);
    const placed = Array.from({ length: taps }, (_, tap) =>
      tf.pad(tf.slice(cube, [0, 0, tap * channels], [rows, length, channels]), [
        [0, 0],
        [tap, taps - 1 - tap],
        [0, 0],
      ]),
    );
    const sum = placed.reduce((a, b) => tf.add(a, b));
    return tf.reshape(tf.slice(sum, [0, side, 0], [rows, length, channels]), [rows * length, channels]);
  }
}
