/** When the things of a drawn service happen: one of the point processes of `rhythm.ts`, with its settings, drawn per site. */
import type { Prng } from '../../../../core/prng.ts';
import { type DialogueContext, logUniform, SECOND_US } from '../message.ts';
import { broadcasts, bursts, jitteredSleep, poisson, timer } from '../rhythm.ts';

export type PaceKind = 'poisson' | 'timer' | 'sleep' | 'bursts' | 'broadcast';

/** The times of one session, ascending, microseconds since the application could first write. */
export type Pace = (context: DialogueContext, prng: Prng) => number[];

/** @param kinds those that what happens may follow, as often as they are named. @param lowSeconds least mean time between two. */
export function drawPace(operator: Prng, kinds: readonly PaceKind[], lowSeconds: number, highSeconds: number): Pace {
  const kind = operator.pick(kinds);
  const meanUs = logUniform(operator, lowSeconds, highSeconds) * SECOND_US;
  const lateness = logUniform(operator, 0.000_2, 0.1);
  const jitter = operator.between(0.05, 0.9);
  const more = logUniform(operator, 1, 8);
  const gapUs = Math.min(logUniform(operator, 0.1, 5) * SECOND_US, meanUs / 2);
  const channel = operator.uint32();
  return ({ startUs, durationUs, chainSeed }, prng) => {
    switch (kind) {
      case 'poisson':
        return poisson(prng, meanUs, durationUs);
      case 'timer':
        return timer(prng, meanUs, lateness * meanUs, durationUs, meanUs * prng.float());
      case 'sleep':
        return jitteredSleep(prng, meanUs / (1 - jitter / 2), jitter, durationUs);
      case 'bursts': // as many in all as the others
        return bursts(prng, { quietUs: meanUs * (more + 1), more, gapUs }, durationUs).flat();
      case 'broadcast':
        return broadcasts(`drawn${channel}:${chainSeed}`, meanUs, startUs, durationUs);
    }
  };
}
