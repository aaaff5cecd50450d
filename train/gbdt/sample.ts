import type { Prng } from '../../core/prng.ts';

/**
 * `fraction` of 0 .. count-1, ascending, at least one of them (selection sampling, Knuth, TAOCP 2, 3.4.2, algorithm S).
 * `left` are the others.
 */
export function drawSome(count: number, fraction: number, random: Prng): { kept: Uint32Array; left: Uint32Array } {
  const wanted = drawnCount(count, fraction);
  const kept = new Uint32Array(wanted);
  const left = new Uint32Array(count - wanted);
  if (wanted === count) return { kept: kept.map((_, i) => i), left };
  let taken = 0;
  for (let i = 0; i < count; i++) {
    if ((count - i) * random.float() < wanted - taken) kept[taken++] = i;
    else left[i - taken] = i;
  }
  return { kept, left };
}

/** How many drawSome keeps. */
export function drawnCount(count: number, fraction: number): number {
  return Math.min(count, Math.max(1, Math.round(count * fraction)));
}
