/** What the encoder and the decoder of tree ensembles agree on. */
export const INPUT_NAME = 'features';
export const LABEL_NAME = 'label';
export const PROBABILITIES_NAME = 'probabilities';
export const OP_TYPE = 'TreeEnsembleClassifier';
export const ML_DOMAIN = 'ai.onnx.ml';
/** Versions 1 to 3 of the operator set hold the operator in this form; version 5 replaces it. */
export const ML_OPSETS = [1, 2, 3] as const;
