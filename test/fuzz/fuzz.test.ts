/**
 * Fuzzing, the short turn: never throws, never hangs, never reads past the end, loses nothing, and no row holds what is
 * no number. `npm run fuzz` is the long one.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';
import { loadCorpus } from './corpus.ts';
import { runTurn, TURN_INPUTS } from './turn.ts';

const SEED = 1;
const TURNS = 48;

function fuzz(folders: readonly string[], seed: number, turns: number): number {
  const corpus = loadCorpus(folders);
  for (let turn = 0; turn < turns; turn++) {
    let last = -1;
    try {
      runTurn(
        corpus,
        seed,
        turn,
        (index) => {
          last = index;
        },
        1,
      );
    } catch (error) {
      throw new Error(`seed ${seed}, input ${last}: ${String(error)}`, { cause: error });
    }
  }
  return turns * TURN_INPUTS;
}

describe('damaged files, damaged packets and wild headers', () => {
  test('of the samples and of captures made here', () => {
    const samples = fileURLToPath(new URL('../../datasets/samples', import.meta.url));
    expect(fuzz([samples], SEED, TURNS)).toBe(TURNS * TURN_INPUTS);
  });

  test.skipIf(!hasSharedData)('of real captures (skipped without ../shared/data)', () => {
    const folders = ['robustness/tcpdump/tests', 'robustness/pcapplusplus'].map(sharedPath);
    expect(fuzz(folders, SEED + 1, TURNS)).toBe(TURNS * TURN_INPUTS);
  });
});
