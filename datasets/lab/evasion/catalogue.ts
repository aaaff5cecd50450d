/** Every evasion, in the order they are applied: what is added is padded, what is padded is delayed, what is delayed is gathered. */
import { coalescing } from './coalescing.ts';
import { dummyTraffic } from './dummy-traffic.ts';
import type { Evasion } from './evasion.ts';
import { jitter } from './jitter.ts';
import { noSni } from './no-sni.ts';
import { padding } from './padding.ts';
import { raisedDifficulty } from './raised-difficulty.ts';
import { randomNames } from './random-names.ts';
import { shortSessions } from './short-sessions.ts';

export const EVASIONS: readonly Evasion[] = [
  randomNames,
  noSni,
  shortSessions,
  raisedDifficulty,
  dummyTraffic,
  padding,
  jitter,
  coalescing,
];
