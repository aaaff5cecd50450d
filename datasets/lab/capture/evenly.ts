/** Systematic sampling: evenly spaced points on the cumulated weights, so that small captures are as varied as large. */
import type { Prng } from '../../../core/prng.ts';

/** Draws `count` values, each within one of its exact share, and shuffles them. */
export function drawEvenly<T>(
  prng: Prng,
  entries: readonly { readonly weight: number; readonly value: T }[],
  count: number,
): T[] {
  const total = entries.reduce((sum, entry) => sum + entry.weight, 0);
  const offset = prng.float();
  const drawn = Array.from({ length: count }, (_, i) => {
    let left = ((i + offset) / count) * total;
    for (const { weight, value } of entries) {
      left -= weight;
      if (left < 0) return value;
    }
    return entries[entries.length - 1]!.value;
  });
  return prng.shuffle(drawn);
}
