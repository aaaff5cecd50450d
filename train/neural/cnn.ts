import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { Prng } from '../../core/prng.ts';
import type { DenseLayer } from '../../models/onnx/perceptron.ts';
import { channelCount, type SequenceNet } from '../../models/onnx/sequence-net.ts';
import { rowWeights } from '../class-weights.ts';
import { checkLabelled, type FeatureMatrix, type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { type Batch, Network, startingLayer, startingLayers } from './network.ts';
import { CNN_DEFAULTS, type CnnOptions, checkCnnOptions } from './options.ts';
import { fitPreparation, preparedWidth } from './preparation.ts';
import { type FittedSequenceNet, prepareNetInputs, sequenceModel, shapesOf } from './sequence-model.ts';
import { type FittedSequence, fitSequences, SEQUENCE_LISTS, vectorColumns } from './sequences.ts';
import { tensorFlow } from './tensorflow.ts';
import { meanOne, type TrainingHooks, trainNetwork } from './training.ts';

/**
 * A net of two small towers of convolutions, over the first packets with payload and the first TLS records, whose pooled
 * outputs join the feature vector in front of a perceptron (after Lopez-Martin et al., IEEE Access 5, 2017, and the
 * packet-sequence nets that followed it). Trained as fitMlp trains: Adam, the epoch of least validation loss. Equal data,
 * options, seed and TensorFlow backend give an equal net.
 *
 * @param train columns `name[0]`, `name[1]`, ... are the items of lists (see SEQUENCE_LISTS), all others the vector
 * @param validation rows for early stopping; must not share groups with the training rows
 * @param open where TensorFlow.js comes from
 * @throws FlowlampError OPTION_INVALID, LABELS_UNUSABLE, UNSUPPORTED where there is no TensorFlow.js
 */
export async function fitCnn(
  train: LabelledMatrix,
  validation: LabelledMatrix | null,
  options: Partial<CnnOptions> = {},
  hooks: TrainingHooks = {},
  open = tensorFlow,
): Promise<FittedSequenceNet> {
  const settings = checkCnnOptions({ ...CNN_DEFAULTS, ...options });
  checkLabelled(train);
  if (validation !== null) checkLabelled(validation);
  const runtime = await open();
  const untrained = startingNet(train, settings);
  const weights = meanOne(rowWeights(train, settings.classWeights), train.labels.length);
  const learnt = toBatch(untrained, train, weights);
  const held =
    validation && toBatch(untrained, validation, meanOne(validation.weights ?? null, validation.labels.length));
  const rates = { learningRate: settings.learningRate, l2: settings.l2 / learnt.rows };
  const start = [...untrained.towers.flatMap(({ convolutions }) => convolutions), ...untrained.layers];
  const network = new Network(runtime.tf, start, rates, shapesOf(untrained));
  try {
    const described = { learner: 'cnn', version: runtime.version, ...settings };
    const { layers, ...history } = await trainNetwork(network, learnt, held, settings, described, hooks);
    return sequenceModel(withLayers(untrained, layers), history, runtime);
  } finally {
    network.dispose();
  }
}

/** Everything that follows from the training rows and the seed before the first step. */
function startingNet({ matrix, classNames }: LabelledMatrix, settings: CnnOptions): SequenceNet {
  const { filters, taps, hidden, seed } = settings;
  const preparation = fitPreparation(matrix, requireVector(matrix));
  const random = new Prng(seed);
  const towers = requireSequences(matrix).map((sequence) => ({
    ...sequence,
    convolutions: filters.map((outputs, i) => {
      const channels = i === 0 ? channelCount(sequence.preparation) : filters[i - 1]!;
      return { ...startingLayer(taps[i]! * channels, outputs, random), taps: taps[i]! };
    }),
  }));
  const joined = preparedWidth(preparation) + towers.length * 2 * filters.at(-1)!;
  return { preparation, classNames, towers, layers: startingLayers([joined, ...hidden, classNames.length], random) };
}

/** The net with other weights, given in the order in which Network has them. */
function withLayers(net: SequenceNet, layers: readonly DenseLayer[]): SequenceNet {
  let at = 0;
  const towers = net.towers.map((tower) => ({
    ...tower,
    convolutions: tower.convolutions.map(({ taps }) => ({ ...layers[at++]!, taps })),
  }));
  return { ...net, towers, layers: layers.slice(at) };
}

function toBatch(net: SequenceNet, { matrix, labels }: LabelledMatrix, weights: Float32Array): Batch {
  return { inputs: prepareNetInputs(net, toRowMajor(matrix), matrix.rows), rows: matrix.rows, labels, weights };
}

function requireVector({ names }: FeatureMatrix): number[] {
  const columns = vectorColumns(names);
  if (columns.length > 0) return columns;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: 'there are only sequences to learn from',
    expected: 'at least one column of numbers beside them',
    action: 'add a column to --inputs',
  });
}

function requireSequences(matrix: FeatureMatrix): FittedSequence[] {
  const sequences = fitSequences(matrix);
  if (sequences.length > 0) return sequences;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: 'there are no sequences to learn from',
    expected: `one of ${Object.keys(SEQUENCE_LISTS).join(', ')}`,
    action: 'add them to --inputs, or train without sequences (--learner mlp)',
  });
}
