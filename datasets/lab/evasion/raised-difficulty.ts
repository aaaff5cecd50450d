/**
 * Raised difficulty: the miner, or the proxy in front of it, asks for harder shares, so that they become rare. Strength 1 is 64
 * times the pool's own choice: a share every half hour where it was every half minute, which only patience pays for.
 */
import type { Evasion } from './evasion.ts';

const FACTOR_MAX = 64;

export const raisedDifficulty: Evasion = {
  name: 'raised-difficulty',
  scope: 'session',
  suits: ({ dialogue }) => dialogue.label === 'mining',
  settings: (settings, strength) => ({ ...settings, difficulty: settings.difficulty * FACTOR_MAX ** strength }),
};
