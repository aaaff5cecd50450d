/** Small models that read flow columns: trees and a net. */
import { nodeDigests } from '../../features/digests-node.ts';
import { hashInputs, type ModelCard, type ModelInput } from '../../models/card.ts';
import { encodePerceptron } from '../../models/onnx/perceptron.ts';
import { encodeForest } from '../../models/onnx/tree-ensemble.ts';
import { exampleCard } from '../models/example-card.ts';
import { randomForest } from '../oracle/trees.ts';
import type { ModelSample } from './models.ts';

const INPUTS: readonly ModelInput[] = ['fwd_packets', 'bwd_packets', 'fwd_bytes', 'bwd_bytes'].map((name) => ({
  name,
  type: name.endsWith('bytes') ? 'uint53' : 'uint32',
  revision: 1,
}));

export function modelSamples(): ModelSample[] {
  const forest = (classes: number) =>
    encodeForest(randomForest({ seed: 1, trees: 4, leaves: 6, features: 4, classes }), { producer: 'fuzz' });
  const net = encodePerceptron(
    {
      classNames: ['mining', 'other'],
      preparation: {
        featureCount: 4,
        valueColumns: Int32Array.of(0, 1, 3),
        means: Float32Array.of(1, 2, 3),
        scales: Float32Array.of(1, 1, 2),
        clip: 5,
        missingColumns: Int32Array.of(1),
      },
      layers: [{ inputs: 4, outputs: 2, weights: new Float32Array(8).fill(0.5), biases: Float32Array.of(0, 1) }],
    },
    { producer: 'fuzz' },
  );
  return [
    { name: 'two classes of trees', card: cardOf(['mining', 'other']), onnx: forest(2) },
    { name: 'three classes of trees', card: cardOf(['mining', 'other', 'third']), onnx: forest(3) },
    { name: 'a net', card: cardOf(['mining', 'other']), onnx: net },
  ];
}

function cardOf(labels: readonly string[]): ModelCard {
  const thresholds = Object.fromEntries(labels.map((label) => [label, 0.5]));
  const inputsHash = hashInputs(INPUTS, nodeDigests);
  return { ...exampleCard, labels, inputs: INPUTS, inputsHash, thresholds, positive: null };
}
