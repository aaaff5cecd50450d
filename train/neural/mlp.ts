import { Prng } from '../../core/prng.ts';
import type { Preparation } from '../../models/onnx/preparation.ts';
import { rowWeights } from '../class-weights.ts';
import { checkLabelled, type LabelledMatrix, toRowMajor } from '../matrix.ts';
import { type Batch, Network, startingLayers } from './network.ts';
import { checkMlpOptions, MLP_DEFAULTS, type MlpOptions } from './options.ts';
import { type FittedPerceptron, perceptronModel } from './perceptron-model.ts';
import { fitPreparation, preparedWidth, prepareRows } from './preparation.ts';
import { tensorFlow } from './tensorflow.ts';
import { meanOne, type TrainingHooks, trainNetwork } from './training.ts';

/**
 * A perceptron with ReLU, softmax cross-entropy and Adam (Kingma and Ba, ICLR 2015) over shuffled mini-batches, keeping
 * the epoch of least validation loss. Equal data, options, seed and TensorFlow backend give an equal net.
 *
 * @param validation rows for early stopping; must not share groups with the training rows
 * @param open where TensorFlow.js comes from
 * @throws FlowlampError OPTION_INVALID, LABELS_UNUSABLE, UNSUPPORTED where there is no TensorFlow.js
 */
export async function fitMlp(
  train: LabelledMatrix,
  validation: LabelledMatrix | null,
  options: Partial<MlpOptions> = {},
  hooks: TrainingHooks = {},
  open = tensorFlow,
): Promise<FittedPerceptron> {
  const settings = checkMlpOptions({ ...MLP_DEFAULTS, ...options });
  checkLabelled(train);
  if (validation !== null) checkLabelled(validation);
  const { tf, version } = await open();
  const { classNames } = train;
  const preparation = fitPreparation(train.matrix);
  const learnt = toBatch(preparation, train, meanOne(rowWeights(train, settings.classWeights), train.labels.length));
  const held =
    validation && toBatch(preparation, validation, meanOne(validation.weights ?? null, validation.labels.length));
  const widths = [preparedWidth(preparation), ...settings.hidden, classNames.length];
  const rates = { learningRate: settings.learningRate, l2: settings.l2 / learnt.rows };
  const network = new Network(tf, startingLayers(widths, new Prng(settings.seed)), rates);
  try {
    const described = { learner: 'mlp', version, ...settings };
    const { layers, ...history } = await trainNetwork(network, learnt, held, settings, described, hooks);
    const versions = { 'tensorflow.js': version };
    return perceptronModel({ preparation, classNames, layers }, { ...history, versions });
  } finally {
    network.dispose();
  }
}

function toBatch(preparation: Preparation, data: LabelledMatrix, weights: Float32Array): Batch {
  const { rows } = data.matrix;
  return { inputs: [prepareRows(preparation, toRowMajor(data.matrix), rows)], rows, labels: data.labels, weights };
}
