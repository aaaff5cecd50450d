/** A trained sequence net as a fitted model. */
import { channelCount, encodeSequenceNet, type SequenceNet } from '../../models/onnx/sequence-net.ts';
import type { Fitted } from '../learner.ts';
import { Network } from './network.ts';
import { divideLogits } from './perceptron-model.ts';
import { prepareRows } from './preparation.ts';
import { prepareSequences } from './sequences.ts';
import type { TensorFlowRuntime } from './tensorflow.ts';
import type { TowerShape } from './tower.ts';
import { PREDICT_ROWS } from './training.ts';

export interface FittedSequenceNet extends Fitted {
  readonly net: SequenceNet;
}

export function sequenceModel(
  net: SequenceNet,
  history: Pick<Fitted, 'rounds' | 'trainingLoss' | 'validationLoss'>,
  runtime: TensorFlowRuntime,
): FittedSequenceNet {
  return {
    ...history,
    versions: { 'tensorflow.js': runtime.version },
    net,
    predict: (rows, count) => predictSequenceNet(net, rows, count, runtime),
    encode: ({ temperature, ...options }) => {
      return encodeSequenceNet({ ...net, layers: divideLogits(net.layers, temperature) }, options);
    },
  };
}

export function shapesOf({ towers }: SequenceNet): TowerShape[] {
  return towers.map(({ preparation, convolutions }) => ({
    length: preparation.length,
    channels: channelCount(preparation),
    taps: convolutions.map(({ taps }) => taps),
  }));
}

/** What Network takes, from row-major rows [count, featureCount]. */
export function prepareNetInputs(net: SequenceNet, rows: Float32Array, count: number): Float32Array[] {
  const { preparation, towers } = net;
  return [
    prepareRows(preparation, rows, count),
    ...towers.map((tower) => prepareSequences(tower.preparation, rows, count, preparation.featureCount)),
  ];
}

/**
 * In TensorFlow, since convolutions in plain JavaScript take ten times as long; nothing of it stays in its memory.
 *
 * @param rows row-major [count, featureCount], NaN for missing
 * @returns row-major probabilities [count, classes]
 */
export function predictSequenceNet(
  net: SequenceNet,
  rows: Float32Array,
  count: number,
  { tf }: TensorFlowRuntime,
): Float32Array {
  const layers = [...net.towers.flatMap(({ convolutions }) => convolutions), ...net.layers];
  const network = new Network(tf, layers, { learningRate: 0, l2: 0 }, shapesOf(net));
  const width = net.preparation.featureCount;
  const out = new Float32Array(count * net.classNames.length);
  try {
    for (let start = 0; start < count; start += PREDICT_ROWS) {
      const own = Math.min(PREDICT_ROWS, count - start);
      const inputs = prepareNetInputs(net, rows.subarray(start * width, (start + own) * width), own);
      out.set(network.predict(inputs, own), start * net.classNames.length);
    }
    return out;
  } finally {
    network.dispose();
  }
}
