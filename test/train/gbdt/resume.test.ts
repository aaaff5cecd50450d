import { expect, test } from 'vitest';
import { fitGbdt } from '../../../train/gbdt/boost.ts';
import type { GbdtOptions } from '../../../train/gbdt/options.ts';
import { decodeRound, encodeRound } from '../../../train/gbdt/round-notes.ts';
import { createTree } from '../../../train/gbdt/tree.ts';
import { rings } from '../data.ts';

class Stop extends Error {}

/** Trains until so many rounds are noted, and returns them. */
async function stoppedAfter(rounds: number, start: (note: (entry: Uint8Array) => void) => Promise<unknown>) {
  const entries: Uint8Array[] = [];
  await start((entry) => {
    entries.push(entry);
    if (entries.length === rounds) throw new Stop();
  }).catch((error: unknown) => {
    if (!(error instanceof Stop)) throw error;
  });
  return entries;
}

test.each([
  ['plainly', 3, { rounds: 12 }, false],
  ['of two classes', 2, { rounds: 12 }, true],
  ['with drawn rows and columns, and weights', 3, { rounds: 12, rowFraction: 0.6, featureFraction: 0.5 }, true],
  ['that stops early', 2, { rounds: 300, learningRate: 0.6, patience: 5, minRowsPerLeaf: 5 }, true],
] as [string, number, Partial<GbdtOptions>, boolean][])(
  'a training %s goes on to the same forest',
  async (_, classes, options, validates) => {
    const weights = Float32Array.from({ length: 1500 }, (_, row) => 1 + (row % 3));
    const train = { ...rings(1, 1500, classes), weights };
    const held = validates ? rings(2, 600, classes) : null;
    const told: number[] = [];
    const whole = await fitGbdt(train, held, options);
    for (const rounds of [1, 5, 10_000]) {
      const entries = await stoppedAfter(rounds, (note) =>
        fitGbdt(train, held, options, undefined, { entries: [], note }),
      );
      expect(entries.length).toBe(Math.min(rounds, whole.trainingLoss.length));
      const noted: Uint8Array[] = [];
      const on = await fitGbdt(train, held, options, ({ round }) => told.push(round), {
        entries,
        note: (entry) => noted.push(entry),
      });
      expect(on.forest).toEqual(whole.forest);
      expect(on.trainingLoss).toEqual(whole.trainingLoss);
      expect(on.validationLoss).toEqual(whole.validationLoss);
      expect(on.rounds).toBe(whole.rounds);
      // Nothing is learnt, or noted, twice.
      expect(noted).toHaveLength(whole.trainingLoss.length - entries.length);
      expect(told.splice(0)).toHaveLength(noted.length);
    }
  },
);

test('a noted round that is none is refused', () => {
  const trees = [createTree(3)];
  trees[0]!.count[0] = 1;
  const bytes = encodeRound(trees, { trainingLoss: 0.5, validationLoss: null });
  expect(decodeRound(bytes, trees)).toEqual({ trainingLoss: 0.5, validationLoss: null });
  expect(() => decodeRound(bytes.subarray(0, -1), trees)).toThrow(RangeError);
  expect(() => decodeRound(Uint8Array.from([...bytes, 0]), trees)).toThrow(RangeError);
  const long = bytes.slice();
  long[16] = 6;
  expect(() => decodeRound(long, trees)).toThrow('a tree of 6 nodes');
});
