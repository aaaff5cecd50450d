/** Nets that read sequences beside a vector of features, as ONNX files with all preparation inside the graph. */
import { ElementType } from './describe.ts';
import {
  type EncodeOptions,
  encodeModel,
  floatTensor,
  intAttribute,
  intsAttribute,
  intTensor,
  tensorInfo,
} from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import { INPUT_NAME, PROBABILITIES_NAME } from './operator.ts';
import { addClassifier, type DenseLayer, OPSET } from './perceptron.ts';
import { addPick, addPreparation, addScaled, type Preparation } from './preparation.ts';

/** Mean and deviation of a series of numbers, of their signed logarithms. */
export interface Scaling {
  readonly mean: number;
  /** Above 0. */
  readonly scale: number;
}

/** Places of a series in a row of features, one behind the other. */
export interface SeriesPlaces {
  readonly at: number;
  readonly scaling: Scaling;
}

/**
 * How places of a row become channels of a sequence. A position is there if the first series that there is (sizes, else
 * steps, else kinds) is not NaN at it; every channel is 0 where it is not, and where its own series is NaN:
 *
 *     present    1
 *     size       clip((log(1 + |size|) - mean) / scale)
 *     direction  sign(size)
 *     step       clip((sign(step) log(1 + |step|) - mean) / scale)
 *     kind k     1 where the kind is kinds[k], else 0
 *
 * A series that is null has no channels. At least one is there.
 */
export interface SequencePreparation {
  /** Positions. */
  readonly length: number;
  readonly sizes: SeriesPlaces | null;
  readonly steps: SeriesPlaces | null;
  /** Place of the first kind; null for a sequence without kinds. */
  readonly kindsAt: number | null;
  readonly kinds: readonly number[];
  readonly clip: number;
}

/** Numbers per position. */
export function channelCount({ sizes, steps, kindsAt, kinds }: SequencePreparation): number {
  return 1 + (sizes === null ? 0 : 2) + (steps === null ? 0 : 1) + (kindsAt === null ? 0 : kinds.length);
}

/** Where the series stands that says which positions there are. */
export function presenceAt({ sizes, steps, kindsAt }: SequencePreparation): number {
  return sizes?.at ?? steps?.at ?? kindsAt!;
}

/** A convolution over positions, zeros beyond both ends: as many positions out as in. */
export interface Convolution extends DenseLayer {
  /** Odd number of neighbouring positions that are read at once; inputs = taps * channels, tap by tap. */
  readonly taps: number;
}

/** Convolutions with ReLU, 0 where no position is; then the mean and the greatest of each filter over what is there. */
export interface Tower {
  readonly name: string;
  readonly preparation: SequencePreparation;
  readonly convolutions: readonly Convolution[];
}

export interface SequenceNet {
  readonly preparation: Preparation;
  readonly classNames: readonly string[];
  readonly towers: readonly Tower[];
  /** As of a perceptron, on the prepared row followed by mean and greatest of each tower. */
  readonly layers: readonly DenseLayer[];
}

/**
 * Float `features` [N, F], NaN for missing -> float `probabilities` [N, K]. Operators of the standard set only
 * (https://onnx.ai/onnx/operators/). Equal nets give equal bytes.
 */
export function encodeSequenceNet(net: SequenceNet, options: EncodeOptions): Uint8Array {
  const graph = new GraphBuilder();
  const parts = [addPreparation(graph, net.preparation)];
  for (const tower of net.towers) parts.push(...addTower(graph, tower));
  const joined = graph.add('Concat', parts, 'joined', [intAttribute('axis', 1)]);
  addClassifier(graph, net.layers, joined);
  return encodeModel(
    {
      name: 'sequence_net',
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: [tensorInfo(INPUT_NAME, ElementType.Float, ['N', net.preparation.featureCount])],
      outputs: [tensorInfo(PROBABILITIES_NAME, ElementType.Float, ['N', net.classNames.length])],
    },
    [['', OPSET]],
    options,
  );
}

/** Channels stand before positions here, [N, channels, length], as Conv takes them. */
function addTower(graph: GraphBuilder, { name, preparation, convolutions }: Tower): [mean: string, greatest: string] {
  const { present, channels } = addChannels(graph, name, preparation);
  let values = channels;
  convolutions.forEach((convolution, i) => {
    const own = `${name}_convolution${i + 1}`;
    const relu = graph.add('Relu', [addConvolution(graph, convolution, values, own)], `${own}_relu`);
    values = graph.add('Mul', [relu, present], `${own}_there`);
  });
  const positions = graph.constant(intTensor(`${name}_positions`, [1], [2]), `${name}_positions`);
  const flat = [intAttribute('keepdims', 0)];
  const sum = graph.add('ReduceSum', [values, positions], `${name}_sum`, flat);
  const count = graph.add('ReduceSum', [present, positions], `${name}_count`, flat);
  const mean = graph.add('Div', [sum, graph.add('Max', [count, graph.scalar(1)], `${name}_divisor`)], `${name}_mean`);
  const axes = [intsAttribute('axes', [2]), intAttribute('keepdims', 0)];
  return [mean, graph.add('ReduceMax', [values], `${name}_greatest`, axes)];
}

function addChannels(graph: GraphBuilder, name: string, preparation: SequencePreparation) {
  const { length, sizes, steps, kindsAt, kinds, clip } = preparation;
  const pick = (from: number, what: string) =>
    addPick(
      graph,
      Int32Array.from({ length }, (_, i) => from + i),
      `${name}_${what}`,
    );
  const float = [intAttribute('to', ElementType.Float)];
  const absent = graph.add('IsNaN', [pick(presenceAt(preparation), 'presence')], `${name}_absent`);
  const present = graph.add('Cast', [graph.add('Not', [absent], `${name}_there`)], `${name}_present`, float);
  const scaled = (x: string, { mean, scale }: Scaling) =>
    addScaled(graph, x, {
      mean: graph.constant(floatTensor(`${x}_mean`, [], [mean]), `${x}_mean`),
      scale: graph.constant(floatTensor(`${x}_deviation`, [], [scale]), `${x}_deviation`),
      clip,
    });
  const series: string[] = [];
  if (sizes !== null) {
    const found = pick(sizes.at, 'sizes');
    const signs = graph.add('Sign', [found], `${name}_signs`);
    series.push(
      scaled(graph.add('Abs', [found], `${name}_magnitudes`), sizes.scaling),
      // Sizes say themselves which positions there are.
      graph.add('Where', [absent, graph.scalar(0), signs], `${name}_directions`),
    );
  }
  if (steps !== null) series.push(scaled(pick(steps.at, 'steps'), steps.scaling));
  if (kindsAt !== null) {
    const found = pick(kindsAt, 'kinds');
    for (const kind of kinds) {
      const own = `${name}_kind${kind}`;
      series.push(graph.add('Cast', [graph.add('Equal', [found, graph.scalar(kind)], own)], `${own}_number`, float));
    }
  }
  const channelAxis = graph.constant(intTensor(`${name}_channel_axis`, [1], [1]), `${name}_channel_axis`);
  const raise = (part: string) => graph.add('Unsqueeze', [part, channelAxis], `${part}_channel`);
  const mask = raise(present);
  const joined = graph.add('Concat', [mask, ...series.map(raise)], `${name}_joined`, [intAttribute('axis', 1)]);
  return { present: mask, channels: graph.add('Mul', [joined, mask], `${name}_channels`) };
}

function addConvolution(graph: GraphBuilder, convolution: Convolution, input: string, name: string): string {
  const { taps, inputs, outputs, weights, biases } = convolution;
  const channels = inputs / taps;
  // Ours [taps, channels, filters], theirs [filters, channels, taps].
  const turned = Float32Array.from({ length: weights.length }, (_, i) => {
    const tap = i % taps;
    const channel = Math.floor(i / taps) % channels;
    const filter = Math.floor(i / (taps * channels));
    return weights[(tap * channels + channel) * outputs + filter]!;
  });
  const w = graph.constant(floatTensor(`${name}_weights`, [outputs, channels, taps], turned), `${name}_weights`);
  const b = graph.constant(floatTensor(`${name}_biases`, [outputs], biases), `${name}_biases`);
  const side = (taps - 1) / 2;
  return graph.add('Conv', [input, w, b], name, [
    intsAttribute('kernel_shape', [taps]),
    intsAttribute('pads', [side, side]),
  ]);
}
