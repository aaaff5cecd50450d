/** Test-only: hellos with something wrong or merely different. */
import type { Prng } from '../../../../core/prng.ts';
import { concat } from './hello-bytes.ts';

/** A few bytes changed, cut out or repeated. */
export function mutate(random: Prng, seed: Uint8Array): Uint8Array {
  let bytes: Uint8Array = seed.slice();
  for (let i = random.integer(0, 4); i > 0; i--) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.uint32();
    else if (kind === 1) bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
    else if (kind === 2) bytes = concat(bytes.slice(0, at), bytes.slice(at + random.below(9)));
    else bytes = concat(bytes.slice(0, at), bytes.slice(Math.max(0, at - 20)));
    if (bytes.length === 0) bytes = Uint8Array.of(0x16);
  }
  return bytes;
}
