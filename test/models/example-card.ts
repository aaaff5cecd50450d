import { createHash } from 'node:crypto';
import { hashInputs, type ModelCard } from '../../models/card.ts';

const inputs = [
  { name: 'bytes_up', type: 'uint53', revision: 1 },
  { name: 'duration_us', type: 'float64', revision: 2 },
];

export const exampleCard: ModelCard = {
  formatVersion: 1,
  name: 'example',
  version: '1.0.0',
  created: '2026-01-31T12:00:00.000Z',
  task: 'classification',
  target: 'label',
  labels: ['other', 'mining'],
  inputs,
  inputsHash: hashInputs(inputs, { sha256Hex: (text) => createHash('sha256').update(text).digest('hex') }),
  learner: { name: 'gbdt', options: { rounds: 100, classWeights: 'balanced' }, seed: 1 },
  training: {
    captures: 3,
    captureHashes: ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)],
    rows: 120,
    groups: 3,
    rowsPerLabel: { other: 100, mining: 20 },
    origin: 'three captures of a test',
    generated: true,
  },
  metrics: { macroF1: 0.9, ranking: [{ at: 0.01, tpr: null }] },
  positive: 'mining',
  scope: { protocols: ['tcp'], minPayloadPackets: 5 },
  thresholds: { mining: 0.9 },
  limitations: ['It has seen three captures.'],
  adapter: null,
  files: [{ name: 'model.onnx', sha256: '0'.repeat(64) }],
  versions: { flowlamp: '0.1.0' },
};
