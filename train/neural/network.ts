import type { Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { Prng } from '../../core/prng.ts';
import type { DenseLayer } from '../../models/onnx/perceptron.ts';
import type { TensorFlow } from './tensorflow.ts';
import { type Affine, type Gradient, Tower, type TowerShape } from './tower.ts';

/** Layers with normal weights of variance 2 / inputs (He et al., ICCV 2015), biases 0. */
export function startingLayers(widths: readonly number[], random: Prng): DenseLayer[] {
  return widths.slice(1).map((outputs, i) => startingLayer(widths[i]!, outputs, random));
}

export function startingLayer(inputs: number, outputs: number, random: Prng): DenseLayer {
  const deviation = Math.sqrt(2 / inputs);
  const weights = Float32Array.from({ length: inputs * outputs }, () => random.normal(0, deviation));
  return { inputs, outputs, weights, biases: new Float32Array(outputs) };
}

/** Prepared rows with what they are. */
export interface Batch {
  /** The vector, row-major [rows, width], then one sequence for each tower, row-major [rows, length, channels]. */
  readonly inputs: readonly Float32Array[];
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

/** What Adam knows besides the weights. */
export interface AdamState {
  /** Steps so far. */
  readonly steps: number;
  /** First moments of every layer's weights, then of every layer's biases; then the second moments likewise. */
  readonly moments: readonly Float32Array[];
}

/**
 * A perceptron, with or without towers that read sequences beside it, in TensorFlow's memory, to be disposed of. The
 * gradients are written out: a page of algebra against a second copy of the package, whose build for Node has no
 * gradients of its own. A test compares them with differences.
 */
export class Network {
  readonly #tf: TensorFlow;
  readonly #rates: TrainingRates;
  readonly #affines: readonly Affine[];
  readonly #towers: readonly Tower[];
  /** Of #affines, those after the towers' own. */
  readonly #dense: readonly Affine[];
  readonly #adam: ReturnType<TensorFlow['train']['adam']>;

  /** @param layers the convolutions of each tower in order, then the dense layers */
  constructor(tf: TensorFlow, layers: readonly DenseLayer[], rates: TrainingRates, shapes: readonly TowerShape[] = []) {
    this.#tf = tf;
    this.#rates = rates;
    this.#affines = layers.map(({ weights, biases, inputs, outputs }) =>
      tf.tidy(() => ({
        weights: tf.variable(tf.tensor2d(weights.slice(), [inputs, outputs])),
        biases: tf.variable(tf.tensor1d(biases.slice())),
      })),
    );
    let at = 0;
    this.#towers = shapes.map((shape) => {
      const own = this.#affines.slice(at, at + shape.taps.length);
      at += own.length;
      return new Tower(tf, shape, own);
    });
    this.#dense = this.#affines.slice(at);
    this.#adam = tf.train.adam(rates.learningRate);
  }

  /** One step of Adam; returns the summed weighted log loss of the batch before it. */
  step(batch: Batch): number {
    return this.#tf.tidy(() => {
      const { loss, gradients } = this.#differentiate(batch);
      this.#adam.applyGradients(
        this.#variables().map(({ name }, i) => {
          const { weights, biases } = gradients[i % gradients.length]!;
          return { name, tensor: i < gradients.length ? weights : biases };
        }),
      );
      return loss;
    });
  }

  /** The gradients that a step would follow, for tests: one pair per layer. */
  gradients(batch: Batch): { weights: Float32Array; biases: Float32Array }[] {
    return this.#tf.tidy(() => {
      const { gradients } = this.#differentiate(batch);
      return gradients.map(({ weights, biases }) => ({ weights: floats(weights), biases: floats(biases) }));
    });
  }

  /** @returns row-major probabilities [rows, classes] */
  predict(inputs: readonly Float32Array[], rows: number): Float32Array {
    const tf = this.#tf;
    return tf.tidy(() => {
      const { values } = this.#forward(inputs, rows);
      return floats(tf.softmax(values.at(-1)!));
    });
  }

  /** Copies of the weights as they are now. */
  read(): DenseLayer[] {
    return this.#affines.map(({ weights, biases }) => ({
      inputs: weights.shape[0]!,
      outputs: weights.shape[1]!,
      weights: floats(weights),
      biases: floats(biases),
    }));
  }

  /** Puts weights as they were read in the place of those that are there. */
  write(layers: readonly DenseLayer[]): void {
    this.#tf.tidy(() => {
      layers.forEach(({ weights, biases, inputs, outputs }, i) => {
        this.#affines[i]!.weights.assign(this.#tf.tensor2d(weights.slice(), [inputs, outputs]));
        this.#affines[i]!.biases.assign(this.#tf.tensor1d(biases.slice()));
      });
    });
  }

  /** Copies of what Adam knows. */
  async readAdam(): Promise<AdamState> {
    const [steps, ...moments] = await this.#adam.getWeights();
    const state = { steps: steps!.tensor.dataSync()[0]!, moments: moments.map(({ tensor }) => floats(tensor)) };
    steps!.tensor.dispose();
    return state;
  }

  /** Lets Adam go on from what it knew. It takes powers of its decay from the number of steps, not from its own product. */
  async writeAdam({ steps, moments }: AdamState): Promise<void> {
    const tf = this.#tf;
    const [old, ...replaced] = await this.#adam.getWeights();
    old!.tensor.dispose();
    const variables = this.#variables();
    const tensors = moments.map((values, i) => {
      const { name, shape } = variables[i % variables.length]!;
      return { name: `${name}/${i < variables.length ? 'm' : 'v'}`, tensor: tf.tensor(values.slice(), shape) };
    });
    const iterations = { name: 'iter', tensor: tf.scalar(steps, 'int32') };
    await this.#adam.setWeights([iterations, ...tensors]);
    // Adam keeps copies of its own, and forgets those that it had.
    for (const { tensor } of [iterations, ...replaced, ...tensors]) tensor.dispose();
  }

  dispose(): void {
    this.#adam.dispose();
    for (const variable of this.#variables()) variable.dispose();
  }

  #variables(): Variable[] {
    return [...this.#affines.map(({ weights }) => weights), ...this.#affines.map(({ biases }) => biases)];
  }

  /** What goes into each dense layer, and at the end the logits; and what each tower did. */
  #forward([vector, ...sequences]: readonly Float32Array[], rows: number) {
    const tf = this.#tf;
    const passes = this.#towers.map((tower, i) => tower.forward(sequences[i]!, rows));
    const prepared = tf.tensor2d(vector!, [rows, vector!.length / rows]);
    const joined = passes.length === 0 ? prepared : tf.concat([prepared, ...passes.map(({ output }) => output)], 1);
    const values: Tensor2D[] = [joined];
    this.#dense.forEach(({ weights, biases }, i) => {
      const activation = i === this.#dense.length - 1 ? 'linear' : 'relu';
      values.push(tf.fused.matMul({ a: values[i]!, b: weights, bias: biases, activation }) as Tensor2D);
    });
    return { values, passes };
  }

  /**
   * Of sum(weight * -log p[label]) / rows + l2 / 2 * sum(W^2). With d the gradient by a layer's output:
   * by its weights h' d + l2 W, by its biases the column sums of d, by its input d W'.
   */
  #differentiate({ inputs, rows, labels, weights: rowWeights }: Batch): { loss: number; gradients: Gradient[] } {
    const tf = this.#tf;
    const { values, passes } = this.#forward(inputs, rows);
    const p = tf.softmax(values.at(-1)!);
    const classes = p.shape[1]!;
    const { loss, output } = lossAndOutputGradient(floats(p), labels, rowWeights, classes);
    const dense: Gradient[] = [];
    let d: Tensor2D = tf.tensor2d(output, [rows, classes]);
    for (let i = this.#dense.length - 1; i >= 0; i--) {
      const w = this.#dense[i]!.weights as Tensor2D;
      const h = values[i]!;
      // The WebAssembly backend is four times as fast on a transposed copy as with its own transposeA.
      dense[i] = { weights: tf.matMul(tf.transpose(h), d), biases: tf.sum(d, 0) as Tensor1D };
      if (i > 0) d = tf.mul(tf.matMul(d, tf.transpose(w)), tf.step(h));
      else if (this.#towers.length > 0) d = tf.matMul(d, tf.transpose(w));
    }
    let at = inputs[0]!.length / rows;
    const convolutions = this.#towers.flatMap((tower, i) => {
      const part = tf.slice(d, [0, at], [rows, tower.outputs]);
      at += tower.outputs;
      return tower.backward(passes[i]!, part);
    });
    const gradients = [...convolutions, ...dense].map(({ weights, biases }, i) => ({
      weights: tf.add(weights, tf.mul(this.#affines[i]!.weights, this.#rates.l2)) as Tensor2D,
      biases,
    }));
    return { loss, gradients };
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
function floats(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
