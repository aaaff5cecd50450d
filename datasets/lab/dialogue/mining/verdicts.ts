/** How pools word a refusal, by dialect family; lengths differ, so a refused share is a size of its own. */
import type { Prng } from '../../../../core/prng.ts';
import { drawn } from '../message.ts';
import type { Verdict } from './timeline.ts';

/** The error member of a Stratum v1 reply: the codes every pool took from the first one (21 stale, 22 duplicate, 23 low). */
export const STRATUM_ERRORS: Readonly<Record<Exclude<Verdict, 'accepted'>, string>> = {
  stale: '[21,"Job not found",null]',
  duplicate: '[22,"Duplicate share",null]',
  low: '[23,"Low difficulty share",null]',
};

/** Time a pool takes to check a share and answer, microseconds: it hashes once or looks the job up; chosen. */
export function checkShareUs(prng: Prng): number {
  return drawn(prng, 900, 0.6, 150, 40_000);
}
