import { availableParallelism } from 'node:os';

/** Bins that trees must have to sum, over all scores, before another thread repays its start of 50 ms. */
const WORTH_BINS = 20_000_000;

/** Threads for a training of this size, where the user has not said how many: a score's tree is grown by one. */
export function chosenThreads(rows: number, features: number, scores: number): number {
  if (rows * features * scores < WORTH_BINS) return 1;
  return Math.min(availableParallelism(), scores);
}
