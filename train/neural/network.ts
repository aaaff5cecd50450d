import type { Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { Prng } from '../../core/prng.ts';
import type { DenseLayer } from '../../models/onnx/perceptron.ts';
import type { TensorFlow } from './tensorflow.ts';

/** Layers with normal weights of variance 2 / inputs (He et al., ICCV 2015), biases 0. */
export function startingLayers(widths: readonly number[], random: Prng): DenseLayer[] {
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i]!;
    const deviation = Math.sqrt(2 / inputs);
    const weights = Float32Array.from({ length: inputs * outputs }, () => random.normal(0, deviation));
    return { inputs, outputs, weights, biases: new Float32Array(outputs) };
  });
}

/** Prepared rows with what they are. */
export interface Batch {
  /** Row-major [rows, width]. */
  readonly x: Float32Array;
  readonly rows: number;
  /** [rows] class ids. */
  readonly labels: Int32Array;
  /** [rows]. */
  readonly weights: Float32Array;
}

export interface TrainingRates {
  readonly learningRate: number;
  /** Beside the mean loss of a batch. */
  readonly l2: number;
}

/**
 * A perceptron in TensorFlow's memory, to be disposed of. The gradients are written out: five lines of algebra against
 * a second copy of the package, whose build for Node has no gradients of its own. A test compares them with differences.
 */
export class Network {
  readonly #tf: TensorFlow;
  readonly #rates: TrainingRates;
  readonly #weights: readonly Variable[];
  readonly #biases: readonly Variable[];
  readonly #adam: ReturnType<TensorFlow['train']['adam']>;

  constructor(tf: TensorFlow, layers: readonly DenseLayer[], rates: TrainingRates) {
    this.#tf = tf;
    this.#rates = rates;
    this.#weights = layers.map(({ weights, inputs, outputs }) =>
      tf.tidy(() => tf.variable(tf.tensor2d(weights.slice(), [inputs, outputs]))),
    );
    this.#biases = layers.map(({ biases }) => tf.tidy(() => tf.variable(tf.tensor1d(biases.slice()))));
    this.#adam = tf.train.adam(rates.learningRate);
  }

  /** One step of Adam; returns the summed weighted log loss of the batch before it. */
  step(batch: Batch): number {
    return this.#tf.tidy(() => {
      const { loss, weights, biases } = this.#differentiate(batch);
      this.#adam.applyGradients([
        ...weights.map((tensor, i) => ({ name: this.#weights[i]!.name, tensor })),
        ...biases.map((tensor, i) => ({ name: this.#biases[i]!.name, tensor })),
      ]);
      return loss;
    });
  }

  /** The gradients that a step would follow, for tests: one pair per layer. */
  gradients(batch: Batch): { weights: Float32Array; biases: Float32Array }[] {
    return this.#tf.tidy(() => {
      const { weights, biases } = this.#differentiate(batch);
      return weights.map((tensor, i) => ({ weights: floats(tensor), biases: floats(biases[i]!) }));
    });
  }

  /** @returns row-major probabilities [rows, classes] */
  predict(x: Float32Array, rows: number): Float32Array {
    const tf = this.#tf;
    return tf.tidy(() => {
      const outputs = this.#forward(tf.tensor2d(x, [rows, x.length / rows]));
      return floats(tf.softmax(outputs.at(-1)!));
    });
  }

  /** Copies of the weights as they are now. */
  read(): DenseLayer[] {
    return this.#weights.map((variable, i) => ({
      inputs: variable.shape[0]!,
      outputs: variable.shape[1]!,
      weights: floats(variable),
      biases: floats(this.#biases[i]!),
    }));
  }

  dispose(): void {
    this.#adam.dispose();
    for (const variable of [...this.#weights, ...this.#biases]) variable.dispose();
  }

  /** What goes into each layer, and at the end the logits. */
  #forward(x: Tensor2D): Tensor2D[] {
    const values = [x];
    this.#weights.forEach((weights, i) => {
      const activation = i === this.#weights.length - 1 ? 'linear' : 'relu';
      const bias = this.#biases[i]!;
      values.push(this.#tf.fused.matMul({ a: values[i]!, b: weights, bias, activation }) as Tensor2D);
    });
    return values;
  }

  /**
   * Of sum(weight * -log p[label]) / rows + l2 / 2 * sum(W^2). With d the gradient by a layer's output:
   * by its weights h' d + l2 W, by its biases the column sums of d, by its input d W'.
   */
  #differentiate({ x, rows, labels, weights: rowWeights }: Batch) {
    const tf = this.#tf;
    const values = this.#forward(tf.tensor2d(x, [rows, x.length / rows]));
    const p = tf.softmax(values.at(-1)!);
    const classes = p.shape[1]!;
    const { loss, output } = lossAndOutputGradient(floats(p), labels, rowWeights, classes);
    const weights: Tensor2D[] = [];
    const biases: Tensor1D[] = [];
    let d = tf.tensor2d(output, [rows, classes]);
    for (let i = this.#weights.length - 1; i >= 0; i--) {
      const w = this.#weights[i]! as unknown as Tensor2D;
      const h = values[i]!;
      // The WebAssembly backend is four times as fast on a transposed copy as with its own transposeA.
      weights[i] = tf.add(tf.matMul(tf.transpose(h), d), tf.mul(w, this.#rates.l2));
      biases[i] = tf.sum(d, 0);
      if (i > 0) d = tf.mul(tf.matMul(d, tf.transpose(w)), tf.step(h));
    }
    return { loss, weights, biases };
  }
}

/**
 * Summed weighted log loss, and its gradient by the logits: weight * (p - onehot(label)) / rows.
 *
 * @param p row-major [rows, classes]
 */
function lossAndOutputGradient(p: Float32Array, labels: Int32Array, weights: Float32Array, classes: number) {
  const rows = labels.length;
  const output = new Float32Array(p.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * classes;
    const weight = weights[row]!;
    for (let k = 0; k < classes; k++) output[at + k] = (weight * p[at + k]!) / rows;
    output[at + labels[row]!]! -= weight / rows;
    loss -= weight * Math.log(Math.max(p[at + labels[row]!]!, 1e-15));
  }
  return { loss, output };
}

/** A copy: WebAssembly memory moves when it grows. */
function floats(tensor: { dataSync(): ArrayLike<number> }): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
