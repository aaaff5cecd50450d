/** Forests as ONNX files and back: ai.onnx.ml TreeEnsembleClassifier. */
export { decodeForest } from './decode.ts';
export { type EncodeOptions, encodeForest } from './encode.ts';
