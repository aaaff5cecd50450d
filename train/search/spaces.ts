/** The spaces that `--search` draws from, by learner: what is tuned for flow tables of 1,000 to 1,000,000 rows. */
import type { SearchSpace } from './space.ts';

const SPACES: Readonly<Record<string, SearchSpace>> = {
  gbdt: {
    learningRate: { kind: 'log', low: 0.02, high: 0.3 },
    maxLeaves: { kind: 'log', low: 7, high: 127, whole: true },
    minRowsPerLeaf: { kind: 'log', low: 5, high: 200, whole: true },
    minChildWeight: { kind: 'log', low: 1e-3, high: 10 },
    l1: { kind: 'choice', values: [0, 0.1, 1] },
    l2: { kind: 'log', low: 0.1, high: 30 },
    rowFraction: { kind: 'even', low: 0.5, high: 1 },
    featureFraction: { kind: 'even', low: 0.3, high: 1 },
  },
  mlp: {
    learningRate: { kind: 'log', low: 3e-4, high: 1e-2 },
    hidden: { kind: 'choice', values: [[32], [64], [64, 32], [128, 64], [256, 64]] },
    batchRows: { kind: 'choice', values: [32, 64, 128, 256] },
    l2: { kind: 'log', low: 0.1, high: 100 },
  },
  cnn: {
    learningRate: { kind: 'log', low: 3e-4, high: 5e-3 },
    hidden: { kind: 'choice', values: [[32], [64], [64, 32], [128, 64]] },
    filters: {
      kind: 'choice',
      values: [
        [16, 16],
        [16, 32],
        [32, 32],
        [48, 48],
      ],
    },
    taps: {
      kind: 'choice',
      values: [
        [3, 3],
        [5, 3],
        [7, 3],
        [5, 5],
      ],
    },
    batchRows: { kind: 'choice', values: [32, 64, 128] },
    l2: { kind: 'log', low: 0.1, high: 100 },
  },
};

/** @returns null for a learner that has none */
export function spaceOf(learner: string): SearchSpace | null {
  return SPACES[learner] ?? null;
}
