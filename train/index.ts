/**
 * `flowlamp/train`: models from labelled flows, with the learners that ship or one of your own (docs/api.md).
 *
 *     import { saveModel, train } from 'flowlamp/train';
 *     saveModel('my-model', await train([{ input: 'flows.arrow' }], { name: 'my-model' }));
 */
export type { CardDraft } from '../models/folder.ts';
export type { EncodeOptions } from '../models/onnx/graph.ts';
export type { DenseLayer, Perceptron } from '../models/onnx/perceptron.ts';
export type { Preparation } from '../models/onnx/preparation.ts';
export { type Forest, LEAF, Link } from '../models/trees/forest.ts';
export type { TrainProgress } from './fits.ts';
export { forestModel } from './forest-model.ts';
export { GBDT } from './gbdt/learner.ts';
export type { GbdtOptions } from './gbdt/options.ts';
export type { EncodeSettings, FitProgress, Fitted, Learner, LearnerOptions } from './learner.ts';
export type { FeatureMatrix, LabelledMatrix } from './matrix.ts';
export { toRowMajor } from './matrix.ts';
export type { Metrics } from './metrics.ts';
export { CNN, MLP } from './neural/learner.ts';
export { perceptronModel } from './neural/perceptron-model.ts';
export { fitPreparation, prepareRows } from './neural/preparation.ts';
export { saveModel, type TrainingInput, type TrainRequest, train } from './train.ts';
export type { TrainedModel } from './train-model.ts';
