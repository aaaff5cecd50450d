/** Forests as ONNX files and back: ai.onnx.ml TreeEnsembleClassifier. */
export { decodeForest } from './decode.ts';
export { encodeForest } from './encode.ts';
export type { EncodeOptions } from './graph.ts';
