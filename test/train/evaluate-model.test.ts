import { expect, test } from 'vitest';
import { evaluateModel } from '../../train/evaluate-model.ts';
import type { LabelledData } from '../../train/labelled-rows.ts';
import { captureHash } from '../../train/train-model.ts';
import { exampleCard } from '../models/example-card.ts';
import { matrixOf } from './data.ts';

test('an evaluation counts verdicts against the truth, and names captures that were trained on', () => {
  const card = {
    ...exampleCard,
    labels: ['mining', 'other'],
    thresholds: { mining: 0.9, other: 0.6 },
    training: { ...exampleCard.training, captureHashes: [captureHash('captures/1.pcap')] },
  };
  const rows: LabelledData = {
    groups: Int32Array.from([0, 0, 0, 1, 1]),
    groupNames: ['captures/0.pcap', 'captures/1.pcap'],
    captures: ['captures/0.pcap', 'captures/1.pcap'],
    protocols: ['tcp'],
    ports: new Float32Array(5),
    data: {
      matrix: matrixOf({ size: [1, 2, 3, 4, 5] }),
      labels: Int32Array.from([0, 0, 0, 1, 1]),
      classNames: card.labels,
    },
  };
  // Right, too unsure, wrong, right, wrong.
  const mining = [0.95, 0.8, 0.25, 0.25, 0.95];
  const evaluation = evaluateModel(card, rows, Float32Array.from(mining.flatMap((p) => [p, 1 - p])));
  expect(evaluation).toMatchObject({ rows: 5, unknown: 1, seenInTraining: ['captures/1.pcap'] });
  expect(evaluation.verdicts).toMatchObject([
    { label: 'mining', claimed: 2, right: 1, truly: 3, precision: 0.5, recall: 1 / 3 },
    { label: 'other', claimed: 2, right: 1, truly: 2, precision: 0.5, recall: 0.5 },
  ]);
});
